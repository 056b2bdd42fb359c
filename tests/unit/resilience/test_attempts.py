"""The policy as a loop over attempts."""

import asyncio
import random
import subprocess

import pytest

from groundwork.errors import DeadlineExceeded, RetryExhausted, TransientError, UsageError
from groundwork.resilience import Backoff, RetryBudget, deadline, remaining_s, retry


def steady(clock, **options):
    return retry(backoff=Backoff(1, 2, 4, "none"), clock=clock, **options)


def test_a_block_is_tried_until_it_succeeds(clock, flaky):
    work, numbers = flaky(2), []

    for attempt in steady(clock):
        with attempt:
            numbers.append(attempt.number)
            answer = work()

    assert (answer, numbers, clock.sleeps) == ("done", [1, 2, 3], [1, 2])


def test_a_block_may_return_from_its_function(clock, flaky):
    work = flaky(1)

    def answer():
        for attempt in steady(clock):
            with attempt:
                return work()
        return "never"

    assert (answer(), work.calls) == ("done", 2)


def test_a_block_may_break_out(clock, flaky):
    work = flaky(0)

    for attempt in steady(clock):
        with attempt:
            work()
            break

    assert work.calls == 1


def test_a_block_that_fails_for_good_says_so(clock, flaky):
    work = flaky(9)

    with pytest.raises(RetryExhausted, match=r"3 of 3 attempts failed in 3.0 s; the last: failure 3") as raised:
        for attempt in steady(clock):
            with attempt:
                work()

    assert str(raised.value.__cause__) == "failure 3"


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_other_errors_leave_a_block_at_once(clock, flaky, error):
    work = flaky(9, error)

    with pytest.raises(error):
        for attempt in steady(clock):
            with attempt:
                work()

    assert work.calls == 1


def test_a_loop_without_its_with_is_told(clock):
    bodies = 0

    with pytest.raises(UsageError, match="an attempt was not entered"):
        for _ in steady(clock):
            bodies += 1

    assert bodies == 1


def test_one_policy_begins_anew_in_each_loop(clock, flaky):
    policy = steady(clock)

    for work in (flaky(2), flaky(2)):
        for attempt in policy:
            with attempt:
                work()

    assert clock.sleeps == [1, 2, 1, 2]


def test_the_attempts_of_one_call_can_be_passed_on(clock, flaky):
    work = flaky(2)
    attempts = iter(steady(clock))
    with next(attempts):
        work()

    for attempt in attempts:
        with attempt:
            work()
            break

    async def main():
        async for attempt in aiter(aiter(steady(clock))):
            async with attempt:
                work()

    clock.run(main())

    assert work.calls == 4


def test_a_loop_earns_and_spends_the_budget(clock, flaky):
    budget = RetryBudget(ratio=0, min_per_s=1, memory_s=1, clock=clock)

    with pytest.raises(RetryExhausted, match=r"1 of 3 attempts failed in 0.0 s; the retry budget is spent"):
        for work in (flaky(1), flaky(1)):
            for attempt in retry(clock=clock, backoff=Backoff(0), budget=budget):
                with attempt:
                    work()


@pytest.mark.parametrize("limit", [{}, {"attempt_timeout_s": 5.0}])
def test_an_asynchronous_block_is_tried_until_it_succeeds(clock, flaky, limit):
    work = flaky(2)

    async def main():
        async for attempt in steady(clock, **limit):
            async with attempt:
                answer = await work.answer("x")
        return answer

    assert (clock.run(main()), clock.sleeps) == ("x", [1, 2])


def test_an_asynchronous_loop_may_hold_a_plain_with(clock, flaky):
    work = flaky(2)

    async def main():
        async for attempt in steady(clock):
            with attempt:
                work()

    clock.run(main())

    assert (work.calls, clock.sleeps) == (3, [1, 2])


def test_an_asynchronous_block_is_cancelled_when_its_time_is_over(clock):
    begun = []

    async def main():
        async for attempt in steady(clock, attempt_timeout_s=5):
            async with attempt:
                begun.append(clock.monotonic() - 100)
                await asyncio.sleep(1e6)

    with pytest.raises(RetryExhausted, match="3 of 3 attempts failed"):
        clock.run(main())

    assert begun == pytest.approx([0, 6, 13])


def test_an_asynchronous_block_that_the_time_around_it_ends_is_out_of_time_and_not_cancelled(clock):
    async def main():
        with deadline(5, clock=clock):  # it cancels nothing itself, so the attempt is what ends it
            async for attempt in steady(clock, attempt_timeout_s=30):
                async with attempt:
                    await asyncio.sleep(1e6)

    with pytest.raises(DeadlineExceeded, match="the deadline around it"):
        clock.run(main())

    assert clock.monotonic() - 100 == pytest.approx(5)


