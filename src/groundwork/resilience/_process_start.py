"""The first moments of a process that was started for one call.

Rule: there is none in which a signal, or the end of its parent, leaves the process to nobody.
"""

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Any

# Run by a child before it imports anything of the program, which may take long: it ends when its parent has gone.
_WATCH = """
import os, threading, time
def watch():
    while os.getppid() == {parent}:
        time.sleep(0.2)
    os._exit(1)
threading.Thread(target=watch, daemon=True).start()
"""


class WatchfulName(str):
    """The name of a process: the first thing that the process unpickles, and so where its watch begins."""

    __slots__ = ()

    def __reduce__(self) -> tuple[Any, ...]:
        if sys.platform == "win32":  # where no process learns who its parent is; it begins to watch later
            return str, (str(self),)
        return eval, (f"(exec({_WATCH.format(parent=os.getpid())!r}, {{}}), {str(self)!r})[1]",)


@contextlib.contextmanager
def later(*signals: signal.Signals) -> Iterator[None]:
    """Let signals that come within the block do what they do at its end: a child that is half started is nobody's.

    Args:
        *signals: Which; those that were not installed by Python are left alone.
    """
    known = [each for each in signals if signal.getsignal(each) is not None]
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[tuple[int, FrameType | None]] = []
    before = {each: signal.signal(each, lambda signum, frame: came.append((signum, frame))) for each in known}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
        for signum, frame in came:
            handler = before[signal.Signals(signum)]
            if callable(handler):
                handler(signum, frame)
            else:
                signal.raise_signal(signum)


@contextlib.contextmanager
def without_interrupts() -> Iterator[None]:
    """Let a process started here be deaf to Ctrl-C, which a terminal sends to parent and child alike.

    The parent decides what it means; a child that heard it too would end with a traceback of its own.
    """
    if sys.platform == "win32":
        yield
        return
    from multiprocessing import resource_tracker

    # Else the first start would start it too, and that ends with SIGINT unblocked.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
