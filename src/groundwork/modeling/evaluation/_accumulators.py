"""Figures of more rows than fit in memory, batch by batch, or process by process.

Rule: what is kept of a batch are counts and exact sums, so batches in any order, merged in any way, give the same
figures to the last bit. Rows have no weights here: weighted counts would be rounded, and rounding has an order.
Cost: some 220 ns a row with every probability kept, 60 with bins, 65 of numbers.
"""

import contextlib
import math
from collections.abc import Iterator
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from groundwork.errors import ConfigurationError, InvalidDataError
from groundwork.modeling.evaluation._checked import checked, checked_numbers, checked_threshold, need_both_classes
from groundwork.modeling.evaluation._exact import PLACES, ratio, square_units, units
from groundwork.modeling.evaluation._ranking import average_precision, roc_auc
from groundwork.modeling.evaluation._rowwise import bin_of, surprise
from groundwork.modeling.evaluation._score_counts import BinnedScores, DistinctScores, lost_in_ties


class ClassificationAccumulator:
    """The figures of ``evaluate_classification``, of batches.

    Args:
        threshold: A row is called positive from this probability on.
        bins: Bins of the calibration error.
        score_bins: None keeps every distinct probability, and the ranking figures are exact. A number counts
            probabilities in so many bins instead, and the result says how far the ranking figures may be off.

    Raises:
        ConfigurationError: No bins, or a threshold that is NaN.
    """

    def __init__(self, *, threshold: float = 0.5, bins: int = 15, score_bins: int | None = None) -> None:
        if bins < 1 or (score_bins is not None and score_bins < 1):
            raise ConfigurationError(f"bins is {bins}, score_bins is {score_bins}", hint="15 and 10,000 are usual")
        self._settings: dict[str, Any] = {
            "threshold": checked_threshold(threshold),
            "bins": bins,
            "score_bins": score_bins,
        }
        # true negatives, false positives, false negatives, true positives
        self._confusion = [0] * 4
        self._squared = 0
        self._surprise = 0
        self._bins = [[0, 0, 0] for _ in range(bins)]
        self._scores: DistinctScores | BinnedScores = (
            DistinctScores() if score_bins is None else BinnedScores(score_bins)
        )

    @property
    def rows(self) -> int:
        """How many rows were added."""
        return sum(self._confusion)

    def add(self, outcome: ArrayLike, probability: ArrayLike) -> None:
        """Take a batch in.

        Args:
            outcome: Observed class, 0 or 1, shape (n,); none at all is fine.
            probability: Predicted probability of class 1, shape (n,).

        Raises:
            InvalidDataError: Shapes differ, a missing value, or a value out of range; nothing of the batch is kept.
        """
        if np.size(outcome) == np.size(probability) == 0:
            return
        positive, stated, _ = checked(outcome, probability, both_classes=False)
        called = stated >= self._settings["threshold"]
        cells = np.bincount(called + 2 * positive.astype(np.int64), minlength=4).tolist()
        self._confusion = _sums(self._confusion, cells)
        self._squared += units((stated - positive) ** 2)[0]
        self._surprise += units(surprise(positive, stated))[0]
        bins = len(self._bins)
        where = bin_of(stated, bins)
        rows, seen = np.bincount(where, minlength=bins), np.bincount(where[positive], minlength=bins)
        batch = zip(rows.tolist(), seen.tolist(), units(stated, where, bins), strict=True)
        self._bins = [_sums(*pair) for pair in zip(self._bins, batch, strict=True)]
        self._scores.add(positive, stated)

    def merge(self, other: Self) -> None:
        """Take in what another has taken in.

        Args:
            other: Of the same settings; left as it is.

        Raises:
            ConfigurationError: It is of another kind, or the settings differ.
        """
        _same_kind(self, other)
        _same(self._settings, other._settings)
        self._confusion = _sums(self._confusion, other._confusion)
        self._squared += other._squared
        self._surprise += other._surprise
        self._bins = [_sums(*pair) for pair in zip(self._bins, other._bins, strict=True)]
        self._scores.merge(other._scores)  # type: ignore[arg-type]  # the same settings, the same kind

    def result(self) -> dict[str, Any]:
        """Tell the figures of all rows so far.

        Returns:
            As ``evaluate_classification``; with ``score_bins`` also ``roc_auc_error`` and
            ``average_precision_error``, at most so far the two may lie from those of the rows themselves.

        Raises:
            InvalidDataError: No rows yet, or one class only.
        """
        tn, fp, fn, tp = self._confusion
        rows = _some(self.rows)
        need_both_classes(tp + fn, rows)
        counts = self._scores.counts()
        ranked = {"roc_auc": roc_auc(counts), "average_precision": average_precision(counts)}
        if isinstance(self._scores, BinnedScores):
            ranked["roc_auc_error"], ranked["average_precision_error"] = lost_in_ties(counts)
        gaps = sum(abs((seen << PLACES) - said) for _, seen, said in self._bins)
        return ranked | {
            "brier": ratio(self._squared, rows << PLACES),
            "log_loss": ratio(self._surprise, rows << PLACES),
            "calibration_error": ratio(gaps, rows << PLACES),
            "accuracy": (tp + tn) / rows,
            "precision": tp / (tp + fp) if tp + fp else 0.0,
            "recall": tp / (tp + fn),
            "f1": 2 * tp / (2 * tp + fp + fn),
            "base_rate": (tp + fn) / rows,
            "threshold": self._settings["threshold"],
            "confusion": [[tn, fp], [fn, tp]],
            "rows": rows,
        }

    def to_dict(self) -> dict[str, Any]:
        """Return all that was taken in, as plain data for JSON; the same for the same rows in any batches.

        Returns:
            Settings, counts, and sums in hexadecimal multiples of 2 ** -1127.
        """
        return {
            "kind": "classification",
            "settings": dict(self._settings),
            "confusion": list(self._confusion),
            "squared": f"{self._squared:x}",
            "surprise": f"{self._surprise:x}",
            "bins": [[rows, seen, f"{said:x}"] for rows, seen, said in self._bins],
            "scores": self._scores.to_dict(),
        }

    @classmethod
    def from_dict(cls, described: dict[str, Any]) -> Self:
        """Bring back an accumulator, to be added to or merged.

        Args:
            described: What ``to_dict`` gave.

        Returns:
            The accumulator.

        Raises:
            InvalidDataError: It is nothing that ``to_dict`` gives.
        """
        _of_kind(described, "classification")
        with _refused("classification"):
            found = cls(**described["settings"])
            found._confusion = list(described["confusion"])
            found._squared, found._surprise = int(described["squared"], 16), int(described["surprise"], 16)
            found._bins = [[rows, seen, int(said, 16)] for rows, seen, said in described["bins"]]
            found._scores = type(found._scores).from_dict(described["scores"])
        return found


