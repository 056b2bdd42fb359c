"""Records of CSV parsed straight into their types, where that gives what the cast of each cell would give.

Rule: polars' parser takes a number with a space or tab before it, and rounds whole numbers that a float cannot hold;
the cast of text refuses both. Where a piece may hold such cells, or a cell fits no type, the piece is read as text.
Cost: half the time of text and cast.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from groundwork.storage._batch import Lines
from groundwork.storage._cells import cast_column, misfits
from groundwork.storage._csv_scan import COMMA, NEWLINE, QUOTE

_SPACE, _TAB = b" \t"


@dataclass(frozen=True)
class Records:
    """Whole records in a row, not parsed yet.

    Attributes:
        text: Their bytes, no blank lines among them.
        first_row: Number of the first.
        lines: Line at which each starts.
        certain: Whether the number of fields of each is known to be right; else only their sum is.
    """

    text: bytes
    first_row: int
    lines: Lines
    certain: bool


class Parser:
    """Parses the pieces of one file.

    Args:
        header: The names of the columns.
        null_values: Texts that mean missing.
        types: Declared types by name.
    """

    def __init__(self, header: Sequence[str], null_values: Sequence[str], types: Mapping[str, pl.DataType]) -> None:
        self._text = dict.fromkeys(header, pl.String())
        self._null_values = list(null_values) or None
        self._numbers = {name: dtype for name, dtype in types.items() if dtype.is_integer() or dtype.is_float()}
        self._others = {name: dtype for name, dtype in types.items() if not dtype.is_numeric() and dtype != pl.String}

    def as_text(self, text: bytes) -> pl.DataFrame:
        """Parse records, every cell as text.

        Args:
            text: The records.

        Returns:
            The cells; null where one is empty and not quoted, or means missing.

        Raises:
            polars.exceptions.PolarsError: A record has too many fields, or is not UTF-8.
        """
        return self._read(text, self._text)

    def in_types(self, text: bytes, height: int) -> pl.DataFrame | None:
        """Parse records and bring what can be to its type.

        Args:
            text: The records.
            height: How many there are.

        Returns:
            The cells, each column in its declared type if all of its cells fit, else as text; None if they cannot be
            read, or are not as many.
        """
        numbers = {} if self._numbers and _spaced(text) else self._numbers
        frame = self._parsed(text, {**self._text, **numbers})
        if numbers and (frame is None or _large(frame, numbers)):
            frame = self._parsed(text, self._text)
        if frame is None or frame.height != height:
            return None
        return frame.with_columns(_fitting(frame[name], dtype) for name, dtype in self._others.items())

    def _parsed(self, text: bytes, schema: Mapping[str, pl.DataType]) -> pl.DataFrame | None:
        try:
            return self._read(text, schema)
        except pl.exceptions.PolarsError:
            return None

    def _read(self, text: bytes, schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
        return pl.read_csv(text, has_header=False, schema=schema, null_values=self._null_values)


def _spaced(text: bytes) -> bool:
    """Tell whether a field begins with a space or tab."""
    if b" " not in text and b"\t" not in text:
        return False
    data = np.frombuffer(text, np.uint8)
    spaces = np.flatnonzero((data == _SPACE) | (data == _TAB))
    before = data[np.maximum(spaces - 1, 0)]
    edges = (before == COMMA) | (before == NEWLINE) | (before == QUOTE)
    return bool(spaces[0] == 0 or edges.any())


def _large(frame: pl.DataFrame, numbers: Mapping[str, pl.DataType]) -> bool:
    """Tell whether a float is so large that a whole number may have been bent to it."""
    floats = [name for name, dtype in numbers.items() if dtype.is_float()]
    if not floats:
        return False
    limits = {name: 2.0**24 if numbers[name] == pl.Float32 else 2.0**53 for name in floats}
    large = [((pl.col(name).abs() >= limit) & pl.col(name).is_not_nan()).any() for name, limit in limits.items()]
    return any(frame.select(large).row(0))


def _fitting(column: pl.Series, dtype: pl.DataType) -> pl.Series:
    values = cast_column(column, dtype)
    if values.null_count() != column.null_count() and misfits(column, values).any():
        return column
    return values
