"""Names of files inside a folder that nothing may escape.

Rule: a name is relative, its parts joined by ``/``, and means one plain file on every system: what Windows would take
for a drive, a stream, a device or another spelling is refused everywhere, so that a folder can be moved.
"""

import re
from collections.abc import Sequence
from fnmatch import fnmatchcase

from groundwork.errors import PathEscapeError
from groundwork.storage._temporary import SUFFIX

# Cc: control characters, NUL and newline among them; Cs: lone surrogates, which no file system can spell.
_FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\\\\:]")
_NOT_ON_WINDOWS = re.compile('[<>"|?*]')
_DEVICE = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])\s*(\..*)?", re.IGNORECASE)
_HINT = "give a relative name such as 'models/a.json'"


def checked_parts(name: str) -> tuple[str, ...]:
    """Split a name into its parts, if each of them means a file or folder of that name and nothing else.

    Args:
        name: As ``models/a.json``.

    Returns:
        The parts, at least one.

    Raises:
        PathEscapeError: It leads or could lead somewhere else, or means no file.
    """
    if found := _FORBIDDEN.search(name):
        raise _escape(name, f"contains {found[0]!r}")
    if found := _NOT_ON_WINDOWS.search(name):
        raise _escape(name, f"contains {found[0]!r}, which no name on Windows may")
    if name.startswith("/"):
        raise _escape(name, "is absolute")
    parts = tuple(name.split("/"))
    for part in parts:
        if part in ("", ".", ".."):
            raise _escape(name, f"has the part {part!r}")
        if part[-1] in ". ":
            raise _escape(name, "has a part that ends with a dot or a space, which Windows drops")
        if _DEVICE.fullmatch(part):
            raise _escape(name, f"means a device on Windows: {part}")
        if part.startswith(".") and part.lower().endswith(SUFFIX):
            raise _escape(name, f"is of the kind {SUFFIX}, which the next write of a file removes")
    return parts


def checked_pattern(pattern: str) -> list[str]:
    """Split a pattern of names into its parts.

    Args:
        pattern: As ``models/*.json``; ``**`` stands for any number of folders.

    Returns:
        The parts, at least one, without a ``**`` after another.

    Raises:
        PathEscapeError: It would look outside.
    """
    parts = pattern.split("/")
    if _FORBIDDEN.search(pattern) or not {"", ".", ".."}.isdisjoint(parts):
        raise PathEscapeError(
            f"the pattern {pattern!r} leads out of the folder or nowhere", hint="give one such as 'models/**/*.json'"
        )
    return [part for at, part in enumerate(parts) if at == 0 or (part, parts[at - 1]) != ("**", "**")]


def matches(parts: Sequence[str], pattern: Sequence[str]) -> bool:
    """Tell whether a name is one of those that a pattern means; case matters on every system.

    Args:
        parts: Of the name.
        pattern: From ``checked_pattern``.

    Returns:
        Whether it is.
    """
    # How much of the name the pattern so far may stand for: each ** is tried once, however many come after it.
    reached = {0}
    for wanted in pattern:
        if wanted == "**":
            reached = set(range(min(reached), len(parts) + 1))
        else:
            reached = {at + 1 for at in reached if at < len(parts) and fnmatchcase(parts[at], wanted)}
        if not reached:
            return False
    return len(parts) in reached


def _escape(name: str, why: str) -> PathEscapeError:
    return PathEscapeError(f"the name {name!r} {why}", hint=_HINT)
