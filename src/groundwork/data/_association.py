"""How well one column alone tells the target.

Rule: scores live in [0, 1] and mean the same for every kind of column: for classes max(AUC, 1 - AUC), of the column's
order, of a target encoding that was fitted on the other half of the rows, or of where it is missing; for a number
the absolute rank correlation. Cost: a sort or two of each column over the sample.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

_MOST_CLASSES = 10
_BINS = 64
_PRIOR_ROWS = 5.0

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Target:
    """What is to be predicted, as one or more yes-or-no questions or as ranks.

    Attributes:
        questions: For classes, one indicator each (a single one where there are two classes).
        ranks: For a number, its values; else None.
    """

    questions: list[Floats]
    ranks: Floats | None = None

    @classmethod
    def of(cls, values: pl.Series) -> "Target":
        """Tell from the type and the number of values what kind of target this is.

        Args:
            values: The target, without missing values.

        Returns:
            The target.
        """
        distinct = values.n_unique()
        if values.dtype.is_numeric() and distinct > _MOST_CLASSES:
            return cls([], values.cast(pl.Float64).to_numpy())
        texts = values.cast(pl.String)
        classes = texts.value_counts(sort=True)[texts.name].to_list()
        asked = sorted(classes)[1:] if distinct == 2 else classes[:_MOST_CLASSES]
        return cls([(texts == name).to_numpy().astype(np.float64) for name in asked])

    @property
    def measure(self) -> str:
        """The name of the score."""
        return "ROC AUC" if self.ranks is None else "|Spearman correlation|"

    def score(self, values: Floats) -> float:
        """Score a numeric predictor.

        Args:
            values: One number a row; NaN where there is none.

        Returns:
            The score over the rows that have a number; 0 where nothing can be said.
        """
        known = ~np.isnan(values)
        if known.sum() < 2:
            return 0.0
        ranks = pl.Series(values[known]).rank().to_numpy()
        if self.ranks is not None:
            return _correlation(ranks, pl.Series(self.ranks[known]).rank().to_numpy())
        return max((_auc(ranks, question[known] > 0) for question in self.questions), default=0.0)

    def encoded_score(self, codes: npt.NDArray[np.int64]) -> float:
        """Score a categorical predictor by the target's mean of each category, fitted on the other half of the rows.

        Args:
            codes: Category of each row, from 0.

        Returns:
            The score.
        """
        half = np.arange(len(codes)) % 2 == 0
        sides = [self.ranks] if self.ranks is not None else self.questions
        scores = []
        for side in sides:
            encoded = np.where(half, _means(codes, side, ~half)[codes], _means(codes, side, half)[codes])
            # Each half's own rows are compared with each other only; the two fits differ by a constant.
            one = Target([side[half]]) if self.ranks is None else Target([], side[half])
            two = Target([side[~half]]) if self.ranks is None else Target([], side[~half])
            scores.append((one.score(encoded[half]) + two.score(encoded[~half])) / 2)
        return max(scores, default=0.0)


def column_scores(column: pl.Series, target: Target) -> dict[str, float]:
    """Score one column in every way that suits its type.

    Args:
        column: The feature.
        target: The target over the same rows.

    Returns:
        Score by way: "order", "categories", "missing".
    """
    scores = {"missing": target.score(column.is_null().to_numpy().astype(np.float64))} if column.null_count() else {}
    if is_ordered(column):
        numbers = as_numbers(column)
        scores["order"] = target.score(numbers)
        if column.n_unique() > 2:
            scores["categories"] = target.encoded_score(_bins(numbers))
    elif not column.dtype.is_nested():
        codes = column.cast(pl.String).rank("dense").fill_null(0).to_numpy().astype(np.int64)
        scores["categories"] = target.encoded_score(codes)
    return scores


def is_ordered(column: pl.Series) -> bool:
    """Tell whether a column has an order: numbers, booleans, dates and times.

    Args:
        column: The column.

    Returns:
        Whether it has.
    """
    return column.dtype.is_numeric() or column.dtype.is_temporal() or column.dtype == pl.Boolean


def as_numbers(column: pl.Series) -> Floats:
    """Give an ordered column as numbers.

    Args:
        column: The column.

    Returns:
        Floats, NaN where missing.
    """
    physical = column.to_physical() if column.dtype.is_temporal() else column
    numbers: Floats = physical.cast(pl.Float64).fill_null(float("nan")).to_numpy()
    return numbers


def _auc(ranks: Floats, positive: Bools) -> float:
    yes = float(positive.sum())
    no = len(positive) - yes
    if not yes or not no:
        return 0.0
    area = (float(ranks[positive].sum()) - yes * (yes + 1) / 2) / (yes * no)
    return max(area, 1 - area)


def _correlation(one: Floats, two: Floats) -> float:
    spread = float(one.std() * two.std())
    return abs(float(np.mean((one - one.mean()) * (two - two.mean())) / spread)) if spread else 0.0


def _means(codes: npt.NDArray[np.int64], side: Floats, rows: Bools) -> Floats:
    size = int(codes.max()) + 1
    sums = np.bincount(codes[rows], weights=side[rows], minlength=size)
    counts = np.bincount(codes[rows], minlength=size)
    # Rare categories lean to the overall mean, else a name that occurs once would look like knowledge.
    means: Floats = (sums + _PRIOR_ROWS * side[rows].mean()) / (counts + _PRIOR_ROWS)
    return means


def _bins(numbers: Floats) -> npt.NDArray[np.int64]:
    known = numbers[~np.isnan(numbers)]
    if not len(known):
        return np.zeros(len(numbers), np.int64)
    edges = np.unique(np.quantile(known, np.linspace(0, 1, _BINS + 1)[1:-1]))
    return np.where(np.isnan(numbers), 0, 1 + np.searchsorted(edges, numbers)).astype(np.int64)
