"""See whether a program unpickles.

Rule: whichever way it does (``pickle``, ``numpy.load``, ``joblib``), Python tells of every class and function that a
pickle asks for, before it is called. Cost: one audit hook for the life of the process, which sleeps between uses.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

_watchers: list[list[str]] = []


@contextmanager
def unpicklings() -> Iterator[list[str]]:
    """Record what pickles ask for while the block runs; it is not prevented.

    Yields:
        Names such as ``os.system``, as they come.
    """
    _listen()
    seen: list[str] = []
    _watchers.append(seen)
    try:
        yield seen
    finally:
        _watchers.remove(seen)


@cache
def _listen() -> None:
    sys.addaudithook(_hear)  # which nothing can remove again


def _hear(event: str, arguments: tuple[Any, ...]) -> None:  # pragma: no cover - Python traces no audit hook
    if _watchers and event == "pickle.find_class":
        for seen in _watchers:
            seen.append(f"{arguments[0]}.{arguments[1]}")
