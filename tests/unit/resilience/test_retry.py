import asyncio
import inspect

import pytest

from groundwork.errors import ConfigurationError, RateLimited, RetryExhausted, TransientError
from groundwork.resilience import Backoff, retry


class Flaky:
    """Fails a number of times, then answers."""

    def __init__(self, failures, error=TransientError):
        self.failures = failures
        self.error = error
        self.calls = 0

    def __call__(self, value="done"):
        self.calls += 1
        if self.calls <= self.failures:
            raise self.error(f"failure {self.calls}")
        return value

    async def answer(self, value="done"):
        return self(value)


def steady(clock, **options):
    return retry(backoff=Backoff(1, 2, 4, "none"), clock=clock, **options)


def test_a_call_that_succeeds_waits_for_nothing(clock):
    assert steady(clock)(Flaky(0))("x") == "x"
    assert clock.slept == []


def test_a_passing_failure_is_tried_again_after_growing_waits(clock):
    flaky = Flaky(3)

    assert steady(clock, attempts=4)(flaky)() == "done"
    assert (flaky.calls, clock.slept) == (4, [1, 2, 4])


def test_when_every_attempt_failed_the_last_failure_is_the_cause(clock):
    flaky = Flaky(9)

    with pytest.raises(RetryExhausted, match=r"3 of 3 attempts failed in 3\.0 s; the last: failure 3") as raised:
        steady(clock)(flaky)()

    assert flaky.calls == 3
    assert str(raised.value.__cause__) == "failure 3"


def test_other_errors_pass_at_once(clock):
    flaky = Flaky(1, ValueError)

    with pytest.raises(ValueError, match="failure 1"):
        steady(clock)(flaky)()

    assert flaky.calls == 1


def test_an_error_may_ask_for_a_longer_wait(clock):
    flaky = Flaky(1, lambda message: RateLimited(message, retry_after_s=30.0))

    steady(clock)(flaky)()

    assert clock.slept == [30.0]


def test_no_attempt_begins_after_the_deadline_and_nobody_waits_for_it(clock):
    flaky = Flaky(9)

    with pytest.raises(RetryExhausted, match="2 of 10 attempts failed"):
        steady(clock, attempts=10, deadline_s=2)(flaky)()

    assert clock.slept == [1]


def test_async_functions_are_retried_and_stay_async(clock):
    flaky = Flaky(2)
    wrapped = steady(clock)(flaky.answer)

    assert inspect.iscoroutinefunction(wrapped)
    assert asyncio.run(wrapped("y")) == "y"
    assert clock.slept == [1, 2]


def test_async_failure_for_good_tells_the_last_cause(clock):
    with pytest.raises(RetryExhausted, match="failure 3"):
        asyncio.run(steady(clock)(Flaky(9).answer)())


def test_cancellation_is_never_retried(clock):
    calls = []

    @retry(on=Exception, clock=clock)
    async def cancelled():
        calls.append(1)
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cancelled())

    assert calls == [1]


def test_the_decorated_function_keeps_its_name_and_signature():
    @retry(attempts=2)
    def load(path: str, rows: int = 3) -> str:
        """Load."""
        return path * rows

    assert (load.__name__, load.__doc__) == ("load", "Load.")
    assert str(inspect.signature(load)) == "(path: str, rows: int = 3) -> str"


def test_a_policy_that_never_calls_is_refused():
    with pytest.raises(ConfigurationError, match="attempts=0"):
        retry(attempts=0)
