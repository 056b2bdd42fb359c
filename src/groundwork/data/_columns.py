"""Column names that a caller gives, checked before they are used."""

import difflib
from collections.abc import Sequence

import polars as pl

from groundwork.errors import InvalidDataError


def require_columns(frame: pl.DataFrame, names: Sequence[str], *, what: str = "the table") -> None:
    """Refuse names that the frame does not have.

    Args:
        frame: The table.
        names: The columns asked for.
        what: The table as the message calls it.

    Raises:
        InvalidDataError: A name is missing; the hint gives near ones.
    """
    missing = [name for name in names if name not in frame.columns]
    if not missing:
        return
    near = difflib.get_close_matches(missing[0], frame.columns, n=3, cutoff=0.5)
    raise InvalidDataError(
        f"{what} has no column {', '.join(map(repr, missing[:5]))}",
        hint=f"did you mean {' or '.join(near)}?" if near else f"it has {', '.join(frame.columns[:20])}",
        context={"column": missing[0], "missing": missing},
    )
