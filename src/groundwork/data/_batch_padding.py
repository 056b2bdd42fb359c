"""Sequences of a batch made equally long.

Rule: no value is cut off or changed; what is padding is said beside it, as lengths and as a mask, so that nobody has to
guess it from the value. Cost: one copy of the batch's values.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from groundwork.errors import ConfigurationError, InvalidDataError


class Padding:
    """Pads columns of lists to the longest of a batch.

    A column ``tokens`` becomes one of arrays, and ``tokens_length`` (Int64) and ``tokens_mask`` (arrays of booleans,
    true where there is a value) stand beside it. A missing list has length 0.

    Args:
        pad: By column, the value to fill up with.
        schema: Of the table.

    Raises:
        ConfigurationError: A column is no list of numbers or booleans, a value does not fit it, or a name is taken.
        InvalidDataError: There is no such column.
    """

    def __init__(self, pad: Mapping[str, Any], schema: pl.Schema) -> None:
        self.fill = {name: _fill(name, value, schema) for name, value in pad.items()}

    def __call__(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Pad a batch.

        Args:
            frame: The batch.

        Returns:
            The batch, padded.

        Raises:
            InvalidDataError: A value within a list is missing.
        """
        for name, fill in self.fill.items():
            frame = _padded(frame, name, fill)
        return frame


def _fill(name: str, value: Any, schema: pl.Schema) -> np.generic:
    if name not in schema:
        raise InvalidDataError(f"there is no column {name!r} to pad", hint=f"there are {', '.join(list(schema)[:20])}")
    dtype = schema[name]
    inner = dtype.inner if isinstance(dtype, pl.List) else None
    if not isinstance(inner, pl.DataType) or not (inner.is_numeric() or inner == pl.Boolean) or inner.is_decimal():
        raise ConfigurationError(
            f"column {name} of {dtype} cannot be padded", hint="padding is for lists of numbers or booleans"
        )
    if taken := [each for each in (f"{name}_length", f"{name}_mask") if each in schema]:
        raise ConfigurationError(f"padding {name} adds {taken[0]}, which is there already", hint="rename that column")
    try:
        fill: np.generic = pl.Series([value], dtype=inner, strict=True).to_numpy()[0]
    except (TypeError, OverflowError, pl.exceptions.PolarsError):
        fill = None  # type: ignore[assignment]
    if fill is None or value is None:
        raise ConfigurationError(f"{value!r} cannot pad {name}, whose values are {inner}", hint=f"use a {inner}")
    return fill


def flattened(lists: pl.Series) -> tuple[pl.Series, npt.NDArray[np.int64]]:
    """Take lists apart.

    Args:
        lists: A column of lists.

    Returns:
        Their values, one list after the other, and the lists' lengths; a missing list has length 0.

    Raises:
        InvalidDataError: A value within a list is missing.
    """
    lengths = lists.list.len().fill_null(0).cast(pl.Int64).to_numpy()
    values = lists.explode(empty_as_null=False, keep_nulls=False)
    if missing := values.null_count():
        raise InvalidDataError(
            f"{missing:,} values within the lists of {lists.name} are missing, as in "
            f"{lists.filter(lists.list.eval(pl.element().is_null().any()).list.first()).head(1).to_list()[0]!r:.80}",
            hint="fill or drop such values before",
            context={"column": lists.name, "count": missing},
        )
    return values, lengths


def _padded(frame: pl.DataFrame, name: str, fill: np.generic) -> pl.DataFrame:
    values, lengths = flattened(frame[name])
    padded, mask = filled_up(values.to_numpy(), lengths, fill)
    return frame.with_columns(
        _arrays(name, padded, values.dtype), pl.Series(f"{name}_length", lengths), _arrays(f"{name}_mask", mask)
    )


def _arrays(name: str, rectangle: npt.NDArray[Any], dtype: pl.DataType | type[pl.DataType] = pl.Boolean) -> pl.Series:
    if not rectangle.size:
        return pl.Series(name, [[]] * len(rectangle), dtype=pl.Array(dtype, rectangle.shape[1]))
    # By way of the flat values, which is ten times as fast for booleans.
    return pl.Series(name, rectangle.reshape(-1), dtype=dtype).reshape(rectangle.shape)


def filled_up(
    values: npt.NDArray[Any], lengths: npt.NDArray[np.int64], fill: Any
) -> tuple[npt.NDArray[Any], npt.NDArray[np.bool_]]:
    """Lay sequences into a rectangle.

    Args:
        values: Of all sequences, one after the other.
        lengths: Of each; shape (rows,).
        fill: What to fill up with.

    Returns:
        The rectangle, as wide as the longest, and where in it there are values; both of shape (rows, width).
    """
    mask = np.arange(int(lengths.max(initial=0))) < lengths[:, None]
    padded = np.full(mask.shape, fill, values.dtype)
    padded[mask] = values
    return padded, mask
