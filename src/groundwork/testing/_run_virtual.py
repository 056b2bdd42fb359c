"""Coroutines on virtual time.

Rule: ``asyncio.run``, but no real second passes.
"""

import inspect
from collections.abc import Coroutine
from typing import Any, TypeVar

from groundwork.errors import UsageError
from groundwork.testing._clock import VirtualClock

T = TypeVar("T")


class Deadlocked(UsageError):
    """Nothing is ready and nothing is scheduled, so the tasks named would wait for ever."""

    default_code = "deadlocked"


def run_virtual(main: Coroutine[Any, Any, T], *, clock: VirtualClock | None = None, seed: int | None = None) -> T:
    """Run a coroutine as ``asyncio.run`` does, on virtual time.

    ``asyncio.sleep``, ``asyncio.timeout`` and every ``clock.sleep_async`` share one time, that of the clock: an hour
    of waiting takes no longer than the code that runs in it. A blocking ``clock.sleep`` moves the same time, and
    ``resilience.SystemClock``, which is what a policy without ``clock=`` goes by, follows it in this thread.

    Example::

        clock = VirtualClock()
        answer = run_virtual(fetch(retry=retry(clock=clock)), clock=clock, seed=7)

    Args:
        main: The coroutine.
        clock: The time of the loop; a new one at zero if None.
        seed: Decides which of several timers of one instant fires first; None: the one that was set first.
            Everything else goes in asyncio's order, so the same seed gives the same trace, in any process.

    Returns:
        What the coroutine returned.

    Raises:
        Deadlocked: All tasks wait for something that no timer will bring; the message says which wait where.
        UsageError: What is given is no coroutine, a loop runs in this thread already, or the code asked for a thread,
            a socket, a process or a signal, which virtual time cannot wait for.
        BaseException: Whatever the coroutine raised.
    """
    import asyncio  # 40 ms to import; synchronous tests never pay it

    from groundwork.testing._virtual_loop import VirtualLoop

    given: object = main
    if not inspect.iscoroutine(given):
        raise UsageError(
            f"run_virtual takes a coroutine, and {main!r} is none", hint="call the function: run_virtual(main())"
        )
    if asyncio.events._get_running_loop() is not None:
        main.close()
        raise UsageError("an event loop runs in this thread already; await the coroutine there, or run it outside")
    if not (clock is None or isinstance(clock, VirtualClock)):
        main.close()
        raise UsageError(f"run_virtual goes by a VirtualClock, and clock={clock!r} is none")
    with asyncio.Runner(loop_factory=lambda: VirtualLoop(clock, seed=seed)) as runner:
        return runner.run(main)
