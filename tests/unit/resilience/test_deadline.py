import asyncio

import pytest

from groundwork.errors import ConfigurationError, DeadlineExceeded
from groundwork.resilience import check_deadline, deadline, remaining_s


def test_without_a_deadline_there_is_no_limit():
    check_deadline()

    assert remaining_s() is None


def test_code_inside_is_told_how_much_time_is_left(clock):
    with deadline(5, clock=clock):
        clock.now_s += 2
        check_deadline()

        assert remaining_s() == 3


def test_code_that_asks_too_late_is_told(clock):
    with pytest.raises(DeadlineExceeded, match=r"passed 1\.000 s ago") as raised, deadline(5, clock=clock):
        clock.now_s += 6
        assert remaining_s() == 0
        check_deadline()

    assert raised.value.context == {"over_s": 1.0}


def test_of_nested_deadlines_the_shortest_holds(clock):
    with deadline(5, clock=clock):
        with deadline(9, clock=clock):
            assert remaining_s() == 5
        with deadline(2, clock=clock):
            assert remaining_s() == 2
        assert remaining_s() == 5
    assert remaining_s() is None


def test_an_asynchronous_block_is_cancelled(loop_clock):
    async def main():
        async with deadline(5, clock=loop_clock):
            await asyncio.sleep(1e6)

    with pytest.raises(DeadlineExceeded, match="cancelled after 5 s"):
        loop_clock.run(main())

    assert loop_clock.now_s - 100 == pytest.approx(5)


def test_a_cancellation_by_someone_else_stays_one(loop_clock):
    async def work():
        async with deadline(5, clock=loop_clock):
            await asyncio.sleep(1e6)

    async def main():
        task = asyncio.create_task(work())
        await asyncio.sleep(1)
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError):
        loop_clock.run(main())


def test_tasks_begun_inside_know_the_deadline(loop_clock):
    async def left_s():
        return remaining_s()

    async def main():
        async with deadline(5, clock=loop_clock):
            return await asyncio.create_task(left_s())

    assert loop_clock.run(main()) == 5


@pytest.mark.parametrize("wrong", [-1, float("nan")])
def test_a_time_that_cannot_be_kept_is_refused(wrong):
    with pytest.raises(ConfigurationError, match="a deadline of"):
        deadline(wrong)
