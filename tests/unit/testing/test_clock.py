import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.errors import UsageError
from groundwork.testing import VirtualClock


def test_time_stands_still_until_it_is_advanced():
    clock = VirtualClock(start_s=100)

    clock.advance(2.5)

    assert [clock.monotonic(), clock.monotonic()] == [100 + 2.5, 100 + 2.5]


def test_a_sleep_moves_the_time_and_is_remembered():
    clock = VirtualClock()

    clock.sleep(3)
    clock.sleep(0)

    assert (clock.monotonic(), clock.sleeps) == (3, [3, 0])


@pytest.mark.parametrize("seconds", [-1, float("inf"), float("nan")])
def test_time_never_falls_and_stays_a_number(seconds):
    clock = VirtualClock()

    with pytest.raises(UsageError, match="finite number of seconds"):
        clock.advance(seconds)
    with pytest.raises(UsageError):
        asyncio.run(clock.sleep_async(seconds))

    assert clock.monotonic() == 0


def test_tasks_that_sleep_side_by_side_share_the_time():
    clock = VirtualClock()

    async def both():
        await asyncio.gather(clock.sleep_async(5), clock.sleep_async(5))

    asyncio.run(both())

    assert clock.monotonic() == 5


@settings(deadline=None, max_examples=50)
@given(st.lists(st.lists(st.integers(0, 5), max_size=4), min_size=1, max_size=5))
def test_sleepers_wake_in_the_order_of_their_deadlines_at_their_deadlines(plans):
    clock, woken = VirtualClock(), []

    async def sleeper(plan):
        due = 0
        for seconds in plan:
            due += seconds
            await clock.sleep_async(seconds)
            woken.append((clock.monotonic(), due))

    async def all_of_them():
        await asyncio.gather(*(sleeper(plan) for plan in plans))

    asyncio.run(all_of_them())

    assert [due for _, due in woken] == [at for at, _ in woken] == sorted(at for at, _ in woken)


def test_a_cancelled_sleeper_does_not_hold_up_the_others():
    clock = VirtualClock()

    async def scene():
        short = asyncio.create_task(clock.sleep_async(1))
        long = asyncio.create_task(clock.sleep_async(9))
        await asyncio.sleep(0)
        short.cancel()
        await long

    asyncio.run(scene())

    assert clock.monotonic() == 9


def test_a_sleeper_wakes_when_the_test_advances_past_its_deadline():
    clock = VirtualClock()

    async def scene():
        sleeper = asyncio.create_task(clock.sleep_async(1))
        await asyncio.sleep(0)
        clock.advance(10)
        await sleeper

    asyncio.run(scene())

    assert clock.monotonic() == 10


def test_the_clock_goes_to_a_moment_and_never_back():
    clock = VirtualClock()

    clock.advance_to(7.5)
    clock.advance_to(3)

    assert clock.monotonic() == 7.5


@pytest.mark.parametrize("moment", [float("inf"), float("nan")])
def test_a_moment_that_is_no_number_is_refused(moment):
    clock = VirtualClock()

    with pytest.raises(UsageError, match="finite number of seconds"):
        clock.advance_to(moment)

    assert clock.monotonic() == 0
