"""Sequences of a batch made equally long.

Rule: no value is cut off or changed; what is padding is said beside it, as lengths and as a mask, so that nobody has to
guess it from the value. Cost: one copy of the batch's values.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
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
        self._fill = {name: _fill(name, value, schema) for name, value in pad.items()}

    def __call__(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Pad a batch.

        Args:
            frame: The batch.

        Returns:
            The batch, padded.

        Raises:
            InvalidDataError: A value within a list is missing.
        """
        for name, fill in self._fill.items():
            frame = _padded(frame, name, fill)
        return frame


def _fill(name: str, value: Any, schema: pl.Schema) -> "np.generic":
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


def _padded(frame: pl.DataFrame, name: str, fill: "np.generic") -> pl.DataFrame:
    lists = frame[name]
    lengths = lists.list.len().fill_null(0).cast(pl.Int64).to_numpy()
    values = lists.filter(lists.list.len() > 0).explode()
    if values.null_count():
        row = int((lists.list.eval(pl.element().is_null().any()).list.first()).fill_null(False).arg_max() or 0)
        raise InvalidDataError(
            f"a value within a list of {name} is missing, first in row {row + 1} of the batch",
            hint="fill or drop such values before",
            context={"column": name},
        )
    width = int(lengths.max(initial=0))
    mask = np.arange(width) < lengths[:, None]
    padded = np.full((frame.height, width), fill, dtype=values.to_numpy().dtype)
    padded[mask] = values.to_numpy()
    inner = lists.dtype.inner  # type: ignore[attr-defined]
    return frame.with_columns(
        pl.Series(name, padded, dtype=pl.Array(inner, width)),
        pl.Series(f"{name}_length", lengths),
        pl.Series(f"{name}_mask", mask, dtype=pl.Array(pl.Boolean, width)),
    )
