import asyncio
import functools
import inspect

import pytest

from groundwork.errors import DeadlineExceeded, RetryExhausted, TransientError
from groundwork.resilience import Backoff, deadline, retry


def steady(clock, **options):
    return retry(backoff=Backoff(1, 2, 4, "none"), clock=clock, **options)


class Hanging:
    """Hangs in its first attempts and notes when it was cancelled."""

    def __init__(self, clock, hangs):
        self.clock = clock
        self.hangs = hangs
        self.calls = 0
        self.cancelled_at_s = []

    async def answer(self):
        self.calls += 1
        if self.calls > self.hangs:
            return "done"
        try:
            await asyncio.sleep(1e6)
        except asyncio.CancelledError:
            self.cancelled_at_s.append(self.clock.monotonic() - 100)
            raise


def test_async_functions_are_retried_and_stay_async(clock, flaky):
    wrapped = steady(clock)(flaky(2).answer)

    assert inspect.iscoroutinefunction(wrapped)
    assert clock.run(wrapped("y")) == "y"
    assert clock.sleeps == [1, 2]


def test_a_policy_calls_a_coroutine_function(clock, flaky):
    assert clock.run(steady(clock).call(flaky(2).answer, "y")) == "y"


def test_a_partial_and_an_object_with_an_async_call_are_retried(clock, flaky):
    class Source:
        def __init__(self):
            self.answer = flaky(1).answer

        async def __call__(self, value):
            return await self.answer(value)

    assert clock.run(steady(clock)(Source())("x")) == "x"
    assert clock.run(steady(clock)(functools.partial(flaky(1).answer, "y"))()) == "y"


def test_async_failure_for_good_tells_the_last_cause(clock, flaky):
    with pytest.raises(RetryExhausted, match="the last: failure 3") as raised:
        clock.run(steady(clock)(flaky(9).answer)())

    assert str(raised.value.__cause__) == "failure 3"


def test_other_errors_pass_at_once(clock, flaky):
    work = flaky(1, ValueError)

    with pytest.raises(ValueError, match="failure 1"):
        clock.run(steady(clock, on=lambda error: isinstance(error, OSError))(work.answer)())

    assert work.calls == 1


@pytest.mark.parametrize("limit", [{}, {"deadline_s": 60.0}, {"attempt_timeout_s": 5.0}])
def test_cancellation_is_never_retried(clock, limit):
    calls = []

    @retry(on=Exception, clock=clock, **limit)
    async def cancelled():
        calls.append(1)
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        clock.run(cancelled())

    assert calls == [1]


@pytest.mark.parametrize("limit", [{}, {"deadline_s": 60.0}, {"attempt_timeout_s": 5.0}])
@pytest.mark.parametrize("after_s", [0.5, 1.5])
def test_a_call_is_cancelled_from_outside_in_an_attempt_or_a_wait(clock, limit, after_s):
    calls = []

    @steady(clock, **limit)
    async def work():
        calls.append(1)
        await asyncio.sleep(1)
        raise TransientError("no")

    async def main():
        task = asyncio.create_task(work())
        await asyncio.sleep(after_s)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    clock.run(main())

    assert calls == [1]


def test_a_hung_attempt_is_cancelled_at_the_deadline(clock):
    hanging = Hanging(clock, hangs=9)

    with pytest.raises(
        RetryExhausted, match=r"1 of 3 attempts failed in 0.5 s; deadline_s=0.5 leaves 0.00 s"
    ) as raised:
        clock.run(steady(clock, deadline_s=0.5)(hanging.answer)())

    assert isinstance(raised.value.__cause__, DeadlineExceeded)
    assert hanging.cancelled_at_s == [pytest.approx(0.5)]


def test_the_total_is_bounded_when_attempts_and_waits_would_outlast_it(clock):
    @steady(clock, attempts=10, deadline_s=0.5)
    async def work():
        await asyncio.sleep(0.3)
        raise TransientError("no")

    with pytest.raises(RetryExhausted):
        clock.run(work())

    assert clock.monotonic() - 100 == pytest.approx(0.3)


def test_an_attempt_out_of_its_time_is_cancelled_and_tried_again(clock):
    hanging = Hanging(clock, hangs=2)

    assert clock.run(steady(clock, attempt_timeout_s=5)(hanging.answer)()) == "done"
    assert hanging.cancelled_at_s == [pytest.approx(5), pytest.approx(11)]


def test_the_last_attempt_has_only_what_the_deadline_leaves(clock):
    hanging = Hanging(clock, hangs=9)

    with pytest.raises(RetryExhausted, match=r"2 of 3 attempts failed in 8.0 s"):
        clock.run(steady(clock, attempt_timeout_s=5, deadline_s=8)(hanging.answer)())

    assert hanging.cancelled_at_s == [pytest.approx(5), pytest.approx(8)]


def test_a_timeout_that_the_function_raises_itself_is_an_error_like_others(clock):
    calls = []

    @steady(clock, attempt_timeout_s=5)
    async def work():
        calls.append(1)
        raise TimeoutError("mine")

    with pytest.raises(TimeoutError, match="mine"):
        clock.run(work())

    assert calls == [1]


def test_the_deadline_around_a_call_cancels_it_and_bounds_its_waits(clock, flaky):
    hanging = Hanging(clock, hangs=9)

    async def hung():
        async with deadline(3, clock=clock):
            await steady(clock)(hanging.answer)()

    async def failing():
        async with deadline(2, clock=clock):
            await steady(clock)(flaky(9).answer)()

    with pytest.raises(DeadlineExceeded):
        clock.run(hung())
    with pytest.raises(RetryExhausted, match=r"2 of 3 attempts failed in 1.0 s; the deadline around the call"):
        clock.run(failing())


def test_many_calls_share_one_policy(clock, flaky):
    policy = steady(clock, attempt_timeout_s=5)

    async def main():
        return await asyncio.gather(*(policy.call(flaky(n % 3).answer, n) for n in range(30)))

    assert clock.run(main()) == list(range(30))
    assert clock.monotonic() - 100 == pytest.approx(3)
