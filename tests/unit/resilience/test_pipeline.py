import functools

import pytest

from groundwork.errors import ConfigurationError, TransientError, WorldError
from groundwork.resilience import Backoff, MemoryJournal, Pipeline, PipelineStatus, Step, StepStatus, retry
from groundwork.testing import failpoints


class Work:
    """Steps that count how often they ran."""

    def __init__(self):
        self.ran = []

    def load(self, source):
        self.ran.append("load")
        return {"rows": source * 2}

    def train(self, load):
        self.ran.append("train")
        return {"model": load["rows"] + 1}

    def steps(self, **train_options):
        return [Step("load", self.load), Step("train", self.train, **train_options)]


def fails(message="no"):
    raise WorldError(message, hint="mend it")


def test_steps_get_what_they_name_and_give_what_they_return():
    result = Pipeline(Work().steps()).run({"source": 4})

    assert result.status is PipelineStatus.SUCCESS
    assert result.data == {"load": {"rows": 8}, "train": {"model": 9}}
    assert [step.attempts for step in result.steps] == [1, 1]


def test_a_step_that_asks_for_what_nobody_gives_is_found_before_anything_runs():
    work = Work()

    with pytest.raises(ConfigurationError, match=r"step 'load' asks for 'source'.*there is nothing"):
        Pipeline(work.steps()).run()

    assert work.ran == []


def test_two_steps_of_one_name_are_refused():
    with pytest.raises(ConfigurationError, match="'load' is used twice"):
        Pipeline([Step("load", fails), Step("load", fails)])


def test_a_failed_step_ends_the_run_with_its_error():
    work = Work()

    result = Pipeline([Step("first", fails), *work.steps()]).run({"source": 1})

    assert (result.status, work.ran) == (PipelineStatus.FAILURE, [])
    assert result.errors[0]["hint"] == "mend it"
    assert [step.status for step in result.steps] == [StepStatus.FAILED, StepStatus.PENDING, StepStatus.PENDING]


def test_an_optional_step_may_fail_and_counts_as_none():
    seen = []

    result = Pipeline([Step("extra", fails, optional=True), Step("use", use(seen))]).run()

    assert (result.status, seen) == (PipelineStatus.PARTIAL_FAILURE, [None])
    assert result.warnings == ["step extra failed and the run went on without it: no"]


def use(seen):
    def take(extra):
        seen.append(extra)
        return "used"

    return take


def test_a_fallback_serves_and_the_run_says_so():
    def previous(error):
        return {"instead_of": error.message}

    result = Pipeline([Step("load", fails, fallback=previous)]).run()

    assert result.status is PipelineStatus.PARTIAL_FAILURE
    assert result.data["load"] == {"instead_of": "no"}
    assert result.steps[0].status is StepStatus.FALLBACK


def test_a_failed_fallback_tells_both_failures():
    def previous():
        raise LookupError("no previous run")

    result = Pipeline([Step("load", fails, fallback=previous)]).run()

    assert result.status is PipelineStatus.FAILURE
    assert result.errors[0]["message"] == "no previous run"
    assert result.errors[0]["cause"]["message"] == "no"


def test_a_fallback_that_gives_the_failure_back_tells_it_once():
    def give_up(error):
        raise error

    result = Pipeline([Step("load", fails, fallback=give_up)]).run()

    assert (result.errors[0]["message"], result.errors[0]["cause"]) == ("no", None)


def test_attempts_of_a_retried_step_are_counted(clock):
    left = [TransientError("busy"), TransientError("busy")]

    def load():
        if left:
            raise left.pop()
        return 1

    policy = retry(backoff=Backoff(1, 1, 1, "none"), clock=clock)

    result = Pipeline([Step("load", load, retry=policy)], clock=clock).run()

    assert (result.steps[0].attempts, result.steps[0].seconds) == (3, 2.0)


def test_a_finished_step_is_not_run_again():
    journal, first, second = MemoryJournal(), Work(), Work()
    Pipeline(first.steps(), journal=journal).run({"source": 1})

    result = Pipeline(second.steps(), journal=journal).run({"source": 1})

    assert second.ran == []
    assert (result.status, [step.reused for step in result.steps]) == (PipelineStatus.SUCCESS, [True, True])


def test_a_changed_parameter_runs_exactly_what_depends_on_it():
    journal, second = MemoryJournal(), Work()
    Pipeline(Work().steps(parameters={"depth": 1}), journal=journal).run({"source": 1})

    Pipeline(second.steps(parameters={"depth": 2}), journal=journal).run({"source": 1})

    assert second.ran == ["train"]


def test_a_changed_input_runs_what_depends_on_it():
    journal, second = MemoryJournal(), Work()
    Pipeline(Work().steps(), journal=journal).run({"source": 1})

    Pipeline(second.steps(), journal=journal).run({"source": 2})

    assert second.ran == ["load", "train"]


def test_an_output_whose_files_are_gone_is_made_again():
    journal, work = MemoryJournal(), Work()
    Pipeline(Work().steps(), journal=journal).run({"source": 1})

    Pipeline([Step("load", work.load, valid=lambda output: False)], journal=journal).run({"source": 1})

    assert work.ran == ["load"]


@pytest.mark.parametrize(
    "options", [{}, {"optional": True}, {"fallback": lambda: "stale"}], ids=["required", "optional", "fallback"]
)
def test_a_step_that_failed_is_tried_again_whatever_stood_in_for_it(options):
    journal = MemoryJournal()
    outcomes = iter([WorldError("away"), "fresh"])

    def load():
        if isinstance(outcome := next(outcomes), Exception):
            raise outcome
        return outcome

    first, second = (Pipeline([Step("load", load, **options)], journal=journal).run() for _ in range(2))

    assert first.status != PipelineStatus.SUCCESS
    assert (second.status, second.data) == (PipelineStatus.SUCCESS, {"load": "fresh"})


def test_a_step_that_was_interrupted_is_tried_again_by_the_next_run():
    journal, work = MemoryJournal(), Work()
    with failpoints({"pipeline.train.started": WorldError("power cut")}), pytest.raises(WorldError):
        Pipeline(Work().steps(), journal=journal).run({"source": 1})

    result = Pipeline(work.steps(), journal=journal).run({"source": 1})

    assert (result.status, work.ran) == (PipelineStatus.SUCCESS, ["train"])


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, SystemExit])
def test_an_interruption_is_written_down_and_passed_on(interruption):
    journal = MemoryJournal()

    def interrupted():
        raise interruption

    with pytest.raises(interruption):
        Pipeline([Step("train", interrupted, fallback=lambda: 1, optional=True)], journal=journal).run()

    assert list(journal.records())[-1] == {"event": "run_ended", "status": "CANCELLED"}


def test_partial_functions_keep_their_bound_arguments():
    def add(load, amount):
        return load + amount

    steps = [Step("load", lambda: 1), Step("add", functools.partial(add, amount=5))]

    assert Pipeline(steps).run().data["add"] == 6
