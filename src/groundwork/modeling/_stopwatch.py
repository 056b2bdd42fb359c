"""Time that is counted only while something works.

Rule: a generator is timed while it makes an item, not while its reader uses it; the processor's time of a coroutine is
its own, not that of the tasks which run while it waits.
"""

from collections.abc import Callable, Generator
from typing import Any


class Stopwatch:
    """Seconds between ``start`` and ``stop``, added up.

    Args:
        read: The clock.

    Attributes:
        seconds: The sum.
    """

    __slots__ = ("_began", "_read", "seconds")

    def __init__(self, read: Callable[[], float]) -> None:
        self._read = read
        self._began = 0.0
        self.seconds = 0.0

    def start(self) -> None:
        """Begin to count."""
        self._began = self._read()

    def stop(self) -> None:
        """Add what has passed since ``start``."""
        self.seconds += self._read() - self._began


def watched(inner: Any, *watches: Stopwatch) -> Generator[Any, Any, Any]:
    """Drive a generator while watches run, each only during its steps.

    Args:
        inner: A generator, or the iterator of an awaitable: anything with ``send``, ``throw`` and ``close``.
        *watches: What counts.

    Yields:
        Its items.

    Returns:
        What it returns.
    """
    step: Callable[[Any], Any] = inner.send
    given: Any = None
    while True:
        for watch in watches:
            watch.start()
        try:
            item = step(given)
        except StopIteration as end:
            return end.value
        finally:
            for watch in watches:
                watch.stop()
        try:
            step, given = inner.send, (yield item)
        except GeneratorExit:
            inner.close()
            raise
        except BaseException as error:  # noqa: BLE001 - it is thrown into the generator, where its reader aimed
            step, given = inner.throw, error


class Watched:
    """An awaitable whose own steps are counted.

    Args:
        awaitable: A coroutine, or what ``asend`` gives.
        *watches: What counts.
    """

    __slots__ = ("_awaitable", "_watches")

    def __init__(self, awaitable: Any, *watches: Stopwatch) -> None:
        self._awaitable = awaitable
        self._watches = watches

    def __await__(self) -> Generator[Any, Any, Any]:
        return watched(self._awaitable.__await__(), *self._watches)


class WatchedItems:
    """An async generator whose steps are counted.

    Args:
        inner: The async generator.
        wall: Counts from the wish for an item until it is there, waiting included.
        cpu: Counts the generator's own steps.
        ended: Called once, with the error that ended it, or None.
    """

    def __init__(
        self, inner: Any, wall: Stopwatch, cpu: Stopwatch, ended: Callable[[BaseException | None], object]
    ) -> None:
        self._inner, self._wall, self._cpu, self._ended = inner, wall, cpu, ended
        self._error: BaseException | None = None

    async def asend(self, value: Any, /) -> Any:
        """Go on to the next item.

        Args:
            value: What the reader sends.
        """
        return await self._counted(self._inner.asend(value))

    async def athrow(self, error: BaseException, /) -> Any:
        """Go on with an error.

        Args:
            error: What the reader throws.
        """
        return await self._counted(self._inner.athrow(error))

    async def aclose(self) -> None:
        """End the generator, and say so."""
        try:
            await self._inner.aclose()
        finally:
            self._ended(self._error)

    async def _counted(self, awaitable: Any) -> Any:
        self._wall.start()
        try:
            return await Watched(awaitable, self._cpu)
        except StopAsyncIteration:
            raise
        except BaseException as error:
            self._error = error
            raise
        finally:
            self._wall.stop()


def watched_items(
    inner: Any, wall: Stopwatch, cpu: Stopwatch, ended: Callable[[BaseException | None], object]
) -> Generator[Any, Any, Any]:
    """Drive a generator whose steps are counted.

    Args:
        inner: The generator.
        wall: Counts the seconds in which its reader waits.
        cpu: Counts the processor's.
        ended: Called once, with the error that ended it, or None.

    Yields:
        Its items.

    Returns:
        What it returns.
    """
    failed: BaseException | None = None
    try:
        return (yield from watched(inner, wall, cpu))
    except GeneratorExit:
        raise
    except BaseException as error:
        failed = error
        raise
    finally:
        ended(failed)
