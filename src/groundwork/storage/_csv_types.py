"""The types of a CSV's columns where nobody has declared them.

Rule: they follow from all rows, wherever a value stands, and what looks like a code stays text: polars reads ``02116``
as the number 2116; here a column in which any number has a leading zero is text as a whole.
Cost: polars' guess from the first rows and one look at the bytes, where later rows bear the guess out; else its slow
look at every cell, and for codes a second parse.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import polars as pl

    _Bytes = npt.NDArray[np.uint8]

_GUESSED = 1000
_PIECE = 1 << 18
_ZERO = 48
# With these alone a guess can be checked.
_CHECKED = frozenset(
    ("separator", "quote_char", "eol_char", "null_values", "has_header", "new_columns", "schema_overrides", "columns")
)
# As 02116, which as a number would be another text.
LEADING_ZERO = "^-?0[0-9]"
# A parse takes these for numbers, a guess for text.
_ODD = r"^[ \t]|^\+[0-9]+$|[.][eE]"


def guessed(data: bytes, **options: Any) -> "pl.DataFrame":
    """Parse a CSV.

    Args:
        data: The file's content.
        **options: Go to ``polars.read_csv``.

    Returns:
        The table.

    Raises:
        polars.exceptions.PolarsError: It is no CSV, or an option is wrong.
        TypeError: There is no such option.
    """
    import polars as pl

    frame = _quickly(data, options) if options.keys() <= _CHECKED else None
    quick = frame is not None
    if frame is None:
        options = {"infer_schema_length": None, **options}
        frame = pl.read_csv(data, **options)
    given = options.get("schema_overrides") or {}
    declared = set(given if isinstance(given, Mapping) else frame.columns[: len(given)])
    numbers = [name for name, dtype in frame.schema.items() if dtype.is_numeric() and name not in declared]
    if not numbers or not _may_hold_odd(data, options):
        return frame
    as_text = {name: value for name, value in options.items() if name != "schema_overrides"}
    texts = pl.read_csv(data, **{**as_text, "infer_schema": False})
    text = f"{LEADING_ZERO}|{_ODD}" if quick else LEADING_ZERO
    return frame.with_columns(texts[name] for name in numbers if texts[name].str.contains(text).any())


def _quickly(data: bytes, options: dict[str, Any]) -> "pl.DataFrame | None":
    """Parse with the types of the first rows; None if later rows want others."""
    import polars as pl

    try:
        frame = pl.read_csv(data, infer_schema_length=_GUESSED, **options)
    except pl.exceptions.ComputeError:
        return None
    for column in frame.iter_columns():
        first = column.head(_GUESSED // 2)
        # Nothing but missing values is text to polars; what is no number, or a large one beside fractions, may be.
        if column.dtype == pl.String and first.null_count() == len(first) and column.null_count() < len(column):
            return None
        if column.dtype.is_float() and not (column.abs() < 2.0**63).all():
            return None
    return frame


def _may_hold_odd(data: bytes, options: Mapping[str, Any]) -> bool:
    """Look for a field that begins with a code or with what ``_ODD`` means; far cheaper than a parse."""
    import numpy as np

    edges = str(options.get("separator", ","))
    edges += "".join(str(options.get(name) or "") for name in ("quote_char", "eol_char")) + '"\r\n'
    edge = [byte for byte in set(edges.encode()) if byte == ord("\n") or byte in data]  # what comes first is behind one
    space = [byte for byte in b" +\t" if byte in data]
    content = np.frombuffer(data, np.uint8)
    begin = np.concatenate((np.frombuffer(b"\n\n", np.uint8), content[: _PIECE + 1]))
    rest = range(_PIECE, len(content), _PIECE)
    return _holds_odd(begin, edge, space) or any(
        _holds_odd(content[at - 2 : at + _PIECE + 1], edge, space) for at in rest
    )


def _holds_odd(piece: "_Bytes", edge: Sequence[int], space: Sequence[int]) -> bool:
    # Two bytes before those that are looked at, and one behind; whole vectors only, for an index costs ten times that.
    before, here, behind = piece[1:-2], piece[2:-1], piece[3:]
    edges = _any_of(piece[:-2], edge)
    first, minus = edges[1:], edges[:-1] & (before == ord("-"))
    digit = behind - _ZERO < 10
    if ((here == _ZERO) & digit & (first | minus)).any():
        return True
    spaced = _any_of(here, space) & first if space else digit[:0]
    if spaced.any() and (spaced & (digit | _any_of(behind, b"+-. \t"))).any():
        return True
    pointed = ((here | 32) == ord("e")) & (before == ord("."))
    return bool(pointed.any() and (pointed & (piece[:-3] - _ZERO < 10)).any())


def _any_of(piece: "_Bytes", wanted: Sequence[int]) -> "npt.NDArray[np.bool_]":
    import numpy as np

    there = piece == wanted[0] if wanted else np.zeros(len(piece), bool)
    for byte in wanted[1:]:
        there |= piece == byte
    return there
