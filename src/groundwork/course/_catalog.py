"""The exercises that there are, read from ``course.toml``."""

import importlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from groundwork.errors import UsageError
from groundwork.testing import Check, Contract, Level

CAPSTONE = "capstone"
_HERE = Path(__file__).resolve().parent


@dataclass(frozen=True, slots=True)
class Exercise:
    """One exercise.

    Attributes:
        number: Its place, as ``04``; of the final check its name.
        folder: Name of its folder, as ``04_file_io``.
        title: What it is about, one line.
        file: The file that the learner writes.
        contract_module: Where its checks are.
        minutes: How long its core takes somebody who knows Python.
        hints: Further hints by check, after the one that the check itself carries.
        library: The packages of groundwork that its contract is about; empty where there is none.
        core: The levels that make its core; the checks of the others can be done on other days.
        beyond: How many minutes those others take; 0 where there are none.
    """

    number: str
    folder: str
    title: str
    file: str
    contract_module: str
    minutes: int
    hints: Mapping[str, tuple[str, ...]]
    library: tuple[str, ...] = ()
    core: tuple[Level, ...] = (Level.BASIC,)
    beyond: int = 0

    @property
    def path(self) -> Path:
        """The exercise's folder inside the package; read only."""
        return _HERE / "exercises" / self.folder

    @property
    def contract(self) -> Contract:
        """The checks; imported when asked for."""
        contract = importlib.import_module(self.contract_module).CONTRACT
        assert isinstance(contract, Contract)
        return contract

    @property
    def topics(self) -> Mapping[Contract, tuple[str, ...]]:
        """The contract's parts, and the names that each asks of an implementation."""
        topics: Mapping[Contract, tuple[str, ...]] = importlib.import_module(self.contract_module).TOPICS
        return topics

    @property
    def core_checks(self) -> list[Check]:
        """The checks of the core, in the contract's order."""
        return [check for check in self.contract if check.level in self.core]

    @property
    def beyond_checks(self) -> int:
        """How many checks there are beyond the core."""
        return len(self.contract) - len(self.core_checks)

    def hints_of(self, check: str) -> tuple[str, ...]:
        """List what helps with a check, one step after the other.

        Args:
            check: Its id.

        Returns:
            The check's own hint, then the further ones.

        Raises:
            UsageError: There is no such check.
        """
        return (self.contract[check].hint, *self.hints.get(check, ()))


@cache
def exercises() -> tuple[Exercise, ...]:
    """List the exercises.

    Returns:
        All of them, in the order of the course.
    """
    return tuple(map(_exercise, _listed()["exercise"]))


@cache
def capstone() -> Exercise:
    """Describe the final check, in which the modules of all exercises work together.

    Returns:
        It, as an exercise: its file is the story, its checks are the story's stages. ``exercises`` does not list it.
    """
    return _exercise(_listed()[CAPSTONE])


@cache
def _listed() -> Mapping[str, Any]:
    return tomllib.loads((_HERE / "course.toml").read_text(encoding="utf-8"))


def _exercise(entry: Mapping[str, Any]) -> Exercise:
    return Exercise(
        number=entry["number"],
        folder=entry["folder"],
        title=entry["title"],
        file=entry["file"],
        contract_module=entry["contract"],
        minutes=entry["minutes"],
        hints={check: tuple(hints) for check, hints in entry.get("hints", {}).items()},
        library=tuple(entry.get("library", ())),
        core=tuple(Level(level) for level in entry.get("core", (Level.BASIC,))),
        beyond=entry.get("beyond", 0),
    )


def find_exercise(name: str) -> Exercise:
    """Find an exercise by what a person calls it.

    Args:
        name: Its number with or without the zero, or its folder's name; ``capstone`` is the final check.

    Returns:
        The exercise.

    Raises:
        UsageError: There is none of that name.
    """
    for exercise in (*exercises(), capstone()):
        if name.rstrip("/") in (exercise.number, exercise.number.lstrip("0"), exercise.folder):
            return exercise
    known = ", ".join(exercise.number for exercise in exercises())
    raise UsageError(f"there is no exercise {name!r}; there are {known}", hint="groundwork learn list")
