"""Which columns are treated, in what type, and how they come back.

Rule: what is not treated is not touched, and a new column never takes the place of another. Cost: a cast of what is
treated, and a look for infinite numbers.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from groundwork.errors import ConfigurationError, InvalidDataError, first_line
from groundwork.modeling.preprocessing._fit import choose, learn

TEXTS = (pl.String, pl.Categorical, pl.Enum)
"""The types of categories."""


def is_number(dtype: pl.DataType) -> bool:
    """Tell whether a type is one of numbers.

    Args:
        dtype: Any; a column without a value has a type of its own, and counts.

    Returns:
        True for integers, floats, decimals and Null.
    """
    return dtype.is_numeric() or dtype == pl.Null


def treated(train: Any, columns: Sequence[str] | None, default: Callable[[pl.DataType], bool]) -> list[str]:
    """Find the columns that a function is about.

    Args:
        train: A frame or an array.
        columns: As the caller named them.
        default: Which types are treated if none were named.

    Returns:
        Their names; of an array, which is treated whole, none.

    Raises:
        ConfigurationError: Columns of an array were named, or one text stands for several names.
    """
    if isinstance(columns, str):
        raise ConfigurationError(f"columns is {columns!r}; it must be a list of names", hint=f"write [{columns!r}]")
    if isinstance(train, pl.DataFrame):
        return list(columns) if columns is not None else [name for name in train.columns if default(train.schema[name])]
    if columns is not None:
        raise ConfigurationError(
            f"the columns {list(columns)} of an array have no names", hint="slice it, or use a frame"
        )
    return []


def numbers(part: Any, columns: Sequence[str], *, infinite: bool = False) -> Any:
    """Read what is treated as floats.

    Args:
        part: A frame or an array.
        columns: Of a frame.
        infinite: Whether a number may be infinite.

    Returns:
        A Float64 frame of the columns, or a float64 array.

    Raises:
        InvalidDataError: A column is missing or holds no numbers, or one is infinite.
    """
    found = _floats(part) if isinstance(part, np.ndarray) else _float_frame(choose(part, columns))
    if infinite:
        return found
    if isinstance(found, np.ndarray):
        broken = [str(place) for place in np.flatnonzero(np.isinf(found).any(axis=0))]
    else:
        broken = [column.name for column in found.get_columns() if column.is_infinite().any()]
    if broken:
        raise InvalidDataError(
            f"column {broken[0]!r} holds infinite numbers",
            hint="clip_outliers brings them to a bound; or make them missing",
            context={"columns": broken},
        )
    return found


def apply(
    transformer: Any, parts: Sequence[Any], columns: Sequence[str], read: Callable[[Any], Any], target: Any = None
) -> tuple[Any, ...]:
    """Learn from the first part, and treat the columns of all.

    Args:
        transformer: Unfitted.
        parts: Frames or arrays that ``check_parts`` has let pass.
        columns: Of a frame.
        read: Selects and casts what is treated.
        target: See ``fit_on_train``.

    Returns:
        The parts with the results in place.

    Raises:
        InvalidDataError: The transformer cannot take the values, or a new column has the name of another.
    """
    if isinstance(parts[0], np.ndarray):
        return tuple(learn(transformer, [read(part) for part in parts], target)[1])
    if not columns:
        return tuple(parts)
    try:
        results = learn(transformer, [read(part) for part in parts], target)[1]
        return tuple(put_back(part, columns, result) for part, result in zip(parts, results, strict=True))
    except pl.exceptions.PolarsError as error:
        raise InvalidDataError(f"the columns {', '.join(columns)} cannot be treated: {first_line(error)}") from error


def put_back(frame: pl.DataFrame, columns: Sequence[str], result: pl.DataFrame) -> pl.DataFrame:
    """Replace what was treated; what kept its name keeps its place, and new columns come last.

    Args:
        frame: As it was.
        columns: What was treated.
        result: What became of it.

    Returns:
        The frame with the results.

    Raises:
        InvalidDataError: A new column has the name of another.
    """
    clash = [name for name in result.columns if name not in columns and name in frame.columns]
    if clash:
        raise InvalidDataError(
            f"a new column would be called {clash[0]!r}, and there is one already",
            hint="rename that column first",
            context={"columns": clash},
        )
    gone = [name for name in columns if name not in result.columns]
    return frame.with_columns(result.with_columns(pl.selectors.float().fill_nan(None)).get_columns()).drop(gone)


def texts_of(table: NDArray[Any]) -> pl.DataFrame:
    """Read an array of texts, None and NaN being gaps.

    Args:
        table: Shape (rows, columns).

    Returns:
        A String frame with the columns ``0``, ``1``, ….

    Raises:
        InvalidDataError: A value is no text.
    """
    try:
        return pl.DataFrame(
            {
                # NaN is the only value that differs from itself.
                str(place): pl.Series([None if value != value else value for value in values.tolist()], dtype=pl.String)
                for place, values in enumerate(table.T)
            }
        )
    except (TypeError, pl.exceptions.PolarsError) as error:
        raise InvalidDataError(
            f"the categories are not all texts: {first_line(error)}", hint="cast them to text, or name numbers as such"
        ) from error


def _floats(table: NDArray[Any]) -> NDArray[np.float64]:
    try:
        return table.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidDataError(
            f"the array of {table.dtype} does not hold numbers: {first_line(error)}", hint="encode texts first"
        ) from error


def _float_frame(frame: pl.DataFrame) -> pl.DataFrame:
    texts = [name for name, dtype in frame.schema.items() if not is_number(dtype) and dtype != pl.Boolean]
    if texts:
        raise InvalidDataError(
            f"column {texts[0]!r} is {frame.schema[texts[0]]}, not a number",
            hint="cast it, or leave it out of columns",
            context={"column": texts[0]},
        )
    return frame.cast(pl.Float64)
