import dataclasses
import io
import json

import pytest

from groundwork.errors import TransientError
from groundwork.resilience import (
    Backoff,
    MemoryJournal,
    Pipeline,
    PipelineStatus,
    RunEvent,
    Step,
    StepEvent,
    configure_logging,
    log_events,
    retry,
)


def told(event):
    if isinstance(event, RunEvent):
        return str(event.status)
    return (event.step.name, str(event.step.status), event.step.attempts, event.step.reused)


def test_an_observer_sees_the_run_and_each_step_start_and_end():
    seen = []
    steps = [Step("load", lambda: 1), Step("skip", lambda: 2, when=lambda: False), Step("use", lambda load: load)]

    Pipeline(steps, observers=[lambda event: seen.append(told(event))]).run()

    assert seen == [
        "RUNNING",
        ("load", "RUNNING", 0, False),
        ("load", "SUCCESS", 1, False),
        ("skip", "SKIPPED", 0, False),
        ("use", "RUNNING", 0, False),
        ("use", "SUCCESS", 1, False),
        "SUCCESS",
    ]


def test_a_step_that_was_done_before_is_told_once():
    journal, seen = MemoryJournal(), []
    Pipeline([Step("load", lambda: 1)], journal=journal).run()

    Pipeline([Step("load", lambda: 1)], journal=journal, observers=[lambda event: seen.append(told(event))]).run()

    assert seen == ["RUNNING", ("load", "SUCCESS", 1, True), "SUCCESS"]


def test_a_failed_attempt_is_told_with_its_error(clock):
    seen, left = [], [TransientError("busy")]

    def load():
        if left:
            raise left.pop()

    policy = retry(backoff=Backoff(1, 1, 1, "none"), clock=clock)
    Pipeline([Step("load", load, retry=policy)], clock=clock, observers=[seen.append]).run()

    attempts = [event.step for event in seen if isinstance(event, StepEvent) and event.step.error]
    assert [(str(step.status), step.attempts, step.error["message"]) for step in attempts] == [("RUNNING", 1, "busy")]


def test_events_name_the_run_and_the_last_carries_its_result(clock):
    seen = []

    def load():
        clock.sleep(2)
        raise TransientError("down")

    result = Pipeline([Step("load", load, optional=True)], clock=clock, observers=[seen.append], run_id="r1").run()

    assert {event.run for event in seen} == {"r1"}
    assert (seen[-1].result, seen[-1].seconds, seen[-1].steps) == (result, 2.0, ("load",))
    assert [event.optional for event in seen if isinstance(event, StepEvent)] == [True, True]


def test_an_interruption_is_told():
    seen = []

    def load():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Pipeline([Step("load", load)], observers=[seen.append]).run()

    assert seen[-1].status is PipelineStatus.CANCELLED


def test_events_are_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        RunEvent("r", PipelineStatus.RUNNING, ()).run = "other"


def test_an_observer_that_fails_is_logged_and_the_run_goes_on(caplog):
    seen = []

    def broken(event):
        raise ValueError("cannot draw")

    result = Pipeline([Step("load", lambda: 1)], observers=[broken, seen.append]).run()

    assert (result.status, len(seen)) == (PipelineStatus.SUCCESS, 4)
    assert "cannot draw" in caplog.text


def test_logged_events_are_as_severe_as_what_they_mean_for_the_run(caplog, clock):
    caplog.set_level("INFO")
    left = [TransientError("busy")]

    def flaky():
        if left:
            raise left.pop()

    def down():
        raise TransientError("down")

    policy = retry(backoff=Backoff(1, 1, 1, "none"), clock=clock)
    steps = [Step("load", flaky, retry=policy), Step("extra", down, optional=True), Step("train", down)]
    Pipeline(steps, clock=clock, observers=[log_events]).run()

    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("INFO", "run started"),
        ("INFO", "step load started"),
        ("WARNING", "attempt 1 of step load failed: busy"),
        ("INFO", "step load ended: SUCCESS"),
        ("INFO", "step extra started"),
        ("WARNING", "step extra ended: FAILED: down"),
        ("INFO", "step train started"),
        ("ERROR", "step train ended: FAILED: down"),
        ("ERROR", "run ended: FAILURE"),
    ]


def test_a_step_that_was_done_before_is_logged_as_that(caplog):
    caplog.set_level("INFO")
    journal = MemoryJournal()
    Pipeline([Step("load", lambda: 1)], journal=journal).run()

    Pipeline([Step("load", lambda: 1)], journal=journal, observers=[log_events]).run()

    assert "step load was done before" in caplog.messages


def test_what_is_logged_has_the_facts_beside_the_words(caplog, clock):
    caplog.set_level("INFO")

    def load():
        clock.advance(2)

    def down():
        raise TransientError("down")

    Pipeline([Step("load", load), Step("train", down)], clock=clock, observers=[log_events]).run()

    run_started, _, loaded, _, failed, run_ended = caplog.records
    assert [each.status for each in (run_started, run_ended)] == ["RUNNING", "FAILURE"]
    assert run_ended.seconds == 2.0
    assert (loaded.status, loaded.seconds, loaded.attempts, loaded.reused) == ("SUCCESS", 2.0, 1, False)
    assert failed.status == "FAILED"
    assert {type(each.status) for each in caplog.records} == {str}


def test_a_failure_is_logged_as_an_error_with_its_facts(clock):
    def down():
        raise TransientError("down", hint="wait")

    stream = io.StringIO()
    with configure_logging("ERROR", to=stream):
        Pipeline([Step("train", down)], clock=clock, observers=[log_events]).run()

    step, _ = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert (step["error"]["message"], step["error"]["hint"]) == ("down", "wait")
