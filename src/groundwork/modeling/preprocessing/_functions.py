"""One function a task: learn from the training rows, treat them and the rest alike.

Rule: pure. Nothing that is given is changed, nothing but ``train`` is learned from, and a row's result depends on no
other row of its part. In a frame only the columns that the task is about are treated, where they stand; new ones come
last, and what is missing is null. Cost: that of the transformer.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any, Literal

import numpy as np
import polars as pl

from groundwork.errors import ConfigurationError
from groundwork.modeling.preprocessing._builders import Encode, Scale, TargetType, encoder, scaler
from groundwork.modeling.preprocessing._columns import TEXTS, apply, is_number, numbers, treated
from groundwork.modeling.preprocessing._fit import Table, as_series, check_parts, choose


def scale(
    train: Table, *others: Table, how: Scale = "standard", columns: Sequence[str] | None = None
) -> tuple[Table, ...]:
    """Bring numbers to one scale.

    Gaps stay gaps, a column that is constant in training becomes 0 there, and one that was missing everywhere in
    training becomes missing in all parts, for nothing is known of its scale.

    Args:
        train: Rows to learn from.
        others: Further parts.
        how: ``standard`` (mean 0, deviation 1), ``robust`` (median 0, quartiles 1 apart) or ``minmax`` (0 to 1 in
            training; other parts may lie outside).
        columns: Of a frame; its numbers if None.

    Returns:
        The parts in order, ``train`` first, as floats.

    Raises:
        ConfigurationError: There is no such way.
        InvalidDataError: See ``fit_on_train``; or a number is infinite.
        LeakageError: See ``fit_on_train``.
    """
    chosen = scaler(how)
    check_parts(train, others)
    parts = (train, *others)
    columns = treated(train, columns, is_number)
    if isinstance(train, np.ndarray):
        return _scale_arrays(chosen, [numbers(part, ()) for part in parts])
    known = _with_values(numbers(train, columns))
    return _void(apply(chosen, parts, known, lambda part: numbers(part, known)), columns, known)


def clip_outliers(
    train: Table,
    *others: Table,
    how: Literal["quantile", "iqr", "z"] = "quantile",
    low: float = 0.01,
    high: float = 0.99,
    factor: float | None = None,
    columns: Sequence[str] | None = None,
) -> tuple[Table, ...]:
    """Bring outliers to the bounds that the training rows set.

    Bounds are those of the finite numbers; an infinite one comes to its bound, a gap stays a gap. What is special about
    columns with hardly any spread, or without a value, stands with ``OutlierClipper``.

    Args:
        train: Rows to learn from.
        others: Further parts.
        how: ``quantile``, ``iqr`` (``factor`` times the distance of the quartiles beyond them) or ``z`` (``factor``
            deviations around the mean).
        low: For ``quantile``: the lower one.
        high: For ``quantile``: the upper one.
        factor: For ``iqr`` (1.5 if None) and ``z`` (3 if None).
        columns: Of a frame; its numbers if None.

    Returns:
        The parts in order, ``train`` first, as floats.

    Raises:
        ConfigurationError: There is no such way, or an option is out of range.
        InvalidDataError: See ``fit_on_train``.
        LeakageError: See ``fit_on_train``.
    """
    from groundwork.modeling.preprocessing._clip import OutlierClipper

    check_parts(train, others)
    columns = treated(train, columns, is_number)
    clipper = OutlierClipper(how, low=low, high=high, factor=factor)
    return apply(clipper, (train, *others), columns, lambda part: numbers(part, columns, infinite=True))


def encode(
    train: Table,
    *others: Table,
    how: Encode = "onehot",
    target: Any = None,
    min_frequency: int | float | None = None,
    target_type: TargetType = "auto",
    smooth: float | Literal["auto"] = "auto",
    folds: int = 5,
    seed: int = 0,
    columns: Sequence[str] | None = None,
) -> tuple[Table, ...]:
    """Turn categories into numbers.

    A category that training has not seen is never an error: it is 0 in all columns of ``onehot``, missing for
    ``ordinal``, the mean of all for ``target``. A gap that training has seen is a category of its own (``ordinal``: it
    stays a gap).

    Args:
        train: Rows to learn from.
        others: Further parts.
        how: ``onehot`` (``<column>_<category>``, 0 or 1), ``ordinal`` (place among the sorted categories) or ``target``
            (mean of the target, shrunk; training rows by the folds that they are not in).
        target: For ``target``: one value a training row.
        min_frequency: For ``onehot`` and ``ordinal``: rarer categories are one.
        target_type: For ``target``; ``auto`` takes floats for numbers (``continuous``), and whole numbers, texts and
            Booleans for classes, of which more than two have a column each.
        smooth: For ``target``: see ``encoder``.
        folds: For ``target``: how many; at most as many as there are training rows.
        seed: For ``target``: which rows share a fold.
        columns: Of a frame; its texts and categories if None.

    Returns:
        The parts in order, ``train`` first.

    Raises:
        ConfigurationError: There is no such way, or ``target`` goes with another one.
        InvalidDataError: See ``fit_on_train``; or a new column has the name of another.
        LeakageError: See ``fit_on_train``.
    """
    if (how == "target") != (target is not None):
        wrong = "without a target" if how == "target" else "with a target"
        raise ConfigurationError(f"the encoding is {how!r} {wrong}", hint="how='target' learns from it, no other does")
    check_parts(train, others)
    if how == "target" and target_type == "auto" and as_series(target).dtype.is_float():
        target_type = "continuous"
    chosen = encoder(how, min_frequency=min_frequency, target_type=target_type, smooth=smooth, folds=folds, seed=seed)
    parts: tuple[Any, ...] = (train, *others)
    columns = treated(train, columns, TEXTS.__contains__)
    if how == "ordinal" and isinstance(train, pl.DataFrame):
        # None would be one more category to scikit-learn; left out of those that it is given, it is unknown.
        seen = _categories(train, columns=columns)
        known = _with_values(seen)
        chosen.set_params(categories=[seen[name].drop_nulls().unique().sort().to_numpy() for name in known])
        return _void(apply(chosen, parts, known, partial(_categories, columns=known)), columns, known)
    if how == "ordinal":
        parts = tuple(map(_nan_for_none, parts))
    return apply(chosen, parts, columns, partial(_categories, columns=columns), target)


def date_parts(
    train: Table,
    *others: Table,
    how: Literal["parts", "cyclic"] = "parts",
    parts: Sequence[str] | None = None,
    columns: Sequence[str] | None = None,
) -> tuple[Table, ...]:
    """Take dates and times apart.

    Args:
        train: Rows to learn from.
        others: Further parts.
        how: ``parts`` gives numbers, ``cyclic`` sine and cosine of what comes again.
        parts: See ``DateParts``; year, month, day, weekday and, of a time, hour if None.
        columns: Of a frame; its dates and times if None.

    Returns:
        The tables in order, ``train`` first; ``<column>_<part>`` in place of a column, all missing where it was.

    Raises:
        ConfigurationError: There is no such way or part, or a date is to have an hour.
        InvalidDataError: See ``fit_on_train``; or a column holds no dates, or dates of another kind than in training.
        LeakageError: See ``fit_on_train``.
    """
    from groundwork.modeling.preprocessing._dates import DateParts

    check_parts(train, others)
    columns = treated(train, columns, lambda dtype: dtype in (pl.Date, pl.Datetime))
    return apply(DateParts(how, parts=parts), (train, *others), columns, partial(_as_it_is, columns=columns))


def group_rare(
    train: Table,
    *others: Table,
    how: Literal["share", "count", "top"] = "share",
    threshold: float | None = None,
    other: str | float = "other",
    columns: Sequence[str] | None = None,
) -> tuple[Table, ...]:
    """Bring the categories that are rare in training, and those it has not seen, under one name.

    Args:
        train: Rows to learn from.
        others: Further parts.
        how: ``share`` keeps what at least that share of the rows with a value has, ``count`` what at least so many
            rows have, ``top`` the most frequent ones (of equally frequent ones the first by name).
        threshold: The share (0.01 if None), the number of rows (10) or the number of categories (20).
        other: What the rare ones become; a number where the categories are numbers.
        columns: Of a frame; its texts and categories if None.

    Returns:
        The parts in order, ``train`` first; texts as String, numbers in the type that they had. A gap stays a gap.

    Raises:
        ConfigurationError: There is no such way, or the threshold is out of range.
        InvalidDataError: See ``fit_on_train``; or a column holds other things than ``other`` is.
        LeakageError: See ``fit_on_train``.
    """
    from groundwork.modeling.preprocessing._rare import RareGrouper

    check_parts(train, others)
    columns = treated(train, columns, TEXTS.__contains__)
    grouper = RareGrouper(how, threshold=threshold, other=other)
    parts: tuple[Any, ...] = (train, *others)
    grouped = apply(grouper, parts, columns, partial(_categories, columns=columns))
    if isinstance(train, np.ndarray):
        return grouped
    return tuple(
        after.with_columns(pl.col(name).cast(_kept(before.schema[name])) for name in columns)
        for before, after in zip(parts, grouped, strict=True)
    )


def _with_values(frame: pl.DataFrame) -> list[str]:
    return [column.name for column in frame.fill_nan(None).get_columns() if column.count()]


def _void(parts: Sequence[Any], columns: Sequence[str], known: Sequence[str]) -> tuple[Any, ...]:
    """Nothing is known of the columns that were missing everywhere in training, so they are missing in all parts."""
    void = [pl.lit(None, pl.Float64).alias(name) for name in columns if name not in known]
    return tuple(part.with_columns(void) for part in parts)


def _scale_arrays(chosen: Any, parts: list[Any]) -> tuple[Any, ...]:
    known = ~np.isnan(parts[0]).all(axis=0)
    scaled = [np.full(part.shape, np.nan) for part in parts]
    if known.any():
        for whole, some in zip(scaled, apply(chosen, parts, (), lambda part: part[:, known]), strict=True):
            whole[:, known] = some
    return tuple(scaled)


def _categories(part: Any, *, columns: Sequence[str]) -> Any:
    if isinstance(part, np.ndarray):
        return part
    return choose(part, columns).with_columns(
        pl.selectors.categorical().cast(pl.String), pl.selectors.enum().cast(pl.String)
    )


def _nan_for_none(part: Any) -> Any:
    if part.dtype != object:
        return part
    return np.array([np.nan if value is None else value for value in part.flat], object).reshape(part.shape)


def _as_it_is(part: Any, *, columns: Sequence[str]) -> Any:
    return part if isinstance(part, np.ndarray) else choose(part, columns)


def _kept(dtype: pl.DataType) -> pl.DataType:
    return pl.String() if dtype in TEXTS else dtype
