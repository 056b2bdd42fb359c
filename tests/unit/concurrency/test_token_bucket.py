import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.concurrency import TokenBucket
from groundwork.errors import ConfigurationError, UsageError
from groundwork.testing import VirtualClock, run_virtual


def bucket_on(clock, rate_per_s=2.0, burst=4):
    return TokenBucket(rate_per_s, burst, clock=clock)


def served(plan, *, rate_per_s=2.0, burst=4, clock=None):
    """Run callers (start, tokens, cancelled after or None); return (time, caller, tokens) as they were served."""
    clock = clock or VirtualClock()
    log = []

    async def caller(bucket, number, n):
        await bucket.acquire(n)
        log.append((clock.monotonic(), number, n))

    async def main():
        bucket = TokenBucket(rate_per_s, burst, clock=clock)
        loop = asyncio.get_running_loop()
        tasks = []
        for number, (gap, n, cancel_s) in enumerate(plan):
            await asyncio.sleep(gap)
            task = loop.create_task(caller(bucket, number, n))
            tasks.append(task)
            await asyncio.sleep(0)
            if cancel_s is not None:
                loop.call_later(cancel_s, task.cancel)
        await asyncio.wait(tasks)
        assert bucket.waiting == 0

    run_virtual(main(), clock=clock)
    return log


def test_a_full_bucket_gives_its_burst_at_once_and_then_says_how_long():
    bucket = bucket_on(VirtualClock())

    assert [0.0, 0.0, 0.5] == [bucket.try_acquire(3), bucket.try_acquire(1), bucket.try_acquire(1)]


def test_a_refusal_takes_nothing_and_its_word_holds():
    clock = VirtualClock()
    bucket = bucket_on(clock)
    bucket.try_acquire(4)

    waits = [bucket.try_acquire(3), bucket.try_acquire(3)]
    clock.advance(waits[-1])

    assert waits == [1.5, 1.5]
    assert [0.0, 0.5] == [bucket.try_acquire(3), bucket.try_acquire(1)]


def test_no_more_than_the_burst_is_saved_up():
    clock = VirtualClock()
    bucket = bucket_on(clock)

    clock.advance(3600)

    assert [0.0, 0.5] == [bucket.try_acquire(4), bucket.try_acquire(1)]


def test_asking_when_takes_nothing():
    bucket = bucket_on(VirtualClock())

    assert [0.0, 0.0, 0.0] == [bucket.retry_after_s(4), bucket.retry_after_s(4), bucket.try_acquire(4)]
    assert bucket.retry_after_s(2) == 1.0


@pytest.mark.parametrize("n", [5, 0, -1, float("nan")])
def test_what_the_bucket_can_never_give_is_refused_and_not_waited_for(n):
    bucket = bucket_on(VirtualClock())

    with pytest.raises(UsageError, match="tokens were asked of a bucket that holds 4"):
        bucket.try_acquire(n)
    with pytest.raises(UsageError, match="tokens were asked of a bucket that holds 4"):
        run_virtual(bucket.acquire(n))


@pytest.mark.parametrize("value", [0, -1, float("inf"), float("nan"), "5", None, True])
@pytest.mark.parametrize("name", ["rate_per_s", "burst"])
def test_a_number_that_cannot_work_is_named(name, value):
    with pytest.raises(ConfigurationError, match=f"{name} is {value!r}"):
        TokenBucket(**{"rate_per_s": 1, "burst": 1, name: value})


@pytest.mark.parametrize("n", ["2", None, float("nan")])
def test_tokens_that_are_no_number_are_refused(n):
    with pytest.raises(UsageError, match=f"{n!r} tokens"):
        TokenBucket(1, 1).try_acquire(n)


def test_a_large_request_is_not_starved_by_small_ones_behind_it():
    log = served([(0, 4, None), (0, 4, None), *[(0.25, 1, None)] * 6])

    assert [0, 1, 2, 3] == [number for _, number, _ in log][:4]
    assert [0.0, 2.0, 2.5, 3.0] == [at for at, _, _ in log][:4]


def test_a_newcomer_never_takes_what_somebody_waits_for():
    async def main():
        bucket = bucket_on(clock)
        bucket.try_acquire(4)
        waiter = asyncio.create_task(bucket.acquire(3))
        await asyncio.sleep(1.0)
        before = bucket.try_acquire(1)
        await waiter
        return before, bucket.waiting

    clock = VirtualClock()

    assert run_virtual(main(), clock=clock) == (1.0, 0)
    assert clock.monotonic() == 1.5


