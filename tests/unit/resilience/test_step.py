import functools

import pytest

from groundwork.errors import ConfigurationError, InvalidDataError, WorldError
from groundwork.resilience import MemoryJournal, Pipeline, PipelineStatus, Policy, Step, StepStatus, log_events, retry


def fails():
    raise InvalidDataError("no rows")


def away():
    raise WorldError("no answer")


def train(load, learning_rate=0.1):
    return [load, learning_rate]


def counted():
    yield 1


async def counted_slowly():
    yield 1


def statuses(result):
    return {step.name: str(step.status) for step in result.steps}


class TestWhen:
    def test_a_step_whose_condition_says_no_is_skipped_and_gives_none(self):
        steps = [
            Step("load", lambda: {"rows": 0}),
            Step("train", fails, when=lambda load: load["rows"] > 0, outputs=("model", "score")),
            Step("report", lambda train, model: [train, model]),
        ]

        result = Pipeline(steps).run()

        assert result.status is PipelineStatus.SUCCESS
        assert statuses(result) == {"load": "SUCCESS", "train": "SKIPPED", "report": "SUCCESS"}
        assert result.data == {"load": {"rows": 0}, "train": None, "report": [None, None]}

    def test_a_step_whose_condition_says_yes_runs(self):
        result = Pipeline([Step("train", lambda: 1, when=lambda deep: deep)]).run({"deep": True})

        assert result.data == {"train": 1}

    def test_a_condition_that_fails_is_the_failure_of_its_step(self):
        result = Pipeline([Step("train", lambda: 1, when=fails)]).run()

        assert (result.status, result.errors[0]["message"]) == (PipelineStatus.FAILURE, "no rows")
        assert result.errors[0]["step"] == "train"

    def test_an_optional_step_whose_condition_fails_is_passed_over(self):
        result = Pipeline([Step("train", lambda: 1, when=fails, optional=True)]).run()

        assert result.status is PipelineStatus.PARTIAL_FAILURE


class TestInputs:
    def test_a_parameter_can_be_given_a_value_of_another_name(self):
        steps = [Step("load", lambda: 3), Step("double", lambda frame: frame * 2, inputs={"frame": "load"})]

        assert Pipeline(steps).run().data["double"] == 6

    def test_a_parameter_with_a_default_is_filled_by_an_input_of_its_name(self):
        steps = [Step("load", lambda: 3), Step("train", train)]

        assert Pipeline(steps).run().data["train"] == [3, 0.1]
        assert Pipeline(steps).run({"learning_rate": 0.001}).data["train"] == [3, 0.001]

    def test_a_parameter_with_a_default_is_filled_by_an_earlier_step_of_its_name(self):
        rate = Step("learning_rate", lambda: 0.5)

        before = Pipeline([Step("load", lambda: 3), rate, Step("train", train)]).run()
        after = Pipeline([Step("load", lambda: 3), Step("train", train), rate]).run()

        assert [before.data["train"], after.data["train"]] == [[3, 0.5], [3, 0.1]]

    def test_a_default_that_is_filled_counts_for_what_runs_again(self):
        journal = MemoryJournal()
        pipeline = Pipeline([Step("load", lambda: 3), Step("train", train)], journal=journal)
        pipeline.run()

        result = pipeline.run({"learning_rate": 0.001})

        assert [step.reused for step in result.steps] == [True, False]

    def test_a_name_given_to_a_parameter_with_a_default_must_exist(self):
        step = Step("train", train, inputs={"learning_rate": "rate"})

        with pytest.raises(ConfigurationError, match="step 'train' asks for 'rate'"):
            Pipeline([Step("load", lambda: 3), step]).run()

    def test_a_fallback_may_have_a_default_for_the_error(self):
        step = Step("load", away, fallback=lambda error=None: str(error))

        assert Pipeline([step]).run().data == {"load": "no answer"}

    def test_a_function_of_any_names_gets_those_that_are_named(self):
        steps = [Step("load", lambda: 3), Step("keep", lambda **all_of: all_of, inputs={"rows": "load"})]

        assert Pipeline(steps).run().data["keep"] == {"rows": 3}

    def test_names_hold_for_condition_and_fallback_too(self):
        step = Step(
            "train",
            away,
            when=lambda frame: frame,
            fallback=lambda frame, error: [frame, str(error)],
            inputs={"frame": "rows"},
        )

        assert Pipeline([step]).run({"rows": 3}).data["train"] == [3, "no answer"]


