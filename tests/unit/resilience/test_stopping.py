import asyncio

import pytest

from groundwork.resilience._stopping import stop

pytestmark = pytest.mark.virtual_time


async def stubborn(log):
    """Takes a second for its cleanup, and leaves at once when cancelled again."""
    try:
        await asyncio.sleep(1e6)
    finally:
        try:
            await asyncio.sleep(1)
            log.append("tidy")
        except asyncio.CancelledError:
            log.append("hurried")
            raise


async def begun(*coroutines):
    tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
    await asyncio.sleep(0)
    return tasks


async def test_tasks_are_cancelled_and_their_cleanup_is_awaited(virtual_clock):
    log = []
    tasks = await begun(stubborn(log), stubborn(log))

    await stop(tasks)

    assert (log, virtual_clock.monotonic()) == (["tidy", "tidy"], 1)
    assert all(task.cancelled() for task in tasks)


async def test_who_waits_may_be_cancelled_which_is_passed_on_and_not_lost():
    log = []
    (stopping,) = await begun(stop(await begun(stubborn(log))))

    stopping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await stopping

    assert log == ["hurried"]
    assert len(asyncio.all_tasks()) == 1


async def test_tasks_that_have_ended_are_no_matter():
    tasks = await begun(asyncio.sleep(0, "done"), asyncio.sleep(0))
    await asyncio.sleep(0)

    await stop(tasks)
    await stop([])

    assert tasks[0].result() == "done"
