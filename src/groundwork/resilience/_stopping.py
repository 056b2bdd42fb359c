"""Tasks that are no longer wanted.

Rule: whoever began a task sees it end, its cleanup included, whatever happens meanwhile.
"""

import asyncio
from collections.abc import Iterable
from typing import Any


async def stop(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel what still runs and wait for its end.

    Args:
        tasks: The tasks. An error that one of them ends with is its owner's to look at; asyncio reports none of them.

    Raises:
        asyncio.CancelledError: This task was cancelled meanwhile; raised only after the others have ended.
    """
    cancelled: asyncio.CancelledError | None = None
    tasks = list(tasks)
    _cancel(tasks)
    while left := [task for task in tasks if not task.done()]:
        try:
            await asyncio.wait(left)
        except asyncio.CancelledError as again:
            cancelled = again
            _cancel(left)
    for task in tasks:
        if not task.cancelled():
            task.exception()
    if cancelled is not None:
        raise cancelled


def _cancel(tasks: list[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
