"""Which functions each test calls, and how long it takes, without any mutant."""

import sys
import threading
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, Protocol

import pytest

Place = tuple[str, str]
"""A file, and the qualified name of an outermost function in it."""


class Watcher(Protocol):
    """Who knows whether a test has failed.

    Attributes:
        failed: Whether one has.
    """

    failed: bool


@dataclass(frozen=True, slots=True)
class Reach:
    """What the tests do without any mutant.

    Attributes:
        broken: The test that fails; empty if all pass.
        seconds: Id of each test to how long it takes.
        tests: Place to the ids of the tests that call it.
        early: Places that the collection of the tests has called.
    """

    broken: str = ""
    seconds: Mapping[str, float] = field(default_factory=dict)
    tests: Mapping[Place, Sequence[str]] = field(default_factory=dict)
    early: Collection[Place] = frozenset()

    def tests_of(self, file: str, function: str) -> list[str]:
        """List the tests that may notice a change.

        Args:
            file: Where it is.
            function: The outermost function around it; empty for what runs on import.

        Returns:
            Ids, the quickest first. For what runs on import all that call anything of the file, and all there are if
            none does: whoever uses a constant calls nothing.
        """
        anywhere = not function or (file, function) in self.early
        names = {
            name
            for (where, what), found in self.tests.items()
            if where == file and (what == function or anywhere)
            for name in found
        }
        if not names and not function:
            names = set(self.seconds)
        return sorted(names, key=lambda name: (self.seconds[name], name))


def measure(items: list[pytest.Item], files: Collection[str], early: Collection[CodeType], watcher: Watcher) -> Reach:
    """Run all tests once.

    Args:
        items: The tests.
        files: The files that count, resolved.
        early: What has been called before.
        watcher: Told by pytest of each that fails.

    Returns:
        What they do; as far as the first that fails.
    """
    places = _Places(files)
    called: set[CodeType] = set()
    tests: dict[Place, list[str]] = {}
    seconds: dict[str, float] = {}
    profile(called)
    begin_s = time.monotonic()
    for item in run_items(items):
        profile(None)
        seconds[item.nodeid] = time.monotonic() - begin_s
        if watcher.failed:
            return Reach(broken=item.nodeid)
        for place in places.of(called):
            tests.setdefault(place, []).append(item.nodeid)
        called.clear()
        begin_s = time.monotonic()
        profile(called)
    profile(None)
    return Reach("", seconds, tests, frozenset(places.of(early)))


def run_items(items: list[pytest.Item]) -> Iterator[pytest.Item]:
    """Run tests as pytest does.

    Args:
        items: The tests.

    Yields:
        Each, when it has been run.
    """
    for nth, item in enumerate(items):
        following = items[nth + 1] if nth + 1 < len(items) else None
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        yield item


def profile(called: set[CodeType] | None) -> None:
    """Note what is called from now on, in this thread and those to come.

    Args:
        called: Where to; None for no more.
    """
    if called is None:
        sys.setprofile(None)
        threading.setprofile(None)
        return

    def note(frame: FrameType, event: str, argument: Any) -> None:
        if event == "call":
            called.add(frame.f_code)

    threading.setprofile(note)
    sys.setprofile(note)


class _Places:
    """Tells of code in which of the files it is; asks the system once for each name."""

    def __init__(self, files: Collection[str]) -> None:
        self._wanted = set(files)
        self._resolved: dict[str, str | None] = {}

    def of(self, codes: Collection[CodeType]) -> set[Place]:
        found = set()
        for code in list(codes):
            file = self._file(code.co_filename)
            if file is not None:
                found.add((file, code.co_qualname.partition(".<locals>")[0]))
        return found

    def _file(self, name: str) -> str | None:
        if name not in self._resolved:
            resolved = str(Path(name).resolve())
            self._resolved[name] = resolved if resolved in self._wanted else None
        return self._resolved[name]
