import logging

import pytest

from groundwork.errors import RetryExhausted, TransientError
from groundwork.resilience import Backoff, RetryAttempt, retry


def steady(clock, **options):
    return retry(backoff=Backoff(1, 2, 4, "none"), clock=clock, **options)


def test_a_hook_is_told_of_each_failure_and_of_what_follows(clock, flaky):
    told = []

    with pytest.raises(RetryExhausted):
        steady(clock, hook=told.append)(flaky(9))()

    assert [(each.number, each.seconds, each.wait_s, each.stopped) for each in told] == [
        (1, 0.0, 1, None),
        (2, 1.0, 2, None),
        (3, 3.0, None, "no attempt is left"),
    ]
    assert [str(each.error) for each in told] == ["failure 1", "failure 2", "failure 3"]
    assert {each.name.rpartition(".")[2] for each in told} == {"Flaky"}


def test_a_hook_is_told_before_the_wait(clock, flaky):
    slept = []

    steady(clock, hook=lambda _: slept.append(list(clock.sleeps)))(flaky(2))()

    assert slept == [[], [1]]


def test_a_hook_hears_nothing_of_success_nor_of_other_errors(clock, flaky):
    told = []
    policy = steady(clock, hook=told.append)

    policy(flaky(0))()
    with pytest.raises(ValueError, match="failure"):
        policy(flaky(1, ValueError))()

    assert told == []


def test_a_hook_that_fails_is_logged_and_the_call_goes_on(clock, flaky, caplog):
    def broken(attempt):
        raise RuntimeError("the hook's own fault")

    with caplog.at_level(logging.ERROR, "groundwork.resilience"):
        assert steady(clock, hook=broken)(flaky(2))() == "done"

    assert [(record.name, record.levelname) for record in caplog.records] == [("groundwork.resilience", "ERROR")] * 2
    assert "the hook's own fault" in caplog.text


def test_a_hook_may_end_the_program(clock, flaky):
    def ending(attempt):
        raise SystemExit(3)

    with pytest.raises(SystemExit):
        steady(clock, hook=ending)(flaky(1))()


def test_a_record_cannot_be_changed():
    record = RetryAttempt("f", 1, TransientError("no"), 0.0, 1.0, None)

    with pytest.raises(AttributeError):
        record.number = 2


def test_a_loop_is_told_as_a_block(clock):
    told = []

    for attempt in steady(clock, hook=told.append):
        with attempt:
            if attempt.number == 1:
                raise TransientError("no")

    assert [each.name for each in told] == ["block"]
