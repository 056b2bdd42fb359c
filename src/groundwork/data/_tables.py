"""Tables as a caller has them, as polars frames."""

from typing import Any

import polars as pl

from groundwork.errors import InvalidDataError


def as_frame(table: Any) -> pl.DataFrame:
    """Give a table as a polars frame; a frame is given as it is.

    Args:
        table: A Dataset, a polars frame (eager or lazy), or anything with ``__arrow_c_stream__`` (pandas, pyarrow).

    Returns:
        The rows in memory.

    Raises:
        InvalidDataError: It is no table.
    """
    if isinstance(table, pl.DataFrame):
        return table
    if hasattr(table, "collect"):
        frame: pl.DataFrame = table.collect()
        return frame
    if hasattr(table, "__arrow_c_stream__"):
        return pl.DataFrame(table)
    raise InvalidDataError(
        f"a {type(table).__name__} is no table", hint="pass a Dataset, a polars, pandas or pyarrow table"
    )
