"""What a suite does besides testing: sleeps, connections, chance of the whole program, and what it leaves behind.

Rule: everything is noted with the test in which it happened; sleeps return at once and connections to other machines
are refused, so that a suite under judgement costs no time and reaches nobody. What is put in place here stays: it is
for a process that ends afterwards. Cost: some microseconds for each of these calls.
"""

import asyncio
import builtins
import errno
import math
import os
import random
import secrets
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

from groundwork.testing.contracts._suite_trace import is_a_package, is_own

Found = tuple[str, str, str]
"""What kind it is (sleeps, connects, draws, reads, leaves), in which test, and a sentence."""

_CONNECTS = frozenset({"socket.bind", "socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"})
_HERE = ("127.0.0.1", "::1", "localhost", "")
_IGNORED = frozenset({"__pycache__", ".hypothesis", ".pytest_cache"})
_WATCHED: tuple[ModuleType, ...] = (builtins, math, os, random, time)


class Watch:
    """Notes what happens in this process from now on.

    Args:
        module: Path of the module under test.
        folders: Where files are looked for afterwards.
        forbidden: Folder whose files a suite has no business with: the other modules lie there.

    Attributes:
        test: The test that is running.
        found: What was noted.
    """

    def __init__(self, module: Path, folders: tuple[Path, ...], forbidden: Path) -> None:
        self._module = str(module)
        self._folders = folders
        self._forbidden = str(forbidden)
        self._before: dict[str, Any] = {}
        self.test = ""
        self.found: list[Found] = []

    def note(self, kind: str, sentence: str) -> None:
        """Note something, once a test."""
        if (entry := (kind, self.test, sentence)) not in self.found:
            self.found.append(entry)

    def install(self) -> None:
        """Begin to watch; there is no end but that of the process."""
        self._watch_sleeps()
        self._watch_chance()
        sys.addaudithook(self._on_audit)

    def seed(self, seed: int) -> None:
        """Set the global generators as they are for one run only."""
        random.seed(seed)
        if numpy := sys.modules.get("numpy"):
            numpy.random.seed(seed)

    def begin(self, subject: ModuleType) -> None:
        """Remember how things are before the first test."""
        self._before = self._state(subject)

    def end(self, subject: ModuleType) -> None:
        """Note what is not as it was."""
        after = self._state(subject)
        for name in self._before.keys() | after.keys():
            if self._before.get(name) != after.get(name):
                self.note("draws" if "generator" in name else "leaves", _difference(name, self._before, after))

    def _watch_sleeps(self) -> None:
        watch = self

        def sleep(seconds: Any) -> None:
            watch.note("sleeps", f"time.sleep({seconds:g})")

        real = asyncio.sleep

        async def sleep_async(delay: float, result: Any = None) -> Any:
            if delay > 0:
                watch.note("sleeps", f"asyncio.sleep({delay:g})")
            return await real(0, result)

        time.sleep, asyncio.sleep = sleep, sleep_async

    def _watch_chance(self) -> None:
        watch = self
        real_seed: Callable[..., None] = random.Random.seed
        real_bits = secrets.randbits

        def seed(self: random.Random, a: Any = None, version: int = 2) -> None:
            if a is None and watch._by_the_suite():
                watch.note("draws", "random.Random() without a seed")
            real_seed(self, a, version)

        def randbits(k: int) -> int:  # numpy's default_rng() asks it
            if watch._by_the_suite():
                watch.note("draws", "a generator without a seed")
            return real_bits(k)

        random.Random.seed, secrets.randbits = seed, randbits  # type: ignore[method-assign]

    def _by_the_suite(self, *, library: bool = False) -> bool:
        # random in between acts for whoever called it, and for reading all of the standard library; tempfile, which
        # draws, and installed packages act for themselves.
        frame: FrameType | None = sys._getframe(2)
        while frame is not None and not is_a_package(name := frame.f_code.co_filename) and name != self._module:
            if is_own(name, self._module):
                return True
            if not library and name != random.__file__:
                return False
            frame = frame.f_back
        return False

    def _on_audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open" and self.test and isinstance(arguments[0], str):
            path = os.path.abspath(arguments[0])
            if (path == self._module or path.startswith(self._forbidden)) and self._by_the_suite(library=True):
                self.note("reads", f"reads {os.path.basename(path)}")
        elif event in _CONNECTS:
            address = arguments[-1] if event != "socket.getaddrinfo" else arguments[0]
            host = address[0] if isinstance(address, tuple) else address
            self.note("connects", f"{event} {host}")
            if host is not None and str(host) not in _HERE:
                raise OSError(errno.ENETUNREACH, "a suite under judgement has no network")

    def _state(self, subject: ModuleType) -> dict[str, Any]:
        state: dict[str, Any] = {"the working folder": os.getcwd(), "the import path": tuple(sys.path)}
        state["the global generator of random"] = hash(random.getstate())
        if numpy := sys.modules.get("numpy"):
            state["the global generator of numpy"] = str(numpy.random.get_state())
        state.update({f"the variable {name}": text for name, text in os.environ.items() if name != _OWN_VARIABLE})
        state.update({f"the thread {thread.name}": True for thread in threading.enumerate()})
        state.update({f"the file {path.name}": stamp for folder in self._folders for path, stamp in _files(folder)})
        for module in (subject, *_WATCHED):
            state.update(_names_of(module))
        return state


_OWN_VARIABLE = "PYTEST_CURRENT_TEST"


def _names_of(module: ModuleType) -> Iterator[tuple[str, int]]:
    for name, value in vars(module).items():
        yield f"{module.__name__}.{name}", id(value)
        if isinstance(value, type) and value.__module__ == module.__name__:
            yield from ((f"{module.__name__}.{name}.{each}", id(its)) for each, its in vars(value).items())


def _files(folder: Path) -> Iterator[tuple[Path, tuple[int, int]]]:
    for path in folder.rglob("*"):
        if path.is_file() and _IGNORED.isdisjoint(path.relative_to(folder).parts):
            stat = path.stat()
            yield path, (stat.st_size, stat.st_mtime_ns)


def _difference(name: str, before: dict[str, Any], after: dict[str, Any]) -> str:
    if "generator" in name:
        return f"{name} was drawn from or seeded"
    if name not in before:
        return f"{name} is there now"
    return f"{name} is {'another' if name in after else 'gone'}"
