import pytest

from groundwork.resilience import MemoryJournal, Pipeline, Step
from groundwork.testing import broken_promises

STEPS = ["fetch", "train"]


def begun(step, key="k"):
    return {"event": "step_started", "step": step, "key": key}


def ended(step, status="SUCCESS", key="k", output=1, attempts=1, optional=False, **more):
    record = {"event": "step_ended", "step": step, "key": key, "status": status, "output": output, "error": None}
    return {**record, "attempts": attempts, "optional": optional, **more}


def run(*records, status="SUCCESS", steps=STEPS):
    end = [{"event": "run_ended", "status": status}] if status else []
    return [{"event": "run_started", "steps": steps}, *records, *end]


def good(step):
    return [begun(step), ended(step)]


GOOD = run(*good("fetch"), *good("train"))
REUSED = {"event": "steps_reused", "steps": [{"step": "fetch", "key": "k"}]}


@pytest.mark.parametrize(
    "records",
    [
        [],
        GOOD,
        run(*good("fetch"), begun("train"), status=None) + run(ended("fetch", reused=True), *good("train")),
        run(*good("fetch"), begun("train"), status=None) + run(REUSED, *good("train")),
        run(*good("fetch"), begun("train"), ended("train", "FAILED"), status="FAILURE") + run(REUSED, *good("train")),
        run(*good("fetch"), begun("train"), ended("train", "FAILED", optional=True), status="PARTIAL_FAILURE"),
        run(*good("fetch"), ended("train", "SKIPPED", key=None, attempts=0)),
        run(*good("fetch"), begun("train"), status="CANCELLED"),
    ],
)
def test_a_sound_journal_has_nothing_broken(records):
    assert [] == broken_promises(records, attempts=1)


@pytest.mark.parametrize(
    ("records", "sentence"),
    [
        (
            run(*good("fetch"), status=None) + run(begun("fetch"), ended("fetch", "FAILED"), status="FAILURE"),
            "step fetch was begun again after its output had been committed",
        ),
        ([*GOOD[:-1], ended("train"), *GOOD[-1:]], "step train committed 2 outputs under one key"),
        (run(begun("fetch"), begun("fetch"), ended("fetch"), *good("train")), "run 1 began step fetch 2 times"),
        (
            run(begun("fetch"), ended("fetch", attempts=2), *good("train")),
            "run 1 made 2 attempts at step fetch; 1 are allowed",
        ),
        (
            run(begun("fetch"), ended("fetch", "FAILED"), status="PARTIAL_FAILURE"),
            "run 1 ended PARTIAL_FAILURE though step fetch failed",
        ),
        (
            run(begun("fetch"), ended("fetch", "FAILED", optional=True), *good("train")),
            "run 1 ended SUCCESS though step fetch is FAILED",
        ),
        (
            run(begun("fetch"), ended("fetch", "FALLBACK"), *good("train")),
            "run 1 ended SUCCESS though step fetch is FALLBACK",
        ),
        (run(*good("fetch")), "run 1 ended SUCCESS though step train is not there"),
        (GOOD[1:], "run 1 has no beginning"),
        ([*GOOD, begun("other")], "run 1 goes on after its end"),
    ],
)
def test_a_broken_promise_is_one_sentence(records, sentence):
    assert [sentence] == broken_promises(records, attempts=1)


def test_a_success_must_give_what_a_run_without_faults_gives():
    other = run(begun("fetch"), ended("fetch", output=2), *good("train"))
    unfinished = run(begun("fetch"), ended("fetch", output=2), status="FAILURE")

    sentence = "run 1 ended SUCCESS with another output of step fetch than a run without faults"
    assert [sentence] == broken_promises(other, attempts=1, fault_free=GOOD)
    assert [] == broken_promises(unfinished, attempts=1, fault_free=GOOD)
    assert [] == broken_promises(GOOD, attempts=1, fault_free=GOOD)


def test_the_journal_of_a_real_pipeline_is_sound_after_failures_and_restarts():
    journal, failures = MemoryJournal(), [OSError("first"), OSError("second")]

    def train(fetch):
        if failures:
            raise failures.pop()
        return fetch + 1

    pipeline = Pipeline([Step("fetch", lambda: 1), Step("train", train)], journal=journal)
    statuses = [pipeline.run().status for _ in range(4)]

    assert ["FAILURE", "FAILURE", "SUCCESS", "SUCCESS"] == statuses
    assert [] == broken_promises(journal.records(), attempts=1, fault_free=list(journal.records()))
