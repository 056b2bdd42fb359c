"""The scenes of the contract of the data part: tables of flights, keys that count, chance that belongs to others."""

import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any, ClassVar

from groundwork.errors import ContractBroken
from groundwork.testing._lab import Lab
from groundwork.testing._processes import Work
from groundwork.testing.contracts._refusals import expect_chosen

DAYS = 200


class Counted(str):
    """A text that counts how often it is hashed or compared: what a scan does, told without a clock."""

    __slots__ = ()
    operations: ClassVar[int] = 0

    def __hash__(self) -> int:
        """Count, then hash."""
        Counted.operations += 1
        return str.__hash__(self)

    def __eq__(self, other: object) -> bool:
        """Count, then compare."""
        Counted.operations += 1
        return str.__eq__(self, other)


def operations_of(call: Callable[[], object]) -> int:
    """Count how often texts are hashed or compared during a call."""
    before = Counted.operations
    call()
    return Counted.operations - before


def cpu_s(call: Callable[[], object], *, best_of: int = 3) -> float:
    """Measure the processor's seconds of a call, the least of several: other jobs do not count."""
    taken = []
    for _ in range(best_of):
        before = time.process_time()
        call()
        taken.append(time.process_time() - before)
    return max(min(taken), 1e-6)


def expect_error(call: Callable[[], object], what: str, *, naming: str = "") -> None:
    """Break the contract unless the call raises, and the error's text has the name in it."""
    try:
        value = call()
    except Exception as error:
        expect_chosen(error, what)
        if naming not in str(error):
            found = f"{type(error).__name__}: {str(error)[:80]}"
            raise ContractBroken(f"{what}: the error says {found!r}; expected it to name {naming}") from error
        return
    given = "nothing" if value is None else f"a {type(value).__name__}"
    raise ContractBroken(f"{what} gave {given}; expected an error")


def within(call: Callable[[], Any], seconds: float, what: str) -> Any:
    """Return what the call returns, or break the contract if it does not end in time."""
    outcome: list[Any] = []

    def run() -> None:
        try:
            outcome.append((call(), None))
        except Exception as error:  # noqa: BLE001 - raised again below, in the thread that asked
            outcome.append((None, error))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if not outcome:
        raise ContractBroken(f"{what} did not end within {seconds:g} s")
    value, error = outcome[0]
    if error is not None:
        raise error
    return value


@contextmanager
def chance_of_others(what: str, seed: int) -> Iterator[None]:
    """Seed the global generators, as a user does, and break the contract if the block moves one of them."""
    import numpy as np

    kept = random.getstate(), np.random.get_state()
    random.seed(seed)
    np.random.seed(seed)
    before = random.getstate(), str(np.random.get_state())
    try:
        yield
        after = random.getstate(), str(np.random.get_state())
    finally:
        random.setstate(kept[0])
        np.random.set_state(kept[1])
    for name, one, other in zip(("random", "numpy.random"), before, after, strict=True):
        if one != other:
            raise ContractBroken(f"{what} moved the global generator of {name}; expected a generator of its own")


def elsewhere(subject: ModuleType, lab: Lab, work: Work) -> Any:
    """Run ``work`` in another process, in which texts have other hashes; return what it returned."""
    name = "PYTHONHASHSEED"
    before = os.environ.get(name)
    os.environ[name] = "2" if before == "1" else "1"
    try:
        [value] = lab.processes(subject, work)
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before
    return value


def table(**columns: Any) -> Any:
    """Make a polars frame."""
    import polars as pl

    return pl.DataFrame(columns)


def flights(rows: int = 600, *, first: int = 0) -> Any:
    """Make flights of ``DAYS`` days: a number, the day, an airline (one of five is rare), and the delay."""
    numbers = range(first, first + rows)
    return table(
        flight=list(numbers),
        day=[f"day {number * 7919 % DAYS:03}" for number in numbers],
        airline=["rare" if number % 20 == 3 else f"airline {number % 4}" for number in numbers],
        delay=[(number * 31 % 97) / 2 for number in numbers],
    )


def rows_of(frame: Any) -> list[tuple[Any, ...]]:
    """List the rows of a polars frame."""
    if not all(hasattr(frame, name) for name in ("rows", "columns", "height")):
        raise ContractBroken(f"found a {type(frame).__name__}; expected a polars frame")
    return list(frame.rows())


def numbers_of(frame: Any, column: str = "flight") -> list[Any]:
    """List the values of a frame's column."""
    rows = rows_of(frame)
    place = frame.columns.index(column)
    return [row[place] for row in rows]


@contextmanager
def unchanged(frame: Any, what: str) -> Iterator[None]:
    """Break the contract if the block changes the frame."""
    columns, rows = list(frame.columns), rows_of(frame)
    yield
    if list(frame.columns) != columns:
        raise ContractBroken(f"{what} left the caller's table with columns {frame.columns}; expected {columns}")
    if rows_of(frame) != rows:
        raise ContractBroken(f"{what} changed the rows of the caller's table; expected them as they were")
