"""Names of types, as a schema and a model's spec write them.

Rule: one table says which names there are; a schema's names are part of it, and what ``str()`` makes of a polars type,
as a spec keeps it, is understood too.
"""

import difflib
import re
from typing import Any

import polars as pl

from groundwork.errors import ConfigurationError

TYPES: dict[str, pl.DataType | type[pl.DataType]] = {
    "Int8": pl.Int8(),
    "Int16": pl.Int16(),
    "Int32": pl.Int32(),
    "Int64": pl.Int64(),
    "UInt8": pl.UInt8(),
    "UInt16": pl.UInt16(),
    "UInt32": pl.UInt32(),
    "UInt64": pl.UInt64(),
    "Float32": pl.Float32(),
    "Float64": pl.Float64(),
    "String": pl.String(),
    "Categorical": pl.Categorical(),
    "Boolean": pl.Boolean(),
    "Date": pl.Date(),
    "Datetime": pl.Datetime,
    "Datetime[UTC]": pl.Datetime("us", "UTC"),
}
_ALIASES = {
    "int": "Int64",
    "integer": "Int64",
    "float": "Float64",
    "double": "Float64",
    "number": "Float64",
    "str": "String",
    "string": "String",
    "text": "String",
    "utf8": "String",
    "bool": "Boolean",
    "category": "Categorical",
    "enum": "Categorical",
    "timestamp": "Datetime",
}
_BY_LOWER = {name.lower(): name for name in TYPES} | _ALIASES
_DATETIME = re.compile(
    r"datetime(\W+(time_unit=)?\W*(?P<unit>ms|us|ns|μs))?(\W+(time_zone=)?\W*(?P<zone>[A-Za-z][\w/+\-]*))?\W*",
    re.IGNORECASE,
)
_ENUM = re.compile(r"enum\(.*\)", re.IGNORECASE | re.DOTALL)


def dtype_name(text: str) -> str:
    """Give the canonical name of a type.

    Args:
        text: A name as ``Int64``, in any case, or an alias as ``int`` or ``str``.

    Returns:
        The canonical name, as ``Int64``.

    Raises:
        ConfigurationError: There is no such type; the hint names the nearest.
    """
    found = _BY_LOWER.get(str(text).strip().lower())
    if found is None:
        near = difflib.get_close_matches(str(text).lower(), _BY_LOWER, n=1)
        raise ConfigurationError(
            f"unknown dtype {text!r}",
            hint=f"did you mean {_BY_LOWER[near[0]]}?" if near else f"one of {', '.join(TYPES)}",
            context={"value": text},
        )
    return found


def dtype_of(name: str) -> pl.DataType:
    """Find the polars dtype of a name, as a model takes it.

    Args:
        name: See ``dtype_name``; or a time with unit and zone, as ``datetime[us, UTC]``; or what ``str()`` makes of a
            polars dtype.

    Returns:
        The dtype; Categorical and Enum are read as text, a time without a zone has none.

    Raises:
        ConfigurationError: See ``dtype_name``.
    """
    match = _DATETIME.fullmatch(name)
    if match:
        unit: Any = (match["unit"] or "us").replace("μ", "u")
        zone = None if match["zone"] in (None, "None") else match["zone"]
        return pl.Datetime(unit, {"utc": "UTC"}.get(zone, zone) if zone else None)
    found = TYPES["Categorical" if _ENUM.fullmatch(name) else dtype_name(name)]
    if isinstance(found, type):
        return found()  # Datetime: in microseconds, without a zone
    return pl.String() if found == pl.Categorical() else found
