import asyncio
import inspect

import pytest

from groundwork.concurrency import gather_bounded, map_async
from groundwork.errors import UsageError


async def value(number):
    await asyncio.sleep(0)
    return number


@pytest.mark.parametrize("limit", [1, 3, 100])
def test_results_come_in_the_order_given(limit):
    async def main():
        return await gather_bounded([value(number) for number in range(20)], limit)

    assert list(range(20)) == asyncio.run(main())


def test_nothing_to_gather_is_an_empty_list():
    assert asyncio.run(gather_bounded([], 3)) == []


def test_never_more_than_limit_are_under_way():
    under_way = 0
    most = 0

    async def work(number):
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0)
        under_way -= 1

    asyncio.run(map_async(work, range(50), 4))

    assert most == 4


def test_a_lazy_source_is_read_only_as_fast_as_it_is_worked_off():
    made = 0

    async def main():
        gate = asyncio.Event()

        def source():
            nonlocal made
            for _ in range(100):
                made += 1
                yield gate.wait()

        gathering = asyncio.create_task(gather_bounded(source(), 3))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        seen = made
        gate.set()
        await gathering
        return seen

    assert asyncio.run(main()) == 3
    assert made == 100


def test_the_first_failure_is_raised_and_the_rest_is_cancelled():
    cancelled = []

    async def wait_forever(number):
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.append(number)

    async def fail():
        await asyncio.sleep(0)
        raise ValueError("third")

    async def main():
        with pytest.raises(ValueError, match="third"):
            await gather_bounded([wait_forever(0), wait_forever(1), fail(), wait_forever(3)], 3)
        return asyncio.all_tasks() - {asyncio.current_task()}

    left = asyncio.run(main())

    assert sorted(cancelled) == [0, 1]
    assert left == set()


def test_cancelling_leaves_no_task_behind():
    async def main():
        waiting = gather_bounded([asyncio.Event().wait() for _ in range(9)], 3)
        gathering = asyncio.create_task(waiting)
        await asyncio.sleep(0)
        gathering.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gathering
        return asyncio.all_tasks() - {asyncio.current_task()}

    assert asyncio.run(main()) == set()


@pytest.mark.parametrize("limit", [0, -1, 1.5, "2", None, True])
def test_a_limit_that_is_no_whole_number_from_one_on_is_refused_and_leaves_no_coroutine_unawaited(limit):
    with pytest.raises(UsageError, match=f"limit is {limit!r}"):
        asyncio.run(gather_bounded([value(1)], limit))


def test_futures_are_awaited_too():
    async def main():
        future = asyncio.get_running_loop().create_future()
        future.set_result("done")
        return await gather_bounded([future], 1)

    assert asyncio.run(main()) == ["done"]


@pytest.mark.parametrize(("limit", "errors"), [(0, "raise"), (3, "ignore")])
def test_what_is_refused_leaves_no_coroutine_behind(limit, errors):
    coros = [value(1), value(2)]

    with pytest.raises(UsageError):
        asyncio.run(gather_bounded(coros, limit, errors=errors))

    assert [inspect.CORO_CLOSED] * 2 == [inspect.getcoroutinestate(coro) for coro in coros]


def test_a_failure_ends_the_generator_that_the_rest_would_come_from():
    async def fail():
        raise OSError("first")

    source = (fail() for _ in range(9))
    with pytest.raises(OSError, match="first"):
        asyncio.run(gather_bounded(source, 1))

    assert inspect.GEN_CLOSED == inspect.getgeneratorstate(source)


def test_cancelled_before_its_first_step_a_gathering_closes_what_it_was_given():
    coros = [value(number) for number in range(4)]

    async def main():
        gathering = asyncio.create_task(gather_bounded((coro for coro in coros), 2))
        await asyncio.sleep(0)
        gathering.cancel()
        await asyncio.wait([gathering])

    asyncio.run(main())

    # The third and fourth were never asked for, so they are still the caller's.
    states = [inspect.getcoroutinestate(coro) for coro in coros]
    for coro in coros[2:]:
        coro.close()
    assert [inspect.CORO_CLOSED] * 2 == states[:2]
