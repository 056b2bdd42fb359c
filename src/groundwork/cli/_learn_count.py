"""How far a long command is: a bar on a terminal, which is taken away at its end; elsewhere a line now and then.

Rule: it goes to standard error and moves while nothing is done too, for a command that is silent for half a minute
looks as if it hung.
"""

import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer

from groundwork.cli._learn_view import bar

_TERMINAL_S, _ELSEWHERE_S = 1.0, 10.0


@contextmanager
def counting(total: int) -> Iterator[Callable[[str], None]]:
    """Show a count while the body runs.

    Args:
        total: How many there will be.

    Yields:
        What to call with the name of each that is done.
    """
    count = _Count(total, terminal=sys.stderr.isatty())
    every_s = _TERMINAL_S if count.terminal else _ELSEWHERE_S
    ended = threading.Event()

    def repeat() -> None:
        while not ended.wait(every_s):
            count.show()

    thread = threading.Thread(target=repeat, name="groundwork-learn-count", daemon=True)
    thread.start()
    try:
        yield count.tell
    finally:
        ended.set()
        thread.join()
        count.remove()


class _Count:
    def __init__(self, total: int, *, terminal: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self.terminal = terminal
        self._total = total
        self._clock = clock
        self._started = clock()
        self._done = 0
        self._last = ""
        self._shown = 0
        self._lock = threading.Lock()

    def tell(self, name: str) -> None:
        with self._lock:
            self._done += 1
            self._last = name
        if self.terminal:
            self.show()

    def show(self) -> None:
        with self._lock:
            took = f"{self._clock() - self._started:.0f} s"
            if self.terminal:
                line = f"{bar(self._done, self._total)}  {self._done}/{self._total}  {took}  {self._last}"
                # One that is broken over two lines is not taken away.
                line = line[: shutil.get_terminal_size().columns - 1].rstrip()
                typer.echo(f"\r{line:<{self._shown}}", err=True, nl=False)
                self._shown = len(line)
            else:
                typer.echo(f"{self._done} of {self._total} after {took}", err=True)

    def remove(self) -> None:
        if self._shown:
            typer.echo(f"\r{'':<{self._shown}}\r", err=True, nl=False)
