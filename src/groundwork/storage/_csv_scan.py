"""Where the records and fields of CSV lie in a piece of bytes.

Rule: whole vectors only. Cost: a few passes over the piece.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

NEWLINE, RETURN, QUOTE, COMMA = b'\n\r",'

Positions = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Scan:
    """Where the structure of a piece of CSV lies: bytes that stand outside quotes.

    Attributes:
        ends: Line feeds that end records.
        commas: Commas that part fields.
        newlines: All line feeds, those within quotes too.
        open_quote: Whether a quote is open at the end.
    """

    ends: Positions
    commas: Positions
    newlines: Positions
    open_quote: bool


def blank_lines(
    data: npt.NDArray[np.uint8], starts: Positions, length: Positions, *, single: bool
) -> npt.NDArray[np.bool_]:
    """Mark the blank lines, which are no records, as in csv.DictReader; of a single column they are missing values.

    Args:
        data: The bytes.
        starts: Where each line starts.
        length: The bytes of each line without its line feed.
        single: Whether the table has one column only.

    Returns:
        A mark for each line.
    """
    blank: npt.NDArray[np.bool_] = (length == 0) | ((length == 1) & (data[starts] == RETURN))
    return np.zeros_like(blank) if single else blank


def outside(quotes: Positions, positions: Positions) -> Positions:
    """Drop the positions that stand within quotes.

    Args:
        quotes: Where the quotes stand.
        positions: Some positions.

    Returns:
        Those with an even number of quotes before them.
    """
    if not len(quotes):
        return positions
    kept: Positions = positions[(np.searchsorted(quotes, positions) & 1) == 0]
    return kept


def stray_quote(data: npt.NDArray[np.uint8], quotes: Positions) -> int | None:
    """Look for a quote that neither opens nor closes a whole field, nor stands for a quote.

    Args:
        data: The bytes.
        quotes: Where the quotes stand.

    Returns:
        The first such position, or None.
    """
    opening, closing = quotes[0::2], quotes[1::2]
    before = data[np.maximum(opening - 1, 0)]
    opens = (opening == 0) | np.isin(before, (COMMA, NEWLINE, QUOTE))
    after = data[np.minimum(closing + 1, len(data) - 1)]
    closes = (closing == len(data) - 1) | np.isin(after, (COMMA, NEWLINE, RETURN, QUOTE))
    stray = np.concatenate((opening[~opens], closing[~closes]))
    return int(stray.min()) if len(stray) else None
