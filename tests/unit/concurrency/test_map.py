import asyncio
from contextlib import aclosing, suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.concurrency import gather_bounded, map_async, map_stream
from groundwork.errors import ConfigurationError, UsageError
from groundwork.testing import run_virtual

DELAYS = st.lists(st.integers(0, 5), max_size=25)
WAYS = st.sampled_from(["list", "ordered", "completed"])


class Counted:
    """Sleeps as long as its item says, and fails at 5; counts who is inside."""

    def __init__(self):
        self.under_way = self.most = 0

    async def __call__(self, numbered):
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            await asyncio.sleep(numbered[1])
            if numbered[1] == 5:
                raise ValueError(numbered[0])
            return numbered[0]
        finally:
            self.under_way -= 1


def others():
    return asyncio.all_tasks() - {asyncio.current_task()}


async def slowly(items, closed=None):
    try:
        for item in items:
            await asyncio.sleep(0.5)
            yield item
    finally:
        if closed is not None:
            closed.append(True)


def source_of(items, lazily):
    return slowly(items) if lazily else iter(items)


async def outcomes(way, fn, source, limit, errors):
    if way == "list":
        return await map_async(fn, source, limit, errors=errors)
    return [result async for _, result in map_stream(fn, source, limit, ordered=way == "ordered", errors=errors)]


@settings(deadline=None, max_examples=50)
@given(DELAYS, st.integers(1, 6), WAYS, st.booleans())
def test_each_item_is_answered_once_in_its_place_and_never_more_than_limit_are_under_way(delays, limit, way, lazily):
    work = Counted()
    items = list(enumerate(delays))

    async def main():
        got = await outcomes(way, work, source_of(items, lazily), limit, "collect")
        return got, others()

    got, left = run_virtual(main())

    told = [result.args[0] if isinstance(result, ValueError) else result for result in got]
    assert list(range(len(delays))) == (sorted(told) if way == "completed" else told)
    assert [number for number, delay in items if delay == 5] == sorted(
        result.args[0] for result in got if isinstance(result, ValueError)
    )
    assert work.most <= limit
    assert set() == left


@settings(deadline=None, max_examples=50)
@given(DELAYS, st.integers(1, 6), WAYS, st.booleans(), st.floats(0, 12))
def test_cancelled_at_any_time_it_leaves_no_task_and_nothing_under_way(delays, limit, way, lazily, after_s):
    work = Counted()

    async def main():
        mapping = asyncio.create_task(outcomes(way, work, source_of(list(enumerate(delays)), lazily), limit, "collect"))
        await asyncio.sleep(after_s)
        mapping.cancel()
        await asyncio.wait([mapping])
        return others()

    left = run_virtual(main())

    assert set() == left
    assert 0 == work.under_way


@settings(deadline=None, max_examples=50)
@given(DELAYS.filter(lambda delays: 5 in delays), st.integers(1, 6), WAYS, st.booleans())
def test_the_first_failure_is_raised_and_ends_everything(delays, limit, way, lazily):
    work = Counted()

    async def main():
        with pytest.raises(ValueError, match=r"^\d+$"):
            await outcomes(way, work, source_of(list(enumerate(delays)), lazily), limit, "raise")
        return others()

    assert set() == run_virtual(main())
    assert 0 == work.under_way


@pytest.mark.parametrize("way", ["list", "ordered", "completed"])
def test_as_a_group_every_failure_is_told_in_order_after_all_has_been_done(way):
    work = Counted()
    items = list(enumerate([5, 1, 0, 5, 2]))

    async def main():
        return await outcomes(way, work, items, 2, "group")

    with pytest.raises(ExceptionGroup, match="2 of 5 calls failed") as told:
        run_virtual(main())

    assert [(0,), (3,)] == [error.args for error in told.value.exceptions]
    assert [["item 0"], ["item 3"]] == [error.__notes__ for error in told.value.exceptions]


def test_a_stream_gives_the_good_results_before_the_group():
    async def main():
        got = []
        with pytest.raises(ExceptionGroup):
            async for _, result in map_stream(Counted(), enumerate([1, 5, 2]), 3, errors="group"):
                got.append(result)
        return got

    assert [0, 2] == run_virtual(main())


def test_as_completed_the_fast_come_first():
    async def main():
        return [item async for item, _ in map_stream(asyncio.sleep, [3, 1, 2], 3, ordered=False)]

    assert [1, 2, 3] == run_virtual(main())


def test_a_stream_begins_nothing_before_it_is_asked_and_holds_at_most_twice_limit():
    begun = []

    async def work(item):
        begun.append(item)

    async def main():
        stream = map_stream(work, range(100), 3)
        await asyncio.sleep(1)
        before = len(begun)
        await anext(stream)
        await asyncio.sleep(1)
        after = len(begun)
        await stream.aclose()
        return before, after

    assert (0, 7) == run_virtual(main())


def test_a_stream_left_early_has_ended_when_its_block_has():
    work = Counted()

    async def main():
        async with aclosing(map_stream(work, enumerate([1, 2, 3, 4]), 4)) as stream:
            async for _ in stream:
                break
        return others()

    assert set() == run_virtual(main())
    assert 0 == work.under_way


