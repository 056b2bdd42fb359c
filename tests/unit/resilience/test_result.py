import json

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
