"""The scenes of the contract of the modeling part: a log that is read, arguments that count, numbers that differ."""

import itertools
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from groundwork.errors import ContractBroken

_LOGS = itertools.count()


def plain(decorator: Any) -> Callable[[Callable[..., Any]], Any]:
    """Say to a type checker that a decorator of the subject, of which nothing is known, is one."""
    made: Callable[[Callable[..., Any]], Any] = decorator
    return made


class Seen(logging.Handler):
    """Keeps the records of a logger."""

    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it."""
        self.records.append(record)

    def texts(self) -> list[str]:
        """List the messages."""
        return [record.getMessage() for record in self.records]


@contextmanager
def listening(level: int = logging.DEBUG) -> Iterator[tuple[logging.Logger, Seen]]:
    """Give a logger of this level that nobody else has, and what it was told."""
    logger, seen = logging.getLogger(f"groundwork.contract.{next(_LOGS)}"), Seen()
    logger.propagate = False
    logger.setLevel(level)
    logger.addHandler(seen)
    try:
        yield logger, seen
    finally:
        logger.removeHandler(seen)


class Shown:
    """An argument that counts how often it is written out."""

    def __init__(self) -> None:
        self.times = 0

    def __repr__(self) -> str:
        """Count."""
        self.times += 1
        return "Shown()"


def expect_numbers(found: Any, expected: Any, what: str, *, tolerance: float = 1e-9) -> None:
    """Break the contract unless both hold the same numbers in the same shape; NaN is equal to NaN."""
    import numpy as np

    if not isinstance(found, np.ndarray):
        raise ContractBroken(f"{what}: found a {type(found).__name__}; expected a numpy array")
    wanted = np.asarray(expected, dtype=float)
    if found.shape != wanted.shape:
        raise ContractBroken(f"{what}: found shape {found.shape}; expected {wanted.shape}")
    if not np.allclose(found.astype(float), wanted, rtol=tolerance, atol=tolerance, equal_nan=True):
        raise ContractBroken(f"{what}: found {_short(found)}; expected {_short(wanted)}")


def expect_number(found: Any, expected: float, what: str, *, tolerance: float = 1e-9) -> None:
    """Break the contract unless the number is this one."""
    if not abs(float(found) - expected) <= tolerance * max(1.0, abs(expected)):
        raise ContractBroken(f"{what}: found {found!r}; expected {expected:.6g}")


def _short(array: Any) -> str:
    text = " ".join(str(array.round(4).tolist()).split())
    return text if len(text) <= 100 else f"{text[:100]}..."
