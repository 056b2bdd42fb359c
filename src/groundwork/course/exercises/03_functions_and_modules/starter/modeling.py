"""Exercise 03: decorators, preprocessing, evaluation, a registry, and a command that can be installed.

The README says what each must do, the guide how to get there (the core first, then eleven topics in any order), and
``groundwork learn check 03`` which rule comes next. ``Timing`` and ``Interval`` are records and are written already.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Timing:
    """What one call took.

    Attributes:
        name: Of the function.
        wall_s: Seconds, by the clock that was given.
        error: What the call raised, or None.
    """

    name: str
    wall_s: float
    error: BaseException | None = None


def timed(fn: Any = None, *, hook: Callable[[Timing], object] | None = None, clock: Any = time) -> Any:
    """Give the hook a ``Timing`` of each call; without a hook, log it. Stands with and without parentheses.

    Args:
        fn: The function, where the decorator has no options.
        hook: Takes each record, also of a call that raised.
        clock: Has ``monotonic()``; the time module does.
    """
    raise NotImplementedError("timed")


def logged(
    fn: Any = None, *, logger: logging.Logger | None = None, level: int = logging.DEBUG, clock: Any = time
) -> Any:
    """Log each call with its arguments, and an error with its traceback; the error goes on.

    Args:
        fn: The function, where the decorator has no options.
        logger: That of the function's module unless given.
        level: Of the records of a call; an error is ``logging.ERROR``.
        clock: For the duration.
    """
    raise NotImplementedError("logged")


def cached(fn: Any = None, *, max_entries: int | None = 128, ttl_s: float | None = None, clock: Any = time) -> Any:
    """Compute a result once for equal arguments; of threads that ask at once one computes, and no error is kept.

    Args:
        fn: The function, where the decorator has no options.
        max_entries: How many results are kept, the least recently used ones going.
        ttl_s: How long a result is good.
        clock: For ``ttl_s``.
    """
    raise NotImplementedError("cached")


def validated(fn: Any = None, *, result: bool = False) -> Any:
    """Refuse arguments, and with ``result`` the result, that the annotations do not allow; the error names the one.

    Args:
        fn: The function, where the decorator has no options.
        result: Check what is returned as well.
    """
    raise NotImplementedError("validated")


def deprecated(*, since: str, removed_in: str, alternative: str) -> Callable[[Any], Any]:
    """Warn whoever calls the function, at the line of the call, in a text that has its name and all three of these.

    Args:
        since: The version that deprecated it.
        removed_in: The version that will not have it.
        alternative: What to use instead.
    """
    raise NotImplementedError("deprecated")


def impute(train: Floats, *others: Floats, how: Literal["median", "mean"] = "median") -> tuple[Floats, ...]:
    """Fill what is missing by what the training rows say.

    Args:
        train: Rows and columns; NaN is what is missing.
        others: Further parts, treated by what was learned from ``train``.
        how: What takes the place.

    Returns:
        New arrays, as many as were given.
    """
    raise NotImplementedError("impute")


def scale(train: Floats, *others: Floats, how: Literal["standard", "minmax"] = "standard") -> tuple[Floats, ...]:
    """Bring columns to one scale by what the training rows say; a constant one is shifted only, NaN stays.

    Args:
        train: Rows and columns.
        others: Further parts.
        how: ``standard`` (mean 0, deviation 1) or ``minmax`` (0 to 1).

    Returns:
        New arrays, as many as were given.
    """
    raise NotImplementedError("scale")


def evaluate_classification(outcome: ArrayLike, probability: ArrayLike, *, threshold: float = 0.5) -> dict[str, Any]:
    """Return accuracy, precision, recall, f1 and roc_auc; refuse what cannot be judged.

    Args:
        outcome: 0 or 1.
        probability: Of 1.
        threshold: From here on a row is called positive.
    """
    raise NotImplementedError("evaluate_classification")


def evaluate_regression(outcome: ArrayLike, prediction: ArrayLike) -> dict[str, Any]:
    """Return rmse, mae and r2; refuse what cannot be judged.

    Args:
        outcome: Observed numbers.
        prediction: Predicted numbers.
    """
    raise NotImplementedError("evaluate_regression")


@dataclass(frozen=True)
class Interval:
    """A figure, and where the truth lies with some confidence."""

    value: float
    low: float
    high: float
    level: float


def confidence_interval(
    metric: Callable[[Floats, Floats], float],
    outcome: ArrayLike,
    prediction: ArrayLike,
    *,
    samples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
    groups: ArrayLike | None = None,
) -> Interval:
    """Say by bootstrap how far a figure may lie from the truth because the rows are few.

    Args:
        metric: A function of outcome and prediction.
        outcome: One value a row.
        prediction: One value a row.
        samples: How often the rows are drawn again.
        level: Confidence, between 0 and 1.
        seed: Decides, alone, what is drawn.
        groups: What each row belongs to; whole groups are then drawn.
    """
    raise NotImplementedError("confidence_interval")


def register(kind: str, name: str, value: Any = None) -> Any:
    """Give a value a name of a kind; without a value, a decorator. A name that is taken is refused.

    Args:
        kind: As "metric".
        name: The name.
        value: What it stands for.
    """
    raise NotImplementedError("register")


def find_plugin(kind: str, name: str) -> Any:
    """Return what was registered; an unknown name is an error that lists those of its kind.

    Args:
        kind: As "metric".
        name: The name.
    """
    raise NotImplementedError("find_plugin")


def main() -> int:
    """Judge the columns outcome and prediction of a CSV file, as ``sys.argv`` says; return the exit status."""
    raise NotImplementedError("main")
