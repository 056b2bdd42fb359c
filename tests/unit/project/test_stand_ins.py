from datetime import timedelta

import pytest

from groundwork.project import Run, RunStore, model_notices, remarks
from groundwork.project._stand_ins import span, stand_in_told, stand_ins
from groundwork.resilience import PipelineResult, PipelineStatus, StepResult, StepStatus

SERVED = {"run": "20261119-180211-3fa2", "created": "2026-11-19T18:02:11+00:00"}


@pytest.fixture
def run(tmp_path):
    store = RunStore(tmp_path / "runs")
    started = store.start("small", tmp_path, "i")
    path = started.folder / "run.json"
    path.write_text(path.read_text().replace(started.info.created, "2026-11-22T19:17:25+00:00"))
    yield Run(started.folder)
    started.release()


def ended(*steps, status="PARTIAL_FAILURE", data=None, served=()):
    return PipelineResult(PipelineStatus(status), data=data or {}, steps=list(steps), metadata={"served": list(served)})


FELL_BACK = ended(
    StepResult("load", StepStatus.SUCCESS),
    StepResult("train", StepStatus.FALLBACK, error={"message": "CUDA out of memory"}),
    data={"load": {"rows": 3}, "train": {"served": SERVED}, "profile": None},
)


def test_a_run_tells_what_served_whose_it_is_how_old_and_why(run):
    (told,) = stand_ins(run, FELL_BACK)

    assert {
        "step": "train",
        "what": "model",
        **SERVED,
        "age_s": timedelta(days=3, hours=1, minutes=15, seconds=14).total_seconds(),
        "why": "CUDA out of memory",
    } == told


def test_a_clock_set_back_makes_nothing_younger_than_new(run):
    later = {"load": {"served": {**SERVED, "created": "2026-12-01T00:00:00+00:00"}}}

    (told,) = stand_ins(run, ended(StepResult("load", StepStatus.FALLBACK), data=later))

    assert 0.0 == told["age_s"]


def test_the_warning_is_a_sentence(run):
    (each,) = stand_ins(run, FELL_BACK)

    assert (
        "the model of run 20261119-180211-3fa2 served instead, trained 2026-11-19 18:02 UTC, 3 days before this run"
        == stand_in_told(each)
    )


def test_a_list_of_runs_says_in_a_few_words_what_a_run_went_without(run):
    skipped = StepResult("profile", StepStatus.FAILED)

    said = remarks(ended(skipped, served=stand_ins(run, FELL_BACK)))

    assert "model of run 20261119-180211-3fa2 (3 days old); without profile" == said


@pytest.mark.parametrize("status", ["SUCCESS", "FAILURE", "RUNNING"])
def test_of_a_whole_run_and_of_a_failed_one_there_is_nothing_to_remark(status):
    steps = [StepResult("train", StepStatus.FAILED)] if status == "FAILURE" else []

    assert "" == remarks(ended(*steps, status=status))


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("load", "this model was trained on the data that run 20261119-180211-3fa2 had read, for step load failed: x"),
        ("train", "this model is the one that run 20261119-180211-3fa2 trained, for step train failed: x"),
    ],
)
def test_whoever_uses_the_model_is_told(run, step, said):
    failed = StepResult(step, StepStatus.FALLBACK, error={"message": "x"})
    result = ended(failed, data={step: {"served": SERVED}})
    run.finish(ended(served=stand_ins(run, result)))

    assert [said] == model_notices(run)


@pytest.mark.parametrize(
    ("age", "said"),
    [
        (timedelta(seconds=59), "less than a minute"),
        (timedelta(minutes=1), "1 minute"),
        (timedelta(minutes=59), "59 minutes"),
        (timedelta(hours=23), "23 hours"),
        (timedelta(days=1, hours=23), "1 day"),
        (timedelta(days=400), "400 days"),
    ],
)
def test_a_duration_is_told_in_its_greatest_whole_unit(age, said):
    assert said == span(age)
