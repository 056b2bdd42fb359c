"""How well one column alone tells the target.

Rule: scores live in [0, 1] and mean the same for every kind of column. For classes max(AUC, 1 - AUC): of the column's
order, of a target encoding that was fitted on the other half of the rows, of where the column is missing, of a word in
its text. For a number the absolute rank correlation, or R (the root of R²) of a line or steps fitted on the other half:
ranks agree little where a mass of near-equal targets hides a tail that is foretold exactly. What is missing, or holds a
word, says yes or no: there a number counts by how well it tells the two apart, 2 AUC - 1. What chance brings in four
standard deviations counts as nothing. Cost: a sort or two of each column over the sample.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from groundwork.data._association_measures import (
    Bools,
    Codes,
    Floats,
    auc,
    beyond_chance,
    binned,
    category_means,
    correlation,
    drawn_half,
    fitted,
    line,
    ranked,
)

_MOST_CLASSES = 10
_MOST_WORDS = 50
_LEAST_TEXTS = 100


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
        ranks = ranked(values[known])
        if self.values is not None:
            return correlation(ranks, ranked(self.values[known]))
        return max((auc(ranks, question[known] > 0) for question in self.questions), default=0.0)

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
        return {"order": self.score(values), "fit": fitted(told, lambda rows: line(values, told, rows))}

    def flag_score(self, flag: Bools) -> float:
        """Score a predictor that says yes or no.

        Args:
            flag: One answer a row.

        Returns:
            The score.
        """
        if self.values is not None:
            return max(2 * auc(self._value_ranks, flag) - 1, 0.0)
        # Of a predictor with two values the AUC is the middle of the two rates at which it is right.
        asked = [question > 0 for question in self.questions]
        return max(beyond_chance(float(1 + flag[one].mean() - flag[~one].mean()) / 2, one) for one in asked)

    @cached_property
    def _value_ranks(self) -> Floats:
        return ranked(self.values if self.values is not None else np.empty(0))

    def encoded_scores(self, codes: Codes) -> dict[str, float]:
        """Score a categorical predictor by the target's mean of each category, fitted on the other half of the rows.

        Args:
            codes: Category of each row, from 0.

        Returns:
            Score by way: "categories", and for a number "fit".
        """
        half = drawn_half(len(codes))
        scores = []
        for side in self.questions if self.values is None else [self.values]:
            encoded = np.where(
                half, category_means(codes, side, ~half)[codes], category_means(codes, side, half)[codes]
            )
            # Each half's own rows are compared with each other only; the two fits differ by a constant.
            halves = [
                (Target([side[rows]]) if self.values is None else Target([], side[rows])).score(encoded[rows])
                for rows in (half, ~half)
            ]
            scores.append((halves[0] + halves[1]) / 2)
        found = {"categories": max(scores, default=0.0)}
        told = self.values
        if told is not None:
            found["fit"] = fitted(told, lambda rows: category_means(codes, told, rows)[codes])
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
            found.append(target.encoded_scores(binned(numbers)))
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
