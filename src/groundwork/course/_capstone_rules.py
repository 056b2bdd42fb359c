"""The contract of the capstone: its stages, and whose work each of them shows.

Rule: a check receives the story, which has seen from outside what the modules did together; it compares that with what
was calculated here. What a module says of itself decides nothing.
"""

from collections.abc import Callable, Iterable
from typing import Any, NoReturn

from groundwork.course._capstone_process import label_of
from groundwork.errors import ContractBroken
from groundwork.testing import Contract, Level

CAPSTONE = Contract("capstone")
BLAME: dict[str, str] = {}
"""Whose module a stage shows above all: id of the check to number."""

_FILES = {
    "01": "environment",
    "02": "data",
    "03": "modeling",
    "04": "storage",
    "05": "resilience",
    "06": "concurrency",
    "07": "test_suite",
}
Stage = Callable[[Any, Any], None]


def stage(module: str, level: Level, *, after: Iterable[str] = (), **texts: Any) -> Callable[[Stage], Stage]:
    """Add the decorated function to the capstone.

    Args:
        module: Number of the exercise whose work it shows above all.
        level: How hard it presses.
        after: Ids of the stages that must have passed.
        **texts: rule, why, hint, posix; see ``Contract.check``.

    Returns:
        A decorator that gives the function back unchanged.
    """
    add = CAPSTONE.check(level, after=after, **texts)

    def named(function: Stage) -> Stage:
        BLAME[function.__name__] = module
        return add(function)

    return named


def blame(module: str, found: str, expected: str) -> NoReturn:
    """Say what broke.

    Args:
        module: Number of the exercise to blame.
        found: What happened.
        expected: What should have.

    Raises:
        ContractBroken: Always.
    """
    raise ContractBroken(f"{label_of(_FILES[module])}: {found}; expected {expected}")
