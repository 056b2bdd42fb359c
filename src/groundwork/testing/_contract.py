"""Contracts: what an implementation must do, as checks that need no test framework.

Rule: a check asks for behaviour and raises ``ContractBroken("a sentence")``; whoever passes every check is correct,
however it is built. A check whose prerequisites did not pass is not run: it waits.
"""

import difflib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from groundwork.errors import UsageError


class Level(StrEnum):
    """How hard a check presses."""

    BASIC = "basic"
    EDGE = "edge"
    FAULT = "fault"
    CRASH = "crash"
    LOAD = "load"
    MUTATION = "mutation"


@dataclass(frozen=True, slots=True)
class Check:
    """One rule of a contract and the code that tests it.

    Attributes:
        id: Stable name, unique within its contract; wrong implementations and progress files refer to it.
        level: How hard it presses.
        rule: What must hold, one sentence.
        why: What goes wrong in the world where it does not hold.
        hint: Where to look when it fails; not the solution.
        after: Ids of checks that must pass before this one says anything useful.
        posix: Why it cannot run on Windows, or None where it can.
        run: The test, called with the implementation and a ``Lab``.
    """

    id: str
    level: Level
    rule: str
    why: str
    hint: str
    after: tuple[str, ...]
    posix: str | None
    run: Callable[[Any, Any], None]


CheckFunction = Callable[[Any, Any], None]


class Contract(Sequence[Check]):
    """The checks of one part, in the order in which they are run.

    Args:
        name: ``<part>``, or ``<part>/<topic>`` as ``storage/atomic_write``.

    Attributes:
        name: As given.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._checks: dict[str, Check] = {}

    def check(
        self,
        level: Level,
        *,
        rule: str,
        why: str,
        hint: str,
        after: Iterable[str] = (),
        posix: str | None = None,
    ) -> Callable[[CheckFunction], CheckFunction]:
        """Add the decorated function as a check; its name becomes the id.

        Args:
            level: How hard it presses.
            rule: What must hold, one sentence.
            why: What goes wrong where it does not.
            hint: Where to look when it fails.
            after: Ids of checks, added before, that must pass first.
            posix: Why it cannot run on Windows, or None.

        Returns:
            A decorator that gives the function back unchanged.

        Raises:
            UsageError: The id is taken, or a prerequisite is not known yet (which also rules out circles).
        """

        def add(function: CheckFunction) -> CheckFunction:
            self._add(Check(function.__name__, level, rule, why, hint, tuple(after), posix, function))
            return function

        return add

    def include(self, checks: Iterable[Check]) -> None:
        """Add checks that were written elsewhere, as those of another contract.

        Args:
            checks: In the order in which they are to run.

        Raises:
            UsageError: See ``check``.
        """
        for check in checks:
            self._add(check)

    def _add(self, check: Check) -> None:
        if check.id in self._checks:
            raise UsageError(f"{self.name} has two checks named {check.id}; rename one")
        if unknown := [earlier for earlier in check.after if earlier not in self._checks]:
            raise UsageError(f"{self.name}: {check.id} comes after {', '.join(unknown)}, not among the checks above it")
        self._checks[check.id] = check

    def __getitem__(self, key: Any) -> Any:
        """Look a check up by its id or position."""
        if isinstance(key, str):
            if key not in self._checks:
                near = difflib.get_close_matches(key, self._checks, n=3)
                raise UsageError(
                    f"{self.name} has no check {key!r}", hint=f"did you mean {' or '.join(near)}?" if near else None
                )
            return self._checks[key]
        return list(self._checks.values())[key]

    def __len__(self) -> int:
        return len(self._checks)

    def __iter__(self) -> Iterator[Check]:
        return iter(self._checks.values())
