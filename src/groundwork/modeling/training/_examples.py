"""What is learned from: features, outcome and weight, one each a row.

Rule: what cannot be learned from is refused before an estimator sees it, in words about the data. Cost: one pass over
the features; a polars frame is not copied.
"""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from groundwork.data import Dataset
from groundwork.errors import ConfigurationError, InvalidDataError
from groundwork.modeling.preprocessing import feature_frame, infer_kinds

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Examples:
    """Rows to learn from or to judge by.

    Attributes:
        features: A frame of ``feature_frame``, or a matrix as it was given.
        outcome: Shape (n,).
        kinds: Of the features of a frame; empty for a matrix.
        weight: Of each row, shape (n,), or None.
        columns: The table that the features came from, for columns that say where a row belongs; None for a matrix.
    """

    features: Any
    outcome: NDArray[Any]
    kinds: Mapping[str, str]
    weight: NDArray[np.float64] | None = None
    columns: pl.DataFrame | None = None

    @property
    def rows(self) -> int:
        """How many."""
        return len(self.outcome)

    def take(self, rows: Indices) -> "Examples":
        """Return some of the rows, in the order asked for."""
        return replace(
            self,
            features=self.features[rows],
            outcome=self.outcome[rows],
            weight=None if self.weight is None else self.weight[rows],
            columns=None if self.columns is None else self.columns[rows],
        )

    def column(self, given: Any, what: str) -> pl.Series:
        """Find what says where each row belongs.

        Args:
            given: A column of the table, or one value a row.
            what: For messages.

        Returns:
            One value a row, none missing.

        Raises:
            ConfigurationError: There is no such column, or a matrix has no columns.
            InvalidDataError: Values are missing, or of another number than the rows.
        """
        return _values(self.columns, given, what, self.rows)


def examples(
    data: Any,
    target: Any,
    *,
    features: Mapping[str, str] | Sequence[str] | None = None,
    weight: Any = None,
    besides: Iterable[str] = (),
) -> Examples:
    """Part a table, or take a matrix, into what is learned from.

    Args:
        data: A table (a Dataset, a polars frame, anything that offers itself through Arrow), or a matrix.
        target: The column of it, or one value a row.
        features: Names with kinds, or names; None for all columns that are nothing else.
        weight: A column, or one number a row, or None.
        besides: Columns that are no features unless they are named as such.

    Returns:
        The rows.

    Raises:
        InvalidDataError: No rows, a target of another length or with gaps, weights that are none.
        ConfigurationError: There is no such column, or no feature.
    """
    if _is_matrix(data):
        return _of_matrix(data, target, features, weight)
    table = (
        data
        if isinstance(data, pl.DataFrame)
        else (data if isinstance(data, Dataset) else Dataset.scan(data)).collect()
    )
    if isinstance(features, str):
        raise ConfigurationError(f"features is {features!r}; it must be a list of names", hint=f"write [{features!r}]")
    named = {each for each in (target, weight, *besides) if isinstance(each, str)}
    if not isinstance(features, Mapping):
        features = infer_kinds(
            table, [name for name in table.columns if name not in named] if features is None else features
        )
    if not features:
        raise ConfigurationError("there is no feature", hint="name at least one column besides the target")
    if isinstance(target, str) and target in features:
        raise ConfigurationError(f"{target!r} is the target and cannot be a feature", hint="leave it out of features")
    outcome = _outcome(_values(table, target, "target", table.height, gaps=True), table.height)
    return Examples(feature_frame(table, features), outcome, features, _weight(table, weight, table.height), table)


def require_classes(outcome: NDArray[Any]) -> None:
    """Refuse an outcome that a classifier cannot learn from.

    Args:
        outcome: Shape (n,).

    Raises:
        InvalidDataError: It is of one class.
    """
    first = outcome[0]
    if not (outcome != first).any():
        shown = first.item() if isinstance(first, np.generic) else first
        raise InvalidDataError(
            f"the target has one class only, {shown!r}, in all {len(outcome):,} rows; a classifier needs two",
            hint="check the target expression and the rows that the split left for training",
            context={"class": shown},
        )


def _is_matrix(data: Any) -> bool:
    """Whether this is an array or a sparse matrix, and no table of named columns."""
    named = isinstance(data, pl.DataFrame | pl.LazyFrame | Dataset) or hasattr(data, "__arrow_c_stream__")
    return not named and hasattr(data, "shape") and getattr(getattr(data, "dtype", None), "names", None) is None


def _of_matrix(data: Any, target: Any, features: Any, weight: Any) -> Examples:
    if features is not None:
        raise ConfigurationError(
            "a matrix has no named features", hint="leave features out, or pass a table, as a polars frame"
        )
    if len(data.shape) != 2:
        raise InvalidDataError(f"the matrix has shape {tuple(data.shape)}; it must be (rows, features)")
    rows = data.shape[0]
    outcome = _outcome(_values(None, target, "target", rows, gaps=True), rows)
    # A sparse matrix of coordinates has no rows to be taken; scikit-learn converts it too.
    features = data.tocsr() if hasattr(data, "tocsr") else data
    return Examples(features, outcome, {}, _weight(None, weight, rows))


def _values(table: pl.DataFrame | None, given: Any, what: str, rows: int, *, gaps: bool = False) -> pl.Series:
    if isinstance(given, str):
        if table is None:
            raise ConfigurationError(
                f"{what} {given!r} names a column, and a matrix has none", hint="pass one value a row"
            )
        if given not in table.columns:
            near = difflib.get_close_matches(given, table.columns, n=1)
            raise ConfigurationError(
                f"there is no column {given!r} to be the {what}",
                hint=f"did you mean {near[0]!r}?" if near else f"the columns are {', '.join(table.columns[:20])}",
                context={"column": given},
            )
        found = table[given]
    else:
        found = given if isinstance(given, pl.Series) else pl.Series(what, given, strict=False)
    if not gaps and len(found) == rows and (missing := found.null_count()):
        raise InvalidDataError(f"the {what} is missing in {missing:,} of {rows:,} rows", hint="drop those rows first")
    if not gaps and len(found) != rows:
        raise InvalidDataError(f"{rows:,} rows but {len(found):,} values of {what}; pass one a row")
    return found


def _outcome(series: pl.Series, rows: int) -> NDArray[Any]:
    if rows == 0:
        raise InvalidDataError("there are no rows to train on", hint="look at filters, dropped rows and the split")
    if len(series) != rows:
        raise InvalidDataError(f"{rows:,} rows but {len(series):,} target values; pass one value a row")
    gaps = series.null_count() + (int(series.is_nan().sum()) if series.dtype.is_float() else 0)
    if gaps:
        raise InvalidDataError(f"the target is missing in {gaps:,} of {rows:,} rows", hint="drop those rows first")
    return np.asarray(series.to_numpy())


def _weight(table: pl.DataFrame | None, given: Any, rows: int) -> NDArray[np.float64] | None:
    if given is None:
        return None
    numbers = _values(table, given, "weight", rows)
    if not numbers.dtype.is_numeric():
        raise InvalidDataError(f"the weights are {numbers.dtype}; they must be numbers")
    weight = numbers.to_numpy().astype(np.float64)
    if not (np.isfinite(weight).all() and (weight >= 0).all() and (weight > 0).any()):
        worst = weight[~(np.isfinite(weight) & (weight >= 0))]
        raise InvalidDataError(
            f"weights must be finite, not negative, and not all zero; one is {worst[0] if worst.size else 0.0}",
            hint="correct or drop those rows",
        )
    return weight
