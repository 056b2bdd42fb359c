import asyncio
import inspect
import itertools

import pytest

from groundwork.errors import CircuitOpen, DeadlineExceeded, TransientError
from groundwork.resilience import CircuitBreaker, deadline, retry


def small(clock, **options):
    """Opens at two failures in four calls."""
    return CircuitBreaker("prices", **{"window": 4, "minimum_calls": 2, "cooldown_s": 5.0, "clock": clock} | options)


async def fail(breaker):
    with pytest.raises(OSError, match="down"):
        async with breaker:
            raise OSError("down")


async def half_open(clock, **options):
    breaker = small(clock, **options)
    for _ in range(2):
        await fail(breaker)
    clock.advance(5)
    return breaker


async def answer(value="done"):
    return value


async def hang():
    await asyncio.sleep(1e6)


async def cancelled(task):
    """Cancel a task that has begun."""
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def entered(breaker, result):
    async with breaker:
        return await result


async def entered_plainly(breaker, result):
    with breaker:
        return await result


async def decorated(breaker, result):
    @breaker
    async def wait():
        return await result

    return await wait()


async def called(breaker, result):
    async def wait():
        return await result

    return await breaker.call(wait)


FORMS = pytest.mark.parametrize("form", [entered, entered_plainly, decorated, called])


@FORMS
def test_every_form_lets_through_counts_and_refuses(clock, form):
    async def main():
        breaker = small(clock)
        results = [await form(breaker, answer(3))]
        with pytest.raises(RuntimeError):
            await form(breaker, _raising())
        never = answer()
        with pytest.raises(CircuitOpen):
            await form(breaker, never)
        never.close()
        return results, breaker.state, breaker.snapshot().refused

    assert clock.run(main()) == ([3], "open", 1)


async def _raising():
    raise RuntimeError("no")


@FORMS
def test_cancellation_is_not_counted(clock, form):
    async def main():
        breaker = small(clock)
        for _ in range(3):
            await cancelled(asyncio.create_task(form(breaker, hang())))
        return breaker.snapshot()

    assert (clock.run(main()).calls, clock.sleeps) == (0, [])


@FORMS
def test_a_cancelled_probe_frees_its_slot(clock, form):
    async def main():
        breaker = await half_open(clock)
        probe = asyncio.create_task(form(breaker, hang()))
        await asyncio.sleep(0)
        in_flight = breaker.snapshot().probes
        await cancelled(probe)
        return in_flight, breaker.snapshot().probes, await form(breaker, answer()), breaker.state

    assert clock.run(main()) == (1, 0, "done", "closed")


@FORMS
def test_of_twenty_callers_a_half_open_breaker_lets_its_probes_through(clock, form):
    async def main():
        breaker = await half_open(clock, probes=3)
        reached = itertools.count()

        async def slow():
            next(reached)
            await asyncio.sleep(1)

        async def call():
            work = slow()
            try:
                await form(breaker, work)
            finally:
                work.close()

        results = await asyncio.gather(*(call() for _ in range(20)), return_exceptions=True)
        return next(reached), [type(each) for each in results].count(CircuitOpen), breaker.state

    assert clock.run(main()) == (3, 17, "closed")


def test_a_hung_probe_does_not_wedge_it(clock):
    async def main():
        breaker = await half_open(clock, probe_timeout_s=60)
        hung = asyncio.create_task(entered(breaker, hang()))
        await asyncio.sleep(59)
        with pytest.raises(CircuitOpen):
            async with breaker:
                pytest.fail("went through beside a probe")
        await asyncio.sleep(1)
        async with breaker:
            pass
        state = breaker.state
        await cancelled(hung)
        return state, breaker.state

    assert clock.run(main()) == ("closed", "closed")


def test_a_timeout_inside_is_a_failure(clock):
    async def main():
        breaker = small(clock)
        for _ in range(2):
            with pytest.raises(TimeoutError):
                async with breaker, asyncio.timeout(1):
                    await hang()
        return breaker.state

    assert clock.run(main()) == "open"


def test_a_deadline_around_it_is_a_failure_too(clock):
    async def main():
        breaker = small(clock)
        for _ in range(2):
            with pytest.raises(DeadlineExceeded):
                async with deadline(1, clock=clock), breaker:
                    await hang()
        return breaker.state

    assert clock.run(main()) == "open"


def test_attempts_that_a_retry_times_out_open_it(clock):
    async def main():
        breaker = small(clock)
        guarded = retry(attempts=2, attempt_timeout_s=1, clock=clock)(breaker(hang))
        with pytest.raises(Exception, match="2 of 2 attempts failed"):
            await guarded()
        return breaker.state

    assert clock.run(main()) == "open"


def test_a_foreign_cancellation_under_a_deadline_is_not_counted(clock):
    async def main():
        breaker = small(clock)

        async def bounded():
            async with deadline(10, clock=clock), breaker:
                await hang()

        for _ in range(2):
            await cancelled(asyncio.create_task(bounded()))
        return breaker.snapshot().calls

    assert clock.run(main()) == 0


def test_blocks_of_many_tasks_keep_their_own_tickets(clock):
    async def main():
        breaker = small(clock, window=8, minimum_calls=8, failure_rate=1.0)

        async def call(number):
            with breaker:
                await asyncio.sleep(number % 3)
                if number % 2:
                    raise TransientError("odd")

        await asyncio.gather(*(call(number) for number in range(8)), return_exceptions=True)
        return breaker.snapshot()

    snapshot = clock.run(main())
    assert (snapshot.calls, snapshot.failed) == (8, 4)


def test_slow_calls_count_by_the_clock(clock):
    async def main():
        breaker = small(clock, slow_call_s=1.0)
        await entered(breaker, asyncio.sleep(1))
        await decorated(breaker, asyncio.sleep(1))
        return breaker.state

    assert clock.run(main()) == "open"


def test_a_decorated_coroutine_function_stays_one(clock):
    wrapped = small(clock)(answer)

    assert inspect.iscoroutinefunction(wrapped)
    assert clock.run(wrapped("x")) == "x"


def test_an_async_generator_is_judged_by_its_first_item(clock):
    async def main():
        breaker = small(clock)

        @breaker
        async def items(fails):
            if fails:
                raise OSError("no first")
            yield 1
            yield 2

        seen = [item async for item in items(False)]
        with pytest.raises(OSError, match="no first"):
            [item async for item in items(True)]
        return seen, breaker.state

    assert clock.run(main()) == ([1, 2], "open")


def test_quick_calls_are_not_slow_and_errors_that_are_answers_may_be(clock):
    async def odd():
        await asyncio.sleep(1)
        raise ValueError("an answer")

    async def main():
        breaker = small(clock, slow_call_s=1.0, slow_rate=0.5, on=OSError)
        for _ in range(4):
            await decorated(breaker, asyncio.sleep(0.9))
            await entered(breaker, asyncio.sleep(0.9))
        before = breaker.snapshot()
        with pytest.raises(ValueError, match="an answer"):
            await breaker.call(odd)
        return before, breaker.snapshot()

    before, after = clock.run(main())
    assert [(each.failed, each.slow) for each in (before, after)] == [(0, 0), (0, 1)]
