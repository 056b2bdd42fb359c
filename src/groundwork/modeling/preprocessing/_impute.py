"""Gaps filled with what the training rows say.

Rule: pure, and learned from ``train`` alone. Cost: numbers go through scikit-learn, texts and Booleans through polars,
which keeps their type and knows a missing text from the text "None".
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from groundwork.errors import InvalidDataError, first_line
from groundwork.modeling.preprocessing._builders import Impute, imputer
from groundwork.modeling.preprocessing._columns import TEXTS, apply, is_number, numbers, put_back, texts_of, treated
from groundwork.modeling.preprocessing._fit import Table, check_parts, choose


def impute(
    train: Table,
    *others: Table,
    how: Impute = "median",
    fill_value: float | str | None = None,
    indicator: bool = False,
    columns: Sequence[str] | None = None,
) -> tuple[Table, ...]:
    """Fill gaps with what the training rows say.

    A column that was missing everywhere in training becomes 0, "" or False. A gap in a column that had none in training
    is filled, but gets no indicator.

    Args:
        train: Rows to learn from.
        others: Further parts.
        how: ``mean``, ``median``, ``most_frequent`` (of several the least) or ``constant``.
        fill_value: The constant.
        indicator: Add ``missingindicator_<column>``, 0 or 1, for each column that had gaps in training; an array gets
            them as last columns.
        columns: Of a frame. If None, its numbers; for ``most_frequent`` texts and Booleans too, for a text as the
            constant its texts.

    Returns:
        The parts in order, ``train`` first; numbers become floats, all else keeps its type.

    Raises:
        ConfigurationError: There is no such way, or ``constant`` has no constant.
        InvalidDataError: See ``fit_on_train``; or a number is infinite, or a mean or median is asked of texts.
        LeakageError: See ``fit_on_train``.
    """
    chosen = imputer(how, fill_value=fill_value, indicator=indicator)
    check_parts(train, others)
    parts: tuple[Any, ...] = (train, *others)
    if isinstance(train, np.ndarray):
        treated(train, columns, is_number)
        if how in ("mean", "median") or not (isinstance(fill_value, str) or _holds_text(train)):
            return apply(chosen, parts, (), lambda part: numbers(part, ()))
        filled = _fill([texts_of(part) for part in parts], None, fill_value, indicator=indicator)
        return tuple(part.to_numpy() for part in filled)
    in_text = isinstance(fill_value, str)
    names = treated(train, columns, lambda dtype: _is_filled(dtype, how, in_text=in_text))
    of_numbers = [] if in_text else [name for name in names if _goes_as_number(choose(train, [name]).dtypes[0], how)]
    filled = apply(chosen, parts, of_numbers, lambda part: numbers(part, of_numbers))
    return _fill(filled, [name for name in names if name not in of_numbers], fill_value, indicator=indicator)


def _is_filled(dtype: pl.DataType, how: Impute, *, in_text: bool) -> bool:
    if in_text:
        return dtype in TEXTS
    return is_number(dtype) or (how == "most_frequent" and (dtype in TEXTS or dtype == pl.Boolean))


def _goes_as_number(dtype: pl.DataType, how: Impute) -> bool:
    return is_number(dtype) or how != "most_frequent"


def _holds_text(table: NDArray[Any]) -> bool:
    return table.dtype.kind in "US" or (table.dtype == object and any(isinstance(each, str) for each in table.flat))


def _fill(
    parts: Sequence[pl.DataFrame], columns: Sequence[str] | None, fill_value: Any, *, indicator: bool
) -> tuple[Any, ...]:
    train = parts[0]
    names = train.columns if columns is None else columns
    fills = {name: _most_frequent(train[name]) if fill_value is None else fill_value for name in names}
    gaps = [name for name in names if indicator and train[name].null_count()]
    results = [pl.col(name).fill_null(pl.lit(fill).cast(train.schema[name])) for name, fill in fills.items()] + [
        pl.col(name).is_null().cast(pl.Float64).alias(f"missingindicator_{name}") for name in gaps
    ]
    if not names:
        return tuple(parts)
    try:
        return tuple(put_back(part, names, choose(part, names).select(results)) for part in parts)
    except pl.exceptions.PolarsError as error:
        raise InvalidDataError(f"the columns {', '.join(names)} cannot be filled: {first_line(error)}") from error


def _most_frequent(column: pl.Series) -> Any:
    if not column.count():
        return False if column.dtype == pl.Boolean else ""
    values = column.cast(pl.String) if column.dtype in TEXTS else column
    return values.drop_nulls().mode().min()
