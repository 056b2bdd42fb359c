"""Signals that ask a server to end.

Rule: they are taken over only while a server runs, and only by the thread that may.
"""

import asyncio
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def told_to_end(stop: Callable[[], None], *, interrupts: bool = True) -> Iterator[None]:
    """Call something on the running loop at each SIGTERM and SIGINT.

    Args:
        stop: What to call.
        interrupts: False ignores SIGINT: a terminal sends it to all processes, and one of them decides for all.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()

    def told(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(stop)

    wanted = [signal.SIGINT, signal.SIGTERM]
    if sys.platform == "win32":
        wanted.append(signal.SIGBREAK)
    before = {
        number: signal.signal(number, told if interrupts or number == signal.SIGTERM else signal.SIG_IGN)
        for number in wanted
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
