"""numpy's arrays as tables, and tables as arrays.

Rule: nothing is bent on the way: what an array cannot hold, as a missing whole number beyond 2**53, is an error that
names the column. Cost: columns of numbers without missing values share their memory where numpy lays them out so.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from groundwork.errors import InvalidDataError, UsageError, first_line

Layout = Literal["matrix", "columns", "structured"]
LAYOUTS = ("matrix", "columns", "structured")

_EXACT = 2**53


def frame_of_array(array: npt.NDArray[Any], names: Sequence[str] | None) -> pl.DataFrame:
    """Make a frame of an array.

    Args:
        array: Structured, or of two dimensions.
        names: The columns of one of two dimensions.

    Returns:
        The frame; what a masked array masks is missing.

    Raises:
        UsageError: There are no names, or not as many as columns; or the array is of another shape.
    """
    if array.dtype.names is not None:
        if array.ndim != 1:
            raise UsageError(f"a structured array has one dimension, not {array.ndim}", hint="pass array.ravel()")
        return frame_of_columns({name: array[name] for name in array.dtype.names})
    if array.ndim != 2:
        raise UsageError(
            f"an array of {array.ndim} dimension{'s' if array.ndim != 1 else ''} is no table",
            hint="pass a structured array, one of two dimensions, or a mapping of names to arrays",
        )
    if names is None or len(names) != array.shape[1]:
        told = "no names" if names is None else f"{len(names)} names"
        raise UsageError(
            f"the array has {array.shape[1]} columns and {told}", hint="Dataset.scan(array, names=['a', 'b', …])"
        )
    if len(set(names)) < len(names):
        raise UsageError(f"names {list(names)} hold a name twice", hint="give every column a name of its own")
    return frame_of_columns({name: array[:, at] for at, name in enumerate(names)})


def frame_of_columns(columns: Mapping[str, Any]) -> pl.DataFrame:
    """Make a frame of a mapping of names to arrays, lists or Series.

    Args:
        columns: The columns, of one length.

    Returns:
        The frame.

    Raises:
        InvalidDataError: The lengths differ, or an array is of a type that no column can hold.
    """
    made = [_series(name, values) for name, values in columns.items()]
    lengths = {series.name: len(series) for series in made}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{name} {length:,}" for name, length in list(lengths.items())[:10])
        raise InvalidDataError(f"the columns differ in length: {told}", hint="give one value per row in every column")
    return pl.DataFrame(made)


def _series(name: str, values: Any) -> pl.Series:
    if not isinstance(name, str):
        raise InvalidDataError(f"the column name {name!r} is no text", hint="name columns by text")
    if isinstance(values, pl.Series):
        return values.alias(name)
    try:
        if isinstance(values, np.ma.MaskedArray):
            kept = pl.Series(name, np.ascontiguousarray(np.ma.getdata(values)))
            column = kept.set(pl.Series(np.ma.getmaskarray(values)), None)
        elif isinstance(values, np.ndarray) and values.dtype == object:
            column = pl.Series(name, values.tolist())
            column = column.cast(pl.String) if column.dtype == pl.Null else column
        elif isinstance(values, np.ndarray):
            column = pl.Series(name, np.ascontiguousarray(values.astype(values.dtype.newbyteorder("="), copy=False)))
        else:
            column = pl.Series(name, values)
    except (TypeError, ValueError, pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        raise InvalidDataError(
            f"column {name}: {type(values).__name__} is no column: {first_line(error)}",
            hint="give numbers, text, truth values, or dates and times of one type",
            context={"column": name},
        ) from error
    if column.dtype == pl.Object:
        raise InvalidDataError(
            f"column {name} holds objects that no column holds",
            hint="give numbers, text, truth values, or dates and times of one type",
            context={"column": name},
        )
    return column


def array_of_column(column: pl.Series) -> npt.NDArray[Any]:
    """Give a column as an array.

    Args:
        column: The column.

    Returns:
        The values; where whole numbers or truth values are missing, floats with NaN; missing text is None.

    Raises:
        InvalidDataError: A whole number that a float cannot hold stands beside missing values.
    """
    if column.null_count() and column.dtype.is_integer():
        widest = column.cast(pl.Int128).abs().max()
        if isinstance(widest, int) and widest > _EXACT:
            raise InvalidDataError(
                f"column {column.name} has missing values and {widest:,}, which an array would hold as a rounded float",
                hint="fill the missing values first, or leave the column out",
                context={"column": column.name},
            )
    if column.null_count() and column.dtype == pl.Boolean:
        column = column.cast(pl.Float64)
    return column.to_numpy()


def matrix(frame: pl.DataFrame) -> npt.NDArray[Any]:
    """Give columns of numbers as an array of two dimensions.

    Args:
        frame: The rows.

    Returns:
        Shape (rows, columns), of the narrowest type that holds all columns; missing values are NaN.

    Raises:
        UsageError: A column holds no numbers.
        InvalidDataError: See ``array_of_column``; or whole numbers beyond 2**53 would become floats.
    """
    odd = [
        f"{name} ({dtype})" for name, dtype in frame.schema.items() if not (dtype.is_numeric() or dtype == pl.Boolean)
    ]
    if odd:
        raise UsageError(
            f"{', '.join(odd[:5])}: no numbers, and a matrix holds nothing else",
            hint='leave such columns out, or take layout="columns"',
        )
    arrays = [array_of_column(column) for column in frame.iter_columns()]
    if not arrays:
        return np.empty((frame.height, 0))
    dtype = np.result_type(*arrays)
    if dtype.kind == "f":
        for name, array in zip(frame.columns, arrays, strict=True):
            if array.dtype.kind in "iu" and len(array) and max(int(array.max()), -int(array.min())) > _EXACT:
                raise InvalidDataError(
                    f"column {name} holds whole numbers beyond 2**53, and beside fractions a matrix would round them",
                    hint='leave the column out, or take layout="columns"',
                    context={"column": name},
                )
    return np.column_stack(arrays).astype(dtype, copy=False)


def structured(frame: pl.DataFrame) -> npt.NDArray[Any]:
    """Give a frame as a structured array.

    Args:
        frame: The rows.

    Returns:
        One record a row; see ``array_of_column`` for missing values.

    Raises:
        InvalidDataError: See ``array_of_column``.
    """
    arrays = {column.name: array_of_column(column) for column in frame.iter_columns()}
    out = np.empty(frame.height, dtype=[(name, array.dtype, array.shape[1:]) for name, array in arrays.items()])
    for name, array in arrays.items():
        out[name] = array
    return out