def test_who_comes_while_the_first_is_being_woken_goes_behind_the_second():
    log = served([(0, 4, None), (0, 2, None), (0, 2, None), (1.0, 1, None)])

    assert [0, 1, 2, 3] == [number for _, number, _ in log]


@pytest.mark.parametrize("leaves", [1, 2])
def test_a_cancelled_waiter_takes_nothing_and_those_behind_move_up(leaves):
    plan = [(0, 4, None), (0, 4, None), (0, 4, None), (0, 2, None)]
    plan[leaves] = (0, 4, 0.5)

    log = served(plan)

    stays = 3 - leaves
    assert [(0.0, 0), (2.0, stays), (3.0, 3)] == [(at, number) for at, number, _ in log]


def test_all_may_leave():
    async def main():
        bucket = bucket_on(VirtualClock())
        bucket.try_acquire(4)
        tasks = [asyncio.create_task(bucket.acquire()) for _ in range(1000)]
        await asyncio.sleep(0)
        waiting = bucket.waiting
        for task in reversed(tasks):
            task.cancel()
        await asyncio.wait(tasks)
        return waiting, bucket.waiting, bucket._wanted

    assert asyncio.run(main()) == (1000, 0, 0.0)


def test_the_systems_clock_is_used_where_none_is_given():
    async def main():
        bucket = TokenBucket(10_000.0, 1)
        for _ in range(3):
            await bucket.acquire()
        return bucket.retry_after_s()

    assert asyncio.run(main()) <= 0.0001


plans = st.lists(
    st.tuples(
        st.sampled_from([0.0, 0.0, 0.1, 0.7, 5.0]),
        st.one_of(st.integers(1, 4), st.sampled_from([0.3, 1.7, 3.999])),
        st.sampled_from([None, None, None, 0.0, 0.4, 2.0]),
    ),
    min_size=1,
    max_size=30,
)


@settings(deadline=None, max_examples=50)
@given(plans, st.sampled_from([0.7, 2.0, 33.3]), st.sampled_from([0.0, 1e6]))
def test_first_come_first_served_and_never_above_the_rate_over_any_window(plan, rate_per_s, start_s):
    log = served(plan, rate_per_s=rate_per_s, clock=VirtualClock(start_s))

    numbers = [number for _, number, _ in log]
    assert numbers == sorted(numbers)
    assert {number for number, (_, _, cancel_s) in enumerate(plan) if cancel_s is None} <= set(numbers)
    for first in range(len(log)):
        given_out = 0.0
        for at, _, n in log[first:]:
            given_out += n
            assert given_out <= 4 + rate_per_s * (at - log[first][0]) + 1e-6


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(st.sampled_from([0.0, 0.2, 1.0, 9.0]), st.integers(1, 4)), min_size=1, max_size=30))
def test_the_wait_that_a_refusal_names_is_enough_and_no_less_would_be(plan):
    clock = VirtualClock()
    bucket = bucket_on(clock)

    for gap, n in plan:
        clock.advance(gap)
        wait = bucket.try_acquire(n)
        if wait:
            clock.advance(wait * 0.99)
            assert bucket.retry_after_s(n) > 0
            clock.advance(wait * 0.01)
            assert bucket.try_acquire(n) == 0.0


def test_who_leaves_the_line_is_not_waited_for(virtual_clock):
    async def main():
        bucket = bucket_on(virtual_clock, rate_per_s=1.0, burst=10)
        bucket.try_acquire(10)
        waiting = [asyncio.create_task(bucket.acquire(n)) for n in (2, 3, 4)]
        await asyncio.sleep(0)
        before_s = bucket.retry_after_s(1)
        waiting[1].cancel()
        await asyncio.wait(waiting[1:2])
        after_s = bucket.retry_after_s(1)
        await asyncio.wait(waiting)
        return before_s, after_s, virtual_clock.monotonic(), bucket.retry_after_s(1)

    assert (10.0, 7.0, 6.0, 1.0) == run_virtual(main(), clock=virtual_clock)


def test_unless_told_one_token_is_taken(virtual_clock):
    bucket = bucket_on(virtual_clock, rate_per_s=1.0, burst=2)

    assert [0.0, 0.0, 1.0] == [bucket.try_acquire() for _ in range(3)]


def test_what_the_bucket_can_never_give_says_what_to_do(virtual_clock):
    with pytest.raises(UsageError) as raised:
        bucket_on(virtual_clock, rate_per_s=1.0, burst=2).retry_after_s(3)

    assert "make the burst larger" in raised.value.hint
