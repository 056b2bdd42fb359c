"""How well one column alone tells the target.

Rule: scores live in [0, 1] and mean the same for every kind of column. For classes max(AUC, 1 - AUC): of the column's
order, of a target encoding that was fitted on the other half of the rows, of where the column is missing, of a word in
its text. For a number the absolute rank correlation, or R (the root of R²) of a line or steps fitted on the other half:
ranks agree little where a mass of near-equal targets hides a tail that is foretold exactly. What is missing, or holds a
word, says yes or no: there a number counts by how well it tells the two apart, 2 AUC - 1. What chance brings in four
standard deviations counts as nothing. Cost: a sort or two of each column over the sample.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl

_MOST_CLASSES = 10
_MOST_WORDS = 50
_LEAST_TEXTS = 100
_BINS = 64
_PRIOR_ROWS = 5.0
_DEVIATIONS = 4.0

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Target:
    """What is to be predicted, as one or more yes-or-no questions or as a number.

    Attributes:
        questions: For classes, one indicator each (a single one where there are two classes).
        values: For a number, its values; else None.
    """

    questions: list[Floats]
    values: Floats | None = None

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

    def measure_of(self, way: str) -> str:
        """Name the score.

        Args:
            way: A key of ``column_scores``.

        Returns:
            The measure's name.
        """
        if self.values is None:
            return "ROC AUC"
        if way in ("missing", "word"):
            return "2 AUC - 1"
        return "R (root of R²)" if way == "fit" else "|Spearman correlation|"

    def score(self, values: Floats) -> float:
        """Score a numeric predictor by its order.

        Args:
            values: One number a row; NaN where there is none.

        Returns:
            The score over the rows that have a number; 0 where nothing can be said.
        """
        known = ~np.isnan(values)
        if known.sum() < 2:
            return 0.0
        ranks = _ranks(values[known])
        if self.values is not None:
            return _correlation(ranks, _ranks(self.values[known]))
        return max((_auc(ranks, question[known] > 0) for question in self.questions), default=0.0)

    def number_scores(self, values: Floats) -> dict[str, float]:
        """Score a numeric predictor by its order, and for a number by a line too.

        Args:
            values: One number a row; NaN where there is none.

        Returns:
            Score by way: "order", "fit".
        """
        told = self.values
        if told is None:
            return {"order": self.score(values)}
        return {"order": self.score(values), "fit": _fitted(told, lambda rows: _line(values, told, rows))}

    def flag_score(self, flag: Bools) -> float:
        """Score a predictor that says yes or no.

        Args:
            flag: One answer a row.

        Returns:
            The score.
        """
        if self.values is not None:
            return max(2 * _auc(self._value_ranks, flag) - 1, 0.0)
        # Of a predictor with two values the AUC is the middle of the two rates at which it is right.
        asked = [question > 0 for question in self.questions]
        return max(_beyond_chance(float(1 + flag[one].mean() - flag[~one].mean()) / 2, one) for one in asked)

    @cached_property
    def _value_ranks(self) -> Floats:
        return _ranks(self.values if self.values is not None else np.empty(0))

    def encoded_scores(self, codes: Codes) -> dict[str, float]:
        """Score a categorical predictor by the target's mean of each category, fitted on the other half of the rows.

        Args:
            codes: Category of each row, from 0.

        Returns:
            Score by way: "categories", and for a number "fit".
        """
        half = _half(len(codes))
        scores = []
        for side in self.questions if self.values is None else [self.values]:
            encoded = np.where(half, _means(codes, side, ~half)[codes], _means(codes, side, half)[codes])
            # Each half's own rows are compared with each other only; the two fits differ by a constant.
            halves = [
                (Target([side[rows]]) if self.values is None else Target([], side[rows])).score(encoded[rows])
                for rows in (half, ~half)
            ]
            scores.append((halves[0] + halves[1]) / 2)
        found = {"categories": max(scores, default=0.0)}
        told = self.values
        if told is not None:
            found["fit"] = _fitted(told, lambda rows: _means(codes, told, rows)[codes])
        return found


def column_scores(column: pl.Series, target: Target) -> dict[str, float]:
    """Score one column in every way that suits its type.

    Args:
        column: The feature.
        target: The target over the same rows.

    Returns:
        Score by way: "order", "fit", "categories", "missing", "word".
    """
    scores = {"missing": target.flag_score(column.is_null().to_numpy())} if column.null_count() else {}
    if is_ordered(column):
        numbers = as_numbers(column)
        found = [target.number_scores(numbers)]
        if column.n_unique() > 2:
            found.append(target.encoded_scores(_bins(numbers)))
    elif not column.dtype.is_nested() and column.dtype != pl.Binary:
        codes = column.cast(pl.String).rank("dense").fill_null(0).to_numpy().astype(np.int64)
        found = [target.encoded_scores(codes)]
        if column.dtype == pl.String and column.n_unique() > _LEAST_TEXTS:
            found.append({"word": telling_word(column, target)[1]})
    else:
        found = []
    for one in found:
        for way, score in one.items():
            scores[way] = max(score, scores.get(way, 0.0))
    return scores


def telling_word(column: pl.Series, target: Target) -> tuple[str, float]:
    """Find the word whose presence tells most of the target.

    Args:
        column: Texts.
        target: The target over the same rows.

    Returns:
        The word, in lower case, and its score; no word and 0 where there is none.
    """
    words = column.str.to_lowercase().str.extract_all(r"\w+").list.unique()
    counted = words.drop_nulls().explode().drop_nulls().alias("word").value_counts()
    frequent = counted.sort("count", "word", descending=[True, False])["word"].head(_MOST_WORDS).to_list()
    scored = [(target.flag_score(words.list.contains(word).fill_null(False).to_numpy()), word) for word in frequent]
    score, word = max(scored, key=lambda one: one[0], default=(0.0, ""))
    return word, score


def is_ordered(column: pl.Series) -> bool:
    """Tell whether a column has an order: numbers, booleans, dates and times.

    Args:
        column: The column.

    Returns:
        Whether it has.
    """
    return column.dtype.is_numeric() or column.dtype.is_temporal() or column.dtype == pl.Boolean


def is_time(column: pl.Series) -> bool:
    """Tell whether a column holds instants: dates, or dates with times.

    Args:
        column: The column.

    Returns:
        Whether it does.
    """
    return isinstance(column.dtype, pl.Date | pl.Datetime)


def as_numbers(column: pl.Series) -> Floats:
    """Give an ordered column as numbers; instants of every type as microseconds since 1970, so that they compare.

    Args:
        column: The column.

    Returns:
        Floats, NaN where missing.
    """
    physical = column.dt.epoch("us") if is_time(column) else column.to_physical()
    numbers: Floats = physical.cast(pl.Float64).fill_null(float("nan")).to_numpy()
    return numbers


def _ranks(values: Floats) -> Floats:
    ranks: Floats = pl.Series(values).rank().to_numpy()
    return ranks


def _half(rows: int) -> Bools:
    # Drawn, not every second row: rows may take turns. Always the same draw, whose first two rows fall to either side.
    half: Bools = np.random.Generator(np.random.PCG64(0)).random(rows) < 0.5
    return half


def _auc(ranks: Floats, positive: Bools) -> float:
    yes = float(positive.sum())
    no = len(positive) - yes
    if not yes or not no:
        return 0.0
    return _beyond_chance((float(ranks[positive].sum()) - yes * (yes + 1) / 2) / (yes * no), positive)


def _beyond_chance(area: float, positive: Bools) -> float:
    yes = float(positive.sum())
    no = len(positive) - yes
    chance = _DEVIATIONS * ((yes + no + 1) / (12 * yes * no)) ** 0.5
    return max(area, 1 - area) if abs(area - 0.5) > chance else 0.5


def _correlation(one: Floats, two: Floats) -> float:
    spread = float(one.std() * two.std())
    found = abs(float(np.mean((one - one.mean()) * (two - two.mean())) / spread)) if spread else 0.0
    return found if found > _DEVIATIONS / len(one) ** 0.5 else 0.0


def _fitted(values: Floats, fit: Callable[[Bools], Floats]) -> float:
    """R of a fit on one half of the rows, told by the other half; the worse of the two ways round."""
    half = _half(len(values))
    worst = 1.0
    for learned, told in ((half, ~half), (~half, half)):
        # Numbers near the largest float may overflow; what is not finite then tells nothing.
        with np.errstate(all="ignore"):
            left = float(np.mean((values[told] - fit(learned)[told]) ** 2))
            spread = float(values[told].var())
        share = 1 - left / spread if spread > 0 else 0.0
        worst = min(worst, share if math.isfinite(share) else 0.0)
    found = max(worst, 0.0) ** 0.5
    return found if found > _DEVIATIONS / len(values) ** 0.5 else 0.0


def _line(numbers: Floats, values: Floats, rows: Bools) -> Floats:
    known = np.isfinite(numbers)
    some = rows & known
    predicted = np.full(len(values), values[rows].mean())
    if some.sum() > 1:
        x, y = numbers[some], values[some]
        middle, spread = x.mean(), float(x.var())
        slope = float(np.mean((x - middle) * (y - y.mean()))) / spread if spread > 0 else 0.0
        predicted[known] = y.mean() + slope * (numbers[known] - middle)
    return predicted


def _means(codes: Codes, side: Floats, rows: Bools) -> Floats:
    size = int(codes.max()) + 1
    sums = np.bincount(codes[rows], weights=side[rows], minlength=size)
    counts = np.bincount(codes[rows], minlength=size)
    # Rare categories lean to the overall mean, else a name that occurs once would look like knowledge.
    means: Floats = (sums + _PRIOR_ROWS * side[rows].mean()) / (counts + _PRIOR_ROWS)
    return means


def _bins(numbers: Floats) -> Codes:
    # Edges are values that occur: between two infinities there is nothing to interpolate.
    known = numbers[~np.isnan(numbers)]
    edges = np.unique(np.quantile(known, np.linspace(0, 1, _BINS + 1)[1:-1], method="inverted_cdf"))
    return np.where(np.isnan(numbers), 0, 1 + np.searchsorted(edges, numbers)).astype(np.int64)
