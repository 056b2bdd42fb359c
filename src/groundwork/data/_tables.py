"""One frame out of whatever holds a table.

Rule: a table is a Dataset, a polars frame (eager or lazy), or anything that offers itself through the Arrow PyCapsule
interface (pandas, pyarrow, duckdb, …). Cost: polars and Arrow share their memory; a Dataset or a query is read whole.
"""

from typing import Any

import polars as pl

from groundwork.errors import ConfigurationError, InvalidDataError, UsageError, first_line

# Of polars, and of pyarrow, whose errors are of these kinds too.
_UNREADABLE = (
    pl.exceptions.PolarsError,
    pl.exceptions.PanicException,
    ValueError,
    TypeError,
    NotImplementedError,
)
_HINT = "pass a Dataset, a polars frame, or a pandas or pyarrow table"


def as_frame(table: Any) -> pl.DataFrame:
    """Bring a table into memory as a polars frame; the table itself is never changed.

    Args:
        table: A Dataset, a polars frame, or any object with ``__arrow_c_stream__``.

    Returns:
        The frame; the very object where a polars frame was given.

    Raises:
        UsageError: It is no table.
        InvalidDataError: The table cannot be read; see ``Dataset.collect``.
        ConfigurationError: The table's library needs another package for this.
    """
    from groundwork.data._dataset import Dataset

    if isinstance(table, pl.DataFrame):
        return table
    if isinstance(table, pl.LazyFrame | Dataset):
        return table.collect()
    if hasattr(table, "__arrow_c_stream__"):
        return from_arrow(table)
    raise UsageError(f"{type(table).__name__} is no table", hint=_HINT)


def from_arrow(table: Any) -> pl.DataFrame:
    """Read an object that offers itself as an Arrow stream or array.

    Args:
        table: The object.

    Returns:
        The frame.

    Raises:
        InvalidDataError: polars has no such columns: a name twice, a type that it does not know.
        ConfigurationError: The library behind it lacks a package, as pandas without pyarrow.
    """
    index = getattr(table, "index", None)
    if any(name is not None for name in getattr(index, "names", ())):
        table = table.reset_index()  # of pandas: an index with a name is a column, and must not be lost
    try:
        return pl.DataFrame(table)
    except ImportError as error:
        raise ConfigurationError(
            f"{type(table).__name__} cannot offer its columns: {first_line(error)}", hint="pip install pyarrow"
        ) from error
    except _UNREADABLE as error:
        raise InvalidDataError(
            f"{type(table).__name__} cannot be read as a table: {first_line(error)}",
            hint="give every column a name of its own and one type",
        ) from error
