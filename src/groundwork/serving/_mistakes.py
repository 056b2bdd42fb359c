"""Mistakes in the instances of a request: where, and what.

Rule: a mistake is named by the place where the client wrote it, ``instances[3].dep_hour``, in words and as a pointer.
"""

import re
import reprlib
from typing import Any, TypedDict

from groundwork.errors import InvalidDataError

_PLACE = re.compile(r"^instances(\[\d+\])?[^:\s]*:\s")


class Mistake(TypedDict):
    """One mistake."""

    row: int | None
    column: str | int | None
    message: str


def mistakes_of(error: InvalidDataError, row: int | None = None) -> list[Mistake]:
    """Return the mistakes that an error stands for.

    Args:
        error: With ``mistakes`` in its context (a list of ``row``, ``column``, ``message``), or with ``row`` and
            ``column`` of its one mistake, or with neither.
        row: Where the mistakes are, if the error cannot know.

    Returns:
        At least one.
    """
    listed = error.context.get("mistakes")
    if not isinstance(listed, list) or not listed:
        listed = [error.context]
    return [
        {
            "row": mistake.get("row") if row is None else row,
            "column": mistake.get("column"),
            "message": _PLACE.sub("", str(mistake.get("message", error.message))),
        }
        for mistake in listed
    ]


def located(mistake: Mistake) -> dict[str, Any]:
    """Return a mistake as a member of a problem document's ``errors``.

    Args:
        mistake: Its row None where the whole request is meant.

    Returns:
        ``pointer``, as RFC 9457 has it, and ``detail``, which begins with the place.
    """
    row, column = mistake["row"], mistake["column"]
    path = "instances" if row is None else f"instances[{row}]"
    pointer = "#/instances" if row is None else f"#/instances/{row}"
    if column is not None:
        path += f"[{column}]" if isinstance(column, int) else f".{column}"
        pointer += "/" + str(column).replace("~", "~0").replace("/", "~1")
    return {"pointer": pointer, "detail": f"{path}: {mistake['message']}"}


def shown(value: Any) -> str:
    """Return a value as a message shows it.

    Args:
        value: As it came from JSON: however long, deep or large.

    Returns:
        About 40 characters.
    """
    try:
        return f"{_SHORT.repr(value):.40}"
    except ValueError:  # Python refuses to write an integer of thousands of digits
        return "a very large number"


_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = _SHORT.maxlong = 40