class TestOutputs:
    @pytest.mark.parametrize("returned", [{"train": 1, "test": 2}, (1, 2), [1, 2]])
    def test_each_part_can_be_asked_for_by_name(self, returned):
        steps = [
            Step("split", lambda: returned, outputs=("train", "test")),
            Step("fit", lambda train: train * 10),
            Step("all", lambda split: split),
        ]

        result = Pipeline(steps).run()

        assert result.data["fit"] == 10
        assert result.data["all"] == result.data["split"] == {"train": 1, "test": 2}

    @pytest.mark.parametrize("returned", [{"train": 1}, (1, 2, 3), 7, "ab"])
    def test_parts_that_are_not_there_are_the_failure_of_the_step(self, returned):
        result = Pipeline([Step("split", lambda: returned, outputs=("train", "test"))]).run()

        assert result.status is PipelineStatus.FAILURE
        assert "its outputs are train, test" in result.errors[0]["message"]

    def test_a_fallback_gives_the_same_parts(self):
        steps = [Step("split", away, outputs=("train",), fallback=lambda: (5,)), Step("fit", lambda train: train)]

        result = Pipeline(steps).run()

        assert (result.status, result.data["fit"]) == (PipelineStatus.PARTIAL_FAILURE, 5)
        assert result.steps[0].status is StepStatus.FALLBACK


class TestFallback:
    @pytest.mark.parametrize("error", [NameError("undefined_name"), InvalidDataError("no rows"), OSError("away")])
    def test_it_serves_for_the_world_s_failures_only(self, error):
        def load():
            raise error

        result = Pipeline([Step("load", load, fallback=lambda: 2)]).run()

        assert (result.status, result.errors[0]["message"]) == (PipelineStatus.FAILURE, str(error))
        assert "name the type in fallback_on" in result.errors[0]["hint"]

    @pytest.mark.parametrize("on", [InvalidDataError, (OSError, InvalidDataError), lambda error: "rows" in str(error)])
    def test_it_serves_for_what_is_named(self, on):
        result = Pipeline([Step("load", fails, fallback=lambda: 2, fallback_on=on)]).run()

        assert result.data == {"load": 2}

    def test_a_judge_that_fails_is_the_failure_of_the_step(self):
        result = Pipeline([Step("load", fails, fallback=lambda: 2, fallback_on=lambda error: error.absent)]).run()

        assert result.errors[0]["type"] == "AttributeError"
        assert result.errors[0]["cause"]["message"] == "no rows"

    def test_a_hint_of_the_failure_itself_stays(self):
        def load():
            raise InvalidDataError("no rows", hint="look at the source")

        result = Pipeline([Step("load", load, fallback=lambda: 2)]).run()

        assert result.errors[0]["hint"] == "look at the source"


