"""Time as something that is passed in.

Rule: nothing in groundwork that waits or measures reads the system clock by itself.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol, runtime_checkable


@runtime_checkable
class Clock(Protocol):
    """What retry, breaker, limiter and pipeline ask of time."""

    def monotonic(self) -> float:
        """Return seconds from some fixed point; never goes back."""
        ...

    def sleep(self, seconds: float) -> None:
        """Block the calling thread.

        Args:
            seconds: How long.
        """
        ...

    async def sleep_async(self, seconds: float) -> None:
        """Suspend the calling task.

        Args:
            seconds: How long.
        """
        ...


class SystemClock:
    """The machine's clock; all of them are equal."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return type(other) is SystemClock

    def __hash__(self) -> int:
        return hash(SystemClock)

    def __repr__(self) -> str:
        return "SystemClock()"

    def monotonic(self) -> float:
        """Return ``time.monotonic()``; where the thread ``follows`` another clock, that one's."""
        return _now()

    def sleep(self, seconds: float) -> None:
        """Block the calling thread.

        Args:
            seconds: How long.
        """
        followed = _followed.get(threading.get_ident())
        if followed is None:
            time.sleep(seconds)
        else:
            followed[0].sleep(seconds)

    async def sleep_async(self, seconds: float) -> None:
        """Suspend the calling task.

        Args:
            seconds: How long.
        """
        followed = _followed.get(threading.get_ident())
        if followed is None:
            await asyncio.sleep(seconds)
        else:
            await followed[0].sleep_async(seconds)

    @staticmethod
    @contextmanager
    def follows(clock: Clock) -> Iterator[None]:
        """Let the system's clock go by another in this thread while the block runs; ``run_virtual`` does.

        So a policy that was given no clock waits and measures by one time, also where timers are virtual. It goes on
        from the present time and never goes back: seconds that were skipped stay skipped.

        Args:
            clock: The other clock.

        Yields:
            Nothing.
        """
        global _now  # so that programs which never do this pay nothing for it
        began_s, me = _now(), threading.get_ident()
        outer = _followed.get(me)
        _followed[me] = (clock, began_s - clock.monotonic())
        _now = _followed_now
        try:
            yield
        finally:
            ended_s = _followed_now()
            if outer is None:
                del _followed[me]
            else:
                _followed[me] = outer
            with _lock:
                _skipped[0] = max(_skipped[0], ended_s - time.monotonic())


_now: Callable[[], float] = time.monotonic
_lock = threading.Lock()
# By thread, the clock that is followed and what it lacks of the system's time.
_followed: dict[int, tuple[Clock, float]] = {}
_skipped = [0.0]


def _followed_now() -> float:
    followed = _followed.get(threading.get_ident())
    if followed is None:
        return time.monotonic() + _skipped[0]
    clock, ahead_s = followed
    return clock.monotonic() + ahead_s
