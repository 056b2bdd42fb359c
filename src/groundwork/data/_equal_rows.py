"""Rows that hold the same values, found by polars."""

import numpy as np
import numpy.typing as npt
import polars as pl


def first_equal(frame: pl.DataFrame, columns: list[str]) -> npt.NDArray[np.int64]:
    """Return for each row the first row that has the same values; missing equals missing, NaN equals NaN.

    Args:
        frame: The table.
        columns: The columns compared.
    """
    keys = {str(at): frame[name] for at, name in enumerate(columns)}
    first = pl.DataFrame(keys).with_row_index("row").select(pl.col("row").first().over(list(keys)))
    return first.to_series().to_numpy().astype(np.int64)
