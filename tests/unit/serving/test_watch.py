import asyncio

import pytest

from groundwork.serving._watch import ClientWatch
from groundwork.serving._wire import ClientGone


def receiver(*kinds):
    """A ``receive`` that gives messages of these kinds, and then none."""
    messages = list(kinds)

    async def receive():
        if not messages:
            await asyncio.Event().wait()
        return {"type": messages.pop(0)}

    return receive


def test_the_block_ends_when_the_client_leaves_whatever_it_sent_before():
    async def main():
        with pytest.raises(ClientGone), ClientWatch(receiver("http.request", "http.disconnect"), 0.0):
            await asyncio.Event().wait()
        return asyncio.current_task().cancelling()

    assert asyncio.run(main()) == 0


def test_a_block_that_ends_first_is_left_alone():
    async def main():
        with ClientWatch(receiver(), 0.0):
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        return asyncio.current_task().cancelling()

    assert asyncio.run(main()) == 0


def test_a_cancellation_by_someone_else_stays_one_though_the_client_has_left_too():
    async def main():
        async def block():
            with ClientWatch(receiver("http.disconnect"), 0.0):
                try:
                    await asyncio.Event().wait()
                except asyncio.CancelledError:
                    asyncio.current_task().cancel()
                    raise

        task = asyncio.create_task(block())
        await asyncio.wait([task])
        return task.cancelled()

    assert asyncio.run(main())
