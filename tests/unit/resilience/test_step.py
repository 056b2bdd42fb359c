import functools

import pytest

from groundwork.errors import ConfigurationError, InvalidDataError
from groundwork.resilience import Pipeline, PipelineStatus, Policy, Step, StepStatus, retry


def fails():
    raise InvalidDataError("no rows")


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

    def test_a_parameter_with_a_default_is_filled_when_it_is_named(self):
        def train(load, depth=1):
            return load * depth

        steps = [Step("load", lambda: 3), Step("train", train), Step("deep", train, inputs={"depth": "load"})]

        assert Pipeline(steps).run().data == {"load": 3, "train": 3, "deep": 9}

    def test_a_function_of_any_names_gets_those_that_are_named(self):
        steps = [Step("load", lambda: 3), Step("keep", lambda **all_of: all_of, inputs={"rows": "load"})]

        assert Pipeline(steps).run().data["keep"] == {"rows": 3}

    def test_names_hold_for_condition_and_fallback_too(self):
        step = Step(
            "train",
            fails,
            when=lambda frame: frame,
            fallback=lambda frame, error: [frame, str(error)],
            inputs={"frame": "rows"},
        )

        assert Pipeline([step]).run({"rows": 3}).data["train"] == [3, "no rows"]


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
        steps = [Step("split", fails, outputs=("train",), fallback=lambda: (5,)), Step("fit", lambda train: train)]

        result = Pipeline(steps).run()

        assert (result.status, result.data["fit"]) == (PipelineStatus.PARTIAL_FAILURE, 5)
        assert result.steps[0].status is StepStatus.FALLBACK


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
        ("options", "message"),
        [
            ({"timeout_s": 0}, "timeout_s=0"),
            ({"outputs": "train"}, "give a tuple of names"),
            ({"parameters": object()}, "not plain data"),
        ],
    )
    def test_a_step_that_means_nothing_is_refused(self, options, message):
        with pytest.raises(ConfigurationError, match=message):
            Step("load", fails, **options)

    def test_partials_are_filled_where_they_are_open(self):
        def add(left, right, third):
            return [left, right, third]

        step = Step("add", functools.partial(add, 1, third=3))

        assert Pipeline([step]).run({"right": 2}).data["add"] == [1, 2, 3]


def test_only_a_retry_policy_can_be_a_step_s_retry():
    with pytest.raises(ConfigurationError, match="no Retry") as raised:
        Step("load", len, retry=Policy(retry=retry()))

    assert "Step(name, policy(fn))" in raised.value.hint
