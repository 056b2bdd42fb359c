import json
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.errors import InvalidDataError
from groundwork.resilience import MemoryJournal, Pipeline, PipelineStatus, Step
from groundwork.resilience._values import Value, plain_error
from groundwork.storage import FileJournal

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


class Work:
    """Three steps in a row that count how often they ran; the second gives what it is told to."""

    def __init__(self, cleaned):
        self.ran = []
        self.cleaned = cleaned

    def load(self, source):
        self.ran.append("load")
        return [source]

    def clean(self, load):
        self.ran.append("clean")
        return self.cleaned

    def train(self, clean):
        self.ran.append("train")
        return len(clean)

    def run(self, journal, source="a", parameters=None):
        steps = [Step("load", self.load), Step("clean", self.clean, parameters), Step("train", self.train)]
        return Pipeline(steps, journal=journal).run({"source": source})


@settings(deadline=None, max_examples=50)
@given(PLAIN)
def test_content_has_one_name_on_either_side_of_json(value):
    there = json.loads(json.dumps(value))

    assert Value(there).digest == Value(value).digest
    assert Value(value).get() == there


@settings(deadline=None, max_examples=50)
@given(PLAIN, PLAIN)
def test_other_content_has_another_name(one, other):
    same = json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)

    assert (Value(one).digest == Value(other).digest) == same


def test_what_has_no_name_in_another_process_has_none():
    assert [Value(object()).digest, Value({"a": {1}}).digest] == [None, None]
    assert Value(Path("a")).digest == Value(Path("a")).digest != Value("a").digest
    assert Value(Path("a")).digest not in (None, Value(Path("b")).digest)
    assert Value({"on": date(2013, 1, 1)}).digest != Value({"on": date(2013, 1, 2)}).digest


def test_a_step_sees_what_it_would_see_in_a_resumed_run():
    seen = []
    steps = [Step("load", lambda: {1: (2, 3)}), Step("use", lambda load: seen.append(load))]

    Pipeline(steps).run()

    assert seen == [{"1": [2, 3]}]


def test_a_step_that_changes_its_input_changes_nobody_elses():
    steps = [
        Step("load", lambda: [3, 1, 2]),
        Step("sort", lambda load: load.sort()),
        Step("use", lambda load: load),
    ]

    result = Pipeline(steps).run()

    assert (result.data["load"], result.data["use"]) == ([3, 1, 2], [3, 1, 2])


def test_a_changed_step_with_an_unchanged_output_changes_nothing_after_it():
    journal, second = MemoryJournal(), Work(cleaned=[1, 2])
    Work(cleaned=[1, 2]).run(journal, parameters={"version": 1})

    result = second.run(journal, parameters={"version": 2})

    assert second.ran == ["clean"]
    assert [step.reused for step in result.steps] == [True, False, True]


def test_a_changed_output_changes_what_depends_on_it():
    journal, second = MemoryJournal(), Work(cleaned=[1])
    Work(cleaned=[1, 2]).run(journal)

    result = second.run(journal, parameters="new")

    assert (second.ran, result.data["train"]) == (["clean", "train"], 1)


def test_each_part_of_an_output_counts_by_itself():
    journal, ran = MemoryJournal(), []

    def run(test):
        steps = [
            Step("split", lambda: {"train": 1, "test": test}, parameters=test, outputs=("train", "test")),
            Step("fit", lambda train: ran.append("fit")),
            Step("score", lambda test: ran.append("score")),
        ]
        Pipeline(steps, journal=journal).run()

    run(test=2)
    run(test=3)

    assert ran == ["fit", "score", "score"]


def test_an_output_that_was_altered_in_the_journal_is_made_again(caplog):
    journal, work = MemoryJournal(), Work(cleaned=[1])
    Work(cleaned=[1]).run(journal)
    altered = MemoryJournal()
    for record in journal.records():
        altered.append({**record, "output": ["other"]} if record.get("step") == "load" else record)

    result = work.run(altered)

    assert (work.ran, result.data["load"]) == (["load"], ["a"])
    assert "step load is not what its SHA-256 says" in caplog.text


def test_records_from_before_there_were_digests_are_reused():
    journal, work = MemoryJournal(), Work(cleaned=[1])
    Work(cleaned=[1]).run(journal)
    older = MemoryJournal()
    for record in journal.records():
        older.append({name: value for name, value in record.items() if name != "sha256"})

    work.run(older)

    assert work.ran == []


def test_values_of_any_kind_pass_in_memory_and_are_never_reused():
    journal, ran = MemoryJournal(), []
    steps = [Step("load", lambda: {1, 2}), Step("use", lambda load: ran.append(len(load)))]

    for _ in range(2):
        Pipeline(steps, journal=journal).run()

    assert ran == [2, 2]


def test_an_output_that_the_journal_cannot_say_is_the_failure_of_its_step(tmp_path):
    result = Pipeline([Step("load", lambda: {1, 2})], journal=FileJournal(tmp_path / "journal.jsonl")).run()

    assert result.status is PipelineStatus.FAILURE
    assert "cannot be written as JSON" in result.errors[0]["message"]


def test_an_error_with_any_context_is_written_down(tmp_path):
    def load():
        raise InvalidDataError("bad", context={"file": Path("rows.csv")}) from ValueError("worse")

    result = Pipeline([Step("load", load)], journal=FileJournal(tmp_path / "journal.jsonl")).run()

    error = result.errors[0]
    assert (error["message"], error["step"], error["cause"]["message"]) == ("bad", "load", "worse")
    assert "rows.csv" in error["context"]["file"]


def test_an_error_that_json_cannot_say_keeps_type_and_message():
    told = plain_error({"type": "Odd", "message": "m", "context": {(1, 2): 3}})

    assert told == {"type": "Odd", "message": "m", "cause": None}


def test_the_reuses_of_a_run_are_one_record():
    journal = MemoryJournal()
    Work(cleaned=[1]).run(journal)
    before = len(list(journal.records()))

    Work(cleaned=[1]).run(journal)

    assert [record["event"] for record in list(journal.records())[before:]] == [
        "run_started",
        "steps_reused",
        "run_ended",
    ]


@pytest.mark.parametrize("failure", [StopIteration, RecursionError, AssertionError])
def test_any_failure_of_a_step_is_a_result(failure):
    def load():
        raise failure("odd")

    result = Pipeline([Step("load", load)]).run()

    assert (result.status, result.errors[0]["type"]) == (PipelineStatus.FAILURE, failure.__name__)


def test_a_power_cut_leaves_no_word_of_an_end():
    class PowerCut(BaseException):
        pass

    def load():
        raise PowerCut

    journal = MemoryJournal()

    with pytest.raises(PowerCut):
        Pipeline([Step("load", load)], journal=journal).run()

    assert [record["event"] for record in journal.records()] == ["run_started", "step_started"]


def test_an_output_that_nobody_can_judge_is_made_again(tmp_path, caplog):
    def fit():
        (tmp_path / "model").write_text("weights")
        return str(tmp_path / "model")

    journal = MemoryJournal()
    step = Step("fit", fit, valid=lambda model: Path(model).stat().st_size > 0)
    Pipeline([step], journal=journal).run()
    (tmp_path / "model").unlink()

    result = Pipeline([step], journal=journal).run()

    assert (result.status, result.steps[0].reused) == (PipelineStatus.SUCCESS, False)
    assert "step fit" in caplog.text
    assert "FileNotFoundError" in caplog.text