@pytest.mark.parametrize("delays", [[1, 1, 1], [1, 5, 1]])
def test_an_asynchronous_generator_is_closed_however_it_ends(delays):
    closed = []

    async def main():
        source = slowly(enumerate(delays), closed)
        with suppress(ValueError):
            await map_async(Counted(), source, 1)
        return list(closed), source

    assert [True] == run_virtual(main())[0]


def test_a_generator_is_closed_and_another_iterator_is_left_to_its_owner():
    class Lines:
        closed = False

        def __iter__(self):
            return iter([(0, 5)])

        def close(self):
            self.closed = True

    closed = []

    def generator():
        try:
            yield (0, 5)
            yield (1, 0)
        finally:
            closed.append(True)

    lines = Lines()

    async def main():
        await map_async(Counted(), lines, 1, errors="collect")
        with pytest.raises(ValueError, match="0"):
            await map_async(Counted(), generator(), 1)
        return list(closed)

    assert [True] == run_virtual(main())
    assert not lines.closed


@pytest.mark.parametrize("lazily", [False, True])
def test_what_the_source_raises_is_raised_even_where_errors_are_collected(lazily):
    def broken():
        yield (0, 1)
        yield (1, 1)
        raise OSError("the source")

    async def broken_async():
        for item in broken():
            yield item

    async def main():
        with pytest.raises(OSError, match="the source"):
            await map_async(Counted(), broken_async() if lazily else broken(), 2, errors="collect")
        return others()

    assert set() == run_virtual(main())


def test_a_function_that_cancels_itself_ends_the_map_as_cancelled():
    async def work(item):
        raise asyncio.CancelledError

    async def main():
        with pytest.raises(asyncio.CancelledError):
            await map_async(work, range(3), 2, errors="collect")
        return others()

    assert set() == run_virtual(main())


def test_cancelled_again_while_it_cleans_up_it_still_waits_for_the_end():
    ended = []

    async def reluctant(item):
        try:
            await asyncio.sleep(100)
        finally:
            try:
                await asyncio.sleep(10)
            finally:
                ended.append(item)

    async def main():
        mapping = asyncio.create_task(map_async(reluctant, range(2), 2))
        await asyncio.sleep(1)
        mapping.cancel()
        await asyncio.sleep(1)
        mapping.cancel()
        with pytest.raises(asyncio.CancelledError):
            await mapping
        return others()

    assert set() == run_virtual(main())
    assert [0, 1] == sorted(ended)


def test_cancelled_while_it_cleans_up_after_a_failure_it_ends_as_cancelled():
    async def fails_or_lingers(item):
        await asyncio.sleep(1)
        if item == 0:
            raise ValueError("bad")
        try:
            await asyncio.sleep(100)
        finally:
            await asyncio.sleep(10)

    async def main():
        mapping = asyncio.create_task(map_async(fails_or_lingers, range(2), 2))
        await asyncio.sleep(5)
        mapping.cancel()
        with pytest.raises(asyncio.CancelledError):
            await mapping
        return others()

    assert set() == run_virtual(main())


def test_gathering_collects_and_groups_too():
    async def fail():
        raise ValueError("bad")

    async def main():
        got = await gather_bounded([asyncio.sleep(1, "good"), fail()], 2, errors="collect")
        with pytest.raises(ExceptionGroup):
            await gather_bounded((fail() for _ in range(2)), 1, errors="group")
        return got

    good, bad = run_virtual(main())

    assert "good" == good
    assert isinstance(bad, ValueError)


@pytest.mark.parametrize("call", [map_async, map_stream])
def test_a_wrong_limit_or_way_with_errors_is_refused(call):
    async def main():
        with pytest.raises(UsageError, match="limit is 0"):
            await anext(call(asyncio.sleep, [], 0)) if call is map_stream else await call(asyncio.sleep, [], 0)
        with pytest.raises(ConfigurationError, match="errors is 'ignore'"):
            outcome = call(asyncio.sleep, [], 1, errors="ignore")
            await outcome

    run_virtual(main())


def test_an_empty_source_is_an_empty_stream():
    async def main():
        return [pair async for pair in map_stream(asyncio.sleep, slowly([]), 3)]

    assert [] == run_virtual(main())


def test_a_loop_that_is_left_with_a_bare_break_leaves_nothing_a_little_later():
    work = Counted()

    async def main():
        async for _ in map_stream(work, enumerate([1, 2, 3, 4]), 4):
            break
        await asyncio.sleep(0.5)
        return others()

    assert set() == run_virtual(main())
    assert 0 == work.under_way


def test_every_awaitable_of_a_generator_that_was_cancelled_at_once_is_closed():
    made = []

    def source():
        while True:
            made.append(asyncio.sleep(1))
            yield made[-1]

    async def main():
        gathering = asyncio.create_task(gather_bounded(source(), 3))
        await asyncio.sleep(0)
        gathering.cancel()
        await asyncio.wait([gathering])

    run_virtual(main())

    assert [None] * 3 == [coroutine.cr_frame for coroutine in made]


def test_unless_told_a_stream_comes_in_order():
    async def nap(seconds):
        await asyncio.sleep(seconds)

    async def main():
        return [item async for item, _ in map_stream(nap, [3, 1, 2], 3)]

    assert [3, 1, 2] == run_virtual(main())