class TestNames:
    @pytest.mark.parametrize(
        ("steps", "message"),
        [
            ([Step("a", fails), Step("b", fails, outputs=("a",))], "'a' is used twice"),
            ([Step("a", fails, outputs=("x", "x"))], "'x' is used twice"),
            ([Step("a", fails, inputs={"frame": "load"})], "has an input for 'frame', which its fn does not take"),
            ([Step("a", len)], "'obj' has no name to be given by"),
            ([Step("a", type)], "does not say what it takes"),
        ],
    )
    def test_a_pipeline_that_cannot_work_is_refused_when_it_is_made(self, steps, message):
        with pytest.raises(ConfigurationError, match=message):
            Pipeline(steps)

    @pytest.mark.parametrize("part", ["fn", "when", "fallback"])
    def test_what_nobody_gives_is_found_before_anything_runs(self, part):
        ran = []
        functions = {"fn": fails, part: lambda absent: absent}

        with pytest.raises(ConfigurationError, match=r"step 'use' asks for 'absent'.*there is load, source"):
            Pipeline([Step("load", lambda: ran.append(1)), Step("use", **functions)]).run({"source": 1})

        assert ran == []

    def test_a_step_cannot_use_what_comes_after_it(self):
        with pytest.raises(ConfigurationError, match="step 'first' asks for 'second'"):
            Pipeline([Step("first", lambda second: second), Step("second", lambda: 1)]).run()

    def test_an_input_of_a_steps_name_is_refused(self):
        with pytest.raises(ConfigurationError, match="'load' is an input of the run and a step's output"):
            Pipeline([Step("load", lambda: 1)]).run({"load": 2})

    @pytest.mark.parametrize(
        ("given", "message"),
        [
            ("learning_rte", "'learning_rte', which no step takes; did you mean 'learning_rate'?"),
            ("seed", "'seed', which no step takes; they take learning_rate$"),
        ],
    )
    def test_an_input_that_no_step_takes_is_refused(self, given, message):
        ran = []
        pipeline = Pipeline([Step("load", lambda: ran.append(1)), Step("train", train)])

        with pytest.raises(ConfigurationError, match=message):
            pipeline.run({given: 1})

        assert ran == []

    @pytest.mark.parametrize("taking", [{"when": lambda deep: deep}, {"fallback": lambda deep: deep}])
    def test_an_input_for_a_condition_or_a_fallback_is_taken(self, taking):
        assert Pipeline([Step("load", lambda: 1, **taking)]).run({"deep": True}).data == {"load": 1}

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"name": ""}, "a step is called ''"),
            ({"name": 5}, "a step is called 5"),
            ({"fn": None}, "fn=None, which cannot be called"),
            ({"when": True}, "when=True, which cannot be called"),
            ({"fallback": 0}, "fallback=0, which cannot be called"),
            ({"fallback_on": "ValueError"}, "fallback_on on='ValueError' is no subclass of Exception"),
            ({"valid": True}, "valid=True, which cannot be called"),
            ({"fn": counted}, "a generator function as fn"),
            ({"fn": functools.partial(counted)}, "a generator function as fn"),
            ({"fn": counted_slowly}, "a generator function as fn"),
            ({"when": counted}, "a generator function as when"),
            ({"timeout_s": 0}, "timeout_s=0"),
            ({"timeout_s": "5"}, "timeout_s='5'"),
            ({"timeout_s": True}, "timeout_s=True"),
            ({"timeout_s": float("nan")}, "timeout_s=nan"),
            ({"outputs": "train"}, "give a tuple of names"),
            ({"outputs": 3}, "give a tuple of names"),
            ({"outputs": ("train", 3)}, "give a tuple of names"),
            ({"inputs": "load"}, "give a mapping"),
            ({"inputs": {"frame": 3}}, "give a mapping"),
            ({"parameters": object()}, "not plain data"),
        ],
    )
    def test_a_step_that_means_nothing_is_refused(self, options, message):
        with pytest.raises(ConfigurationError, match=message):
            Step(**{"name": "load", "fn": fails, **options})

    @pytest.mark.parametrize(
        ("steps", "options", "message"),
        [
            ([len], {}, "<built-in function len> is no Step"),
            (len, {}, "<built-in function len> is no Step"),
            ([], {"journal": "j.jsonl"}, "journal='j.jsonl' is no Journal"),
            ([], {"clock": 5}, "clock=5 is no Clock"),
            ([], {"observers": log_events}, r"write observers=\[log_events\]"),
            ([], {"observers": [1]}, "is no list of functions"),
            ([], {"run_id": 7}, "run_id=7 is no text"),
        ],
    )
    def test_a_pipeline_of_anything_else_is_refused(self, steps, options, message):
        with pytest.raises(ConfigurationError, match=message):
            Pipeline(steps, **options)

    @pytest.mark.parametrize("inputs", ["x", ["x"], {1: 2}])
    def test_inputs_that_are_no_names_with_values_are_refused(self, inputs):
        with pytest.raises(ConfigurationError, match="give a mapping of names and values"):
            Pipeline([]).run(inputs)

    @pytest.mark.parametrize("make", [counted, counted_slowly])
    def test_a_generator_that_a_function_returns_is_the_failure_of_its_step(self, make):
        result = Pipeline([Step("load", lambda: make())]).run()

        assert "returned a generator" in result.errors[0]["message"]

    def test_partials_are_filled_where_they_are_open(self):
        def add(left, right, third):
            return [left, right, third]

        step = Step("add", functools.partial(add, 1, third=3))

        assert Pipeline([step]).run({"right": 2}).data["add"] == [1, 2, 3]


def test_only_a_retry_policy_can_be_a_step_s_retry():
    with pytest.raises(ConfigurationError, match="no Retry") as raised:
        Step("load", len, retry=Policy(retry=retry()))

    assert "Step(name, policy(fn))" in raised.value.hint
