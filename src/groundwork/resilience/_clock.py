"""Time as something that is passed in.

Rule: nothing in groundwork that waits or measures reads the system clock by itself.
"""

import asyncio
import time
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
    """The machine's clock."""

    def monotonic(self) -> float:
        """Return ``time.monotonic()``."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Block the calling thread.

        Args:
            seconds: How long.
        """
        time.sleep(seconds)

    async def sleep_async(self, seconds: float) -> None:
        """Suspend the calling task.

        Args:
            seconds: How long.
        """
        await asyncio.sleep(seconds)