def test_an_asynchronous_block_is_never_retried_when_cancelled(clock):
    begun = []

    async def main():
        async for attempt in steady(clock, on=Exception, deadline_s=50):
            async with attempt:
                begun.append(1)
                raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        clock.run(main())

    assert begun == [1]


def test_a_loop_inside_a_loop_counts_for_itself(clock):
    pairs = []

    for outer in steady(clock):
        with outer:
            for inner in steady(clock, attempts=2, on=OSError):
                with inner:
                    pairs.append((outer.number, inner.number))
                    if pairs[-1] in [(1, 1), (2, 1)]:
                        raise OSError("inner")
                    if pairs[-1] == (1, 2):
                        raise TransientError("outer")

    assert pairs == [(1, 1), (1, 2), (2, 1), (2, 2)]


class TestSynchronousTimeouts:
    """A socket or a child process that was given what is left of the attempt's time."""

    @pytest.mark.parametrize(
        "error", [TimeoutError("timed out"), BlockingIOError("would block"), subprocess.TimeoutExpired("make", 2)]
    )
    def test_one_that_runs_out_with_the_attempt_is_a_failure_worth_another(self, clock, error):
        calls = []

        def ask():
            calls.append(remaining_s())
            clock.sleep(remaining_s())
            raise error

        with pytest.raises(RetryExhausted, match=r"3 of 3 attempts failed.*the time of 0.2 s was over: ") as exhausted:
            retry(attempts=3, attempt_timeout_s=0.2, clock=clock).call(ask)

        assert calls == pytest.approx([0.2, 0.2, 0.2])
        assert isinstance(exhausted.value.__cause__, DeadlineExceeded)
        assert exhausted.value.__cause__.__cause__ is error

    def test_one_that_is_shorter_is_judged_like_any_error(self, clock):
        calls = []

        def ask():
            calls.append(1)
            raise TimeoutError("timed out")

        with pytest.raises(TimeoutError, match="timed out"):
            retry(attempts=3, attempt_timeout_s=0.2, clock=clock).call(ask)

        assert calls == [1]

    def test_a_loop_does_the_same(self, clock):
        numbers = []

        for attempt in retry(attempts=3, attempt_timeout_s=0.2, clock=clock):
            with attempt:
                numbers.append(attempt.number)
                if attempt.number < 3:
                    clock.sleep(remaining_s())
                    raise TimeoutError("timed out")

        assert numbers == [1, 2, 3]


def test_an_asynchronous_loop_counts_its_attempts_and_names_itself(clock, flaky):
    work, numbers, told = flaky(2), [], []

    async def main():
        async for attempt in steady(clock, hook=told.append):
            async with attempt:
                numbers.append(attempt.number)
                work()

    clock.run(main())

    assert numbers == [1, 2, 3]
    assert [each.name for each in told] == ["block", "block"]


def test_waits_without_a_pattern_follow_the_wait_before(clock, flaky):
    growing = Backoff(1, 3, 1000, "decorrelated")

    retry(attempts=6, backoff=growing, seed=3, clock=clock).call(flaky(5))

    rng, expected = random.Random(3), [None]
    for failures in range(1, 6):
        expected.append(growing.wait_s(failures, rng, expected[-1]))
    assert clock.sleeps == expected[1:]


@pytest.mark.parametrize(("left_s", "calls"), [(1, 1), (1.5, 2)])
def test_a_wait_that_ends_with_the_time_around_it_is_not_begun(clock, flaky, left_s, calls):
    work = flaky(9)

    with deadline(left_s, clock=clock), pytest.raises(RetryExhausted, match="the deadline around the call leaves"):
        steady(clock).call(work)

    assert work.calls == calls


def test_a_wait_of_a_year_is_the_longest(clock, flaky):
    year_s = 365 * 86_400.0

    retry(backoff=Backoff(year_s, 1, year_s, "none"), clock=clock).call(flaky(1))

    assert clock.sleeps == [year_s]


def test_what_is_raised_in_the_end_has_the_facts_of_the_last_failure(clock):
    def fail():
        raise TransientError("busy", context={"host": "a"}, retry_after_s=0)

    with pytest.raises(RetryExhausted) as raised:
        steady(clock, attempts=2).call(fail)

    assert raised.value.context == {"host": "a", "attempts": 2, "seconds": 1.0}
    assert raised.value.retry_after_s == 0.0
