import json
import threading

from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.resilience import PipelineResult, PipelineStatus, StepResult, StepStatus, result_of

STARTED = {"event": "run_started", "steps": ["load", "train"]}


def ended(step, status="SUCCESS", **more):
    return {"event": "step_ended", "step": step, "status": status, "output": {"of": step}, **more}


def test_a_journal_that_breaks_off_is_a_crash_unless_its_process_lives():
    records = [STARTED, ended("load"), {"event": "step_started", "step": "train", "started_s": 2.0}]

    crashed = result_of(records)

    assert crashed.status is PipelineStatus.CRASHED
    assert [step.status for step in crashed.steps] == [StepStatus.SUCCESS, StepStatus.RUNNING]
    assert result_of(records, alive=True).status is PipelineStatus.RUNNING


def test_an_empty_journal_is_a_crash_before_the_first_word():
    assert result_of([]).status is PipelineStatus.CRASHED


def test_a_later_process_begins_anew():
    failed = ended("load", "FAILED", error={"message": "no file"})
    first = [STARTED, failed, {"event": "run_ended", "status": "FAILURE"}]
    second = [STARTED, ended("load"), ended("train", reused=True), {"event": "run_ended", "status": "SUCCESS"}]

    result = result_of([*first, *second])

    assert (result.status, result.errors) == (PipelineStatus.SUCCESS, [])
    assert result.data == {"load": {"of": "load"}, "train": {"of": "train"}}
    assert result.steps[1].reused


def test_what_was_optional_or_rescued_is_a_warning_and_what_was_not_an_error():
    records = [
        STARTED,
        ended("load", "FALLBACK", error={"message": "source down"}),
        ended("profile", "FAILED", optional=True, error={"message": "no room"}),
        ended("train", "FAILED", error={"message": "one class"}),
    ]

    result = result_of(records)

    assert result.warnings == [
        "step load failed and its fallback served: source down",
        "step profile failed and the run went on without it: no room",
    ]
    assert result.errors == [{"message": "one class", "step": "train"}]
    assert "train" not in result.data


def test_records_of_a_newer_version_are_passed_over():
    assert result_of([STARTED, {"event": "heartbeat"}], alive=True).status is PipelineStatus.RUNNING


def test_a_result_survives_json():
    step = StepResult("load", StepStatus.FALLBACK, 1.5, 2, error={"message": "m"})
    result = PipelineResult(PipelineStatus.PARTIAL_FAILURE, {"load": 1}, [], ["w"], [step], {"id": "x"})

    assert PipelineResult.from_dict(json.loads(json.dumps(result.to_dict()))) == result
    assert result.ok


WORDS = st.text(max_size=8)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=6,
)
FACTS = st.dictionaries(WORDS, PLAIN, max_size=3)
STEPS = st.builds(
    StepResult,
    WORDS,
    st.sampled_from(StepStatus),
    st.floats(0, 1e9),
    st.integers(0, 9),
    st.booleans(),
    st.floats(0, 1e9),
    st.none() | FACTS,
)
RESULTS = st.builds(
    PipelineResult,
    st.sampled_from(PipelineStatus),
    FACTS,
    st.lists(FACTS, max_size=2),
    st.lists(WORDS, max_size=2),
    st.lists(STEPS, max_size=3),
    FACTS,
)


@settings(deadline=None, max_examples=50)
@given(RESULTS)
def test_every_result_survives_json(result):
    assert PipelineResult.from_dict(json.loads(json.dumps(result.to_dict()))) == result


def test_what_a_newer_version_adds_to_a_result_is_left_out():
    data = PipelineResult(PipelineStatus.SUCCESS, steps=[StepResult("load", StepStatus.SKIPPED)]).to_dict()

    newer = {**data, "more": 1, "steps": [{**data["steps"][0], "more": 1}]}

    assert PipelineResult.from_dict(newer) == PipelineResult.from_dict(data)


def test_reused_steps_have_the_outputs_that_were_written_down_for_them():
    first = [STARTED, ended("load", key="k1"), ended("train", key="k2")]
    second = [STARTED, {"event": "steps_reused", "steps": [{"step": "load", "key": "k1"}]}]

    result = result_of([*first, *second], alive=True)

    assert result.data == {"load": {"of": "load"}}
    assert [(step.reused, step.status) for step in result.steps] == [(True, "SUCCESS"), (False, "PENDING")]


def test_a_step_that_ran_when_its_run_was_cancelled_is_cancelled():
    records = [STARTED, {"event": "step_started", "step": "load"}, {"event": "run_ended", "status": "CANCELLED"}]

    assert [str(step.status) for step in result_of(records).steps] == ["CANCELLED", "PENDING"]


def test_a_skipped_step_is_no_failure():
    result = result_of([STARTED, {**ended("load", "SKIPPED"), "output": None}])

    assert (result.data, result.errors, result.warnings) == ({"load": None}, [], [])


def test_plain_data_of_a_result_are_copies_and_objects_stay_themselves():
    model = threading.Lock()
    result = PipelineResult(PipelineStatus.SUCCESS, data={"rows": {"ids": [1, 2]}, "model": model})

    plain = result.to_dict()
    plain["data"]["rows"]["ids"].append(3)

    assert result.data["rows"] == {"ids": [1, 2]}
    assert plain["data"]["model"] is model
