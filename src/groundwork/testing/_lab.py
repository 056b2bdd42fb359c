"""The place in which a check works: a folder, a clock, chance and faults, all fresh and all repeatable.

Rule: two runs of a check with one seed see the same lab, and nothing of it is left afterwards.
Cost: one temporary folder; what a check does not touch is not made (numpy is imported only for ``generator``).
"""

import os
import random
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Self

from groundwork.testing._clock import VirtualClock
from groundwork.testing._crash import Crash, Scenario, crashes
from groundwork.testing._processes import Work, together
from groundwork.testing._smallest import Item, hold_for_smallest
from groundwork.testing._system_calls import Call, Hook, system_calls

if TYPE_CHECKING:
    import numpy as np


class Lab:
    """What a check gets beside the implementation.

    Args:
        seed: Of ``random`` and ``generator``.
        limit_s: Wall-clock seconds for anything that runs in another process.

    Attributes:
        seed: As given.
        limit_s: As given.
    """

    def __init__(self, *, seed: int = 0, limit_s: float = 90.0) -> None:
        self.seed = seed
        self.limit_s = limit_s
        self._folders = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if "folder" in self.__dict__:
            shutil.rmtree(self.folder, ignore_errors=True)

    @cached_property
    def folder(self) -> Path:
        """An empty folder, removed with the lab; its path has no symbolic link in it."""
        return Path(tempfile.mkdtemp(prefix="groundwork-lab-")).resolve()

    @cached_property
    def clock(self) -> VirtualClock:
        """A clock that only the check and the sleeps of the implementation move."""
        return VirtualClock()

    @cached_property
    def random(self) -> random.Random:
        """Seeded randomness of the standard library."""
        return random.Random(self.seed)

    @cached_property
    def generator(self) -> "np.random.Generator":
        """Seeded randomness of numpy."""
        import numpy as np

        return np.random.default_rng(self.seed)

    def system_calls(
        self, hook: Hook | None = None, *, subject: ModuleType | None = None
    ) -> AbstractContextManager[list[Call]]:
        """Record and break the file-changing calls made while the block runs; see ``testing.system_calls``.

        Args:
            hook: As ``failing("fsync", error=errno.EIO)``; None only records.
            subject: The module under test.

        Returns:
            A context manager that yields the list of calls.
        """
        return system_calls(hook, subject=subject)

    def crashes(
        self, subject: ModuleType, scenario: Scenario, *, prepare: Callable[[Path], object], most: int = 500
    ) -> Iterator[Crash]:
        """Kill a scenario with SIGKILL before each of its file-changing calls; see ``Crash``.

        Args:
            subject: The implementation.
            scenario: A module-level function of the subject and a folder.
            prepare: A module-level function that fills the folder before each run.
            most: Calls after which the scenario is said never to end.

        Returns:
            What each killed run left, in order.
        """
        self._folders += 1
        folder = self.folder / f"crashes-{self._folders}"
        folder.mkdir()
        return crashes(subject, scenario, folder, prepare=prepare, limit_s=self.limit_s, most=most)

    def smallest(self, items: Sequence[Item], holds: Callable[[list[Item]], object]) -> None:
        """Hold a test for many items; where it breaks, say so of as few of them as can be found.

        Args:
            items: What was drawn, or listed.
            holds: Raises where it breaks, and returns where what is left of the items makes no fair question; its
                argument is what ``groundwork learn why`` shows.
        """
        hold_for_smallest(items, holds)

    def processes(self, subject: ModuleType, work: Work, *, count: int = 1) -> list[Any]:
        """Run ``work(subject, folder, nth)`` in processes of their own, all at once, in the lab's folder.

        Args:
            subject: The implementation.
            work: A module-level function.
            count: How many processes.

        Returns:
            What it returned in each.
        """
        return together(subject, work, self.folder, count=count, limit_s=self.limit_s)

    @contextmanager
    def working_folder(self) -> Iterator[Path]:
        """Make the lab's folder the current one while the block runs.

        Yields:
            The folder.
        """
        before = Path.cwd()
        os.chdir(self.folder)
        try:
            yield self.folder
        finally:
            os.chdir(before)

    @contextmanager
    def umask(self, mask: int) -> Iterator[None]:
        """Set the process's umask while the block runs; does nothing on Windows.

        Args:
            mask: The bits that new files must not have.
        """
        if sys.platform == "win32":
            yield
            return
        before = os.umask(mask)
        try:
            yield
        finally:
            os.umask(before)
