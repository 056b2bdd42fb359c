"""Whatever a caller holds, as the instances of ``POST /predict``.

Rule: a table becomes one object of columns a row, missing values null; an array one list a row. Only libraries that the
caller has already imported are looked for, so a client needs neither polars nor pandas.
"""

import datetime
import math
import sys
from typing import Any

import msgspec

from groundwork.errors import InvalidDataError


def instances_of(rows: Any) -> list[Any]:
    """Return one JSON-able instance for each row.

    Args:
        rows: A list of rows; a polars DataFrame or LazyFrame, a pandas DataFrame, a pyarrow Table, or a numpy array
            with rows first.

    Returns:
        The instances.

    Raises:
        InvalidDataError: It has no rows, or is one row alone.
    """
    if isinstance(rows, dict | str | bytes):
        raise InvalidDataError(f"instances must be a list of rows, not {rows!r:.60}", hint="Put it into a list: [row].")
    if _is(rows, "polars", "LazyFrame"):
        rows = rows.collect()
    if _is(rows, "polars", "DataFrame"):
        return list(rows.to_dicts())
    if _is(rows, "pandas", "DataFrame"):
        return list(rows.astype(object).where(rows.notna(), None).to_dict("records"))
    if _is(rows, "pyarrow", "Table"):
        return list(rows.to_pylist())
    if _is(rows, "numpy", "ndarray"):
        if rows.ndim == 0:
            raise InvalidDataError(f"instances must be an array of rows, not the number {rows}")
        return list(rows.tolist())
    try:
        return list(rows)
    except TypeError as error:
        raise InvalidDataError(f"instances must be a list or a table of rows, not {type(rows).__name__}") from error


def encode_instances(instances: list[Any]) -> bytes:
    """Write the body of ``POST /predict``.

    Args:
        instances: One for each row.

    Raises:
        InvalidDataError: A value that JSON cannot hold.
    """
    try:
        return msgspec.json.encode({"instances": instances}, enc_hook=_plain)
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidDataError(f"instances hold what JSON cannot: {error}") from error


def _is(value: Any, module: str, name: str) -> bool:
    # Unless its library is imported, nothing can be one of its tables.
    library = sys.modules.get(module)
    kind = getattr(library, name, None)
    return isinstance(kind, type) and isinstance(value, kind)


def _plain(value: Any) -> Any:
    if hasattr(value, "tolist"):
        plain = value.tolist()
        return None if isinstance(plain, float) and math.isnan(plain) else plain
    if isinstance(value, datetime.date):
        return value.isoformat()
    raise TypeError(f"a {type(value).__name__}")