class RegressionAccumulator:
    """The figures of ``evaluate_regression``, of batches; but no median, which no counts and sums can give."""

    def __init__(self) -> None:
        self.rows = 0
        # Exact sums: error, its size and square; outcome and its square.
        self._sums = [0] * 5

    def add(self, outcome: ArrayLike, prediction: ArrayLike) -> None:
        """Take a batch in.

        Args:
            outcome: Observed, shape (n,); none at all is fine.
            prediction: Predicted, shape (n,).

        Raises:
            InvalidDataError: Shapes differ, or a value is missing, infinite or beyond 1e150.
        """
        if np.size(outcome) == np.size(prediction) == 0:
            return
        observed, predicted, _ = checked_numbers(outcome, prediction)
        error = predicted - observed
        batch = [each for terms in (error, np.abs(error), error**2, observed) for each in units(terms)]
        self._sums = _sums(self._sums, [*batch, square_units(observed)])
        self.rows += observed.size

    def merge(self, other: Self) -> None:
        """Take in what another has taken in.

        Args:
            other: Left as it is.

        Raises:
            ConfigurationError: It is of another kind.
        """
        _same_kind(self, other)
        self._sums = _sums(self._sums, other._sums)
        self.rows += other.rows

    def result(self) -> dict[str, Any]:
        """Tell the figures of all rows so far.

        Returns:
            As ``evaluate_regression``, without ``median_error``.

        Raises:
            InvalidDataError: No rows yet.
        """
        rows = _some(self.rows)
        error, size, squared, total, total_of_squares = self._sums
        scale = rows << PLACES
        # rows * rows * variance, in squares of the unit.
        variance = ((total_of_squares * rows) << PLACES) - total * total
        return {
            "r2": ratio(variance - ((squared * rows) << PLACES), variance) if variance else float(not squared),
            "rmse": math.sqrt(ratio(squared, scale)),
            "mae": ratio(size, scale),
            "bias": ratio(error, scale),
            "rows": rows,
        }

    def to_dict(self) -> dict[str, Any]:
        """Return all that was taken in, as plain data for JSON; the same for the same rows in any batches.

        Returns:
            The count, and sums in hexadecimal multiples of 2 ** -1127.
        """
        return {"kind": "regression", "rows": self.rows, "sums": [f"{each:x}" for each in self._sums]}

    @classmethod
    def from_dict(cls, described: dict[str, Any]) -> Self:
        """Bring back an accumulator, to be added to or merged.

        Args:
            described: What ``to_dict`` gave.

        Returns:
            The accumulator.

        Raises:
            InvalidDataError: It is nothing that ``to_dict`` gives.
        """
        _of_kind(described, "regression")
        with _refused("regression"):
            found = cls()
            found.rows = described["rows"]
            found._sums = [int(each, 16) for each in described["sums"]]
        return found


def _sums(one: Any, other: Any) -> list[int]:
    return [left + right for left, right in zip(one, other, strict=True)]


def _some(rows: int) -> int:
    if rows == 0:
        raise InvalidDataError("no rows were added, so there is nothing to judge")
    return rows


def _same_kind(one: object, other: object) -> None:
    if not isinstance(other, type(one)):
        raise ConfigurationError(
            f"a {type(other).__name__} does not merge into a {type(one).__name__}",
            hint="merge accumulators of one kind",
        )


def _same(settings: dict[str, Any], other: dict[str, Any]) -> None:
    if settings != other:
        raise ConfigurationError(f"settings {other} do not merge into {settings}", hint="use one setting for all parts")


def _of_kind(described: dict[str, Any], kind: str) -> None:
    if described.get("kind") != kind:
        raise InvalidDataError(
            f"kind {described.get('kind')!r} is no {kind} accumulator", hint="pass what to_dict gave"
        )


@contextlib.contextmanager
def _refused(kind: str) -> Iterator[None]:
    try:
        yield
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidDataError(f"no {kind} accumulator: {error!r}", hint="pass what to_dict gave") from error
