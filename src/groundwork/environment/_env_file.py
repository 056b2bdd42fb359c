"""The text of a ``.env`` file.

Rule: a value stands for itself. Nothing is expanded, run or taken from elsewhere; a line that cannot be read is a
mistake with its number, and its text is never shown.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from groundwork.environment._settings_mistakes import Mistake, Source, raise_for
from groundwork.errors import UsageError

_NOTHING = re.compile(r"[ \t]*(?:#[^\n]*)?(?:\n|\Z)")
_NAME = re.compile(r"[ \t]*(?:export[ \t]+)?(?P<name>[A-Za-z_][A-Za-z0-9_.]*)[ \t]*=")
_QUOTED = re.compile(r"""[ \t]*(?:'(?P<plain>[^']*)'|"(?P<escaped>(?:[^"\\]|\\.)*)")""", re.DOTALL)
_OPENING = re.compile(r"[ \t]*[\"']")
_LINE = re.compile(r"[^\n]*\n?")
_COMMENT = re.compile(r"[ \t]#.*")
_ESCAPE = re.compile(r"\\([nrt\\\"$`])")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}
_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")
_BARE = re.compile(r"[A-Za-z0-9_./:@%+,-]*")


@dataclass(frozen=True)
class Assignment:
    """One ``NAME=value``.

    Attributes:
        name: The name.
        value: What it stands for, without quotes.
        line: Where it begins, from 1.
    """

    name: str
    value: str = field(repr=False)
    line: int


def parse_env(text: str, *, source: str = ".env") -> dict[str, str]:
    r"""Read the text of a ``.env`` file.

    A line is ``NAME=value`` or ``export NAME=value``; spaces around both are dropped; empty lines and lines that begin
    with ``#`` count for nothing. Without quotes a value ends at the end of its line or before a ``#`` that follows a
    space. Within single quotes everything stands for itself; within double quotes ``\n``, ``\r``, ``\t``, ``\\``,
    ``\"``, ``\$`` and a backslash before a backtick are escapes, and any other backslash stands for itself. Quoted
    values may go over several lines. ``$NAME`` is not expanded. Of a name given twice the last counts, as in a shell.

    Args:
        text: What the file holds.
        source: Its name, for messages.

    Returns:
        Values by name, in the order of their first lines.

    Raises:
        ConfigurationError: Lines that cannot be read; all are named by number, none is shown.
    """
    assignments, mistakes = read_env(text, source)
    raise_for(mistakes)
    return {each.name: each.value for each in assignments}


def format_env(values: Mapping[str, str]) -> str:
    """Write values as ``parse_env`` reads them: ``parse_env(format_env(values)) == values``.

    Args:
        values: Text by name.

    Returns:
        One assignment a value, quoted where needed.

    Raises:
        UsageError: A name that no ``.env`` can have, or a value that is no text or holds a NUL.
    """
    return "".join(f"{_name(name)}={_value(name, value)}\n" for name, value in values.items())


def read_env(text: str, source: str) -> tuple[list[Assignment], list[Mistake]]:
    """Read what can be read.

    Args:
        text: What the file holds.
        source: Its name, for messages.

    Returns:
        The assignments, and one mistake a line that is none.
    """
    found = list(_entries(text.removeprefix("\ufeff").replace("\r\n", "\n"), source))
    return [one for one in found if isinstance(one, Assignment)], [one for one in found if isinstance(one, Mistake)]


def _entries(text: str, source: str) -> Iterator[Assignment | Mistake]:
    at = line = 0
    while at < len(text):
        begin, line = at, line + 1
        place = Source("env_file", file=source, line=line)
        if nothing := _NOTHING.match(text, at):
            at = nothing.end()
        elif not (named := _NAME.match(text, at)):
            yield Mistake("", "the line is no NAME=value; put a value of several lines in quotes", place)
            at = _end_of_line(text, at)
        elif quoted := _QUOTED.match(text, named.end()):
            at = _end_of_line(text, quoted.end())
            if _NOTHING.fullmatch(text, quoted.end(), at):
                yield Assignment(named["name"], _unquoted(quoted), line)
            else:
                yield Mistake("", f"text follows the closing quote of {named['name']}", place)
        elif _OPENING.match(text, named.end()):
            yield Mistake("", f"the quote that begins the value of {named['name']} is never closed", place)
            # What follows may be part of a secret, so nothing of it is taken for a name.
            return
        else:
            at = _end_of_line(text, at)
            value = _COMMENT.sub("", text[named.end() : at].rstrip("\n"))
            yield Assignment(named["name"], value.strip(" \t"), line)
        line += text.count("\n", begin, at) - 1


def _end_of_line(text: str, at: int) -> int:
    match = _LINE.match(text, at)
    return match.end() if match else at


def _unquoted(quoted: re.Match[str]) -> str:
    if quoted["escaped"] is None:
        return quoted["plain"]
    return _ESCAPE.sub(lambda match: _ESCAPES.get(match[1], match[1]), quoted["escaped"])


def _name(name: str) -> str:
    if not _PLAIN_NAME.fullmatch(name):
        raise UsageError(f"{name!r} is no name for a .env", hint="use letters, digits and underscores")
    return name


def _value(name: str, value: str) -> str:
    if not isinstance(value, str):
        hint = "write reveal() on purpose, or str(...)"
        raise UsageError(f"the value of {name} is no text but a {type(value).__name__}", hint=hint)
    if "\0" in value:
        raise UsageError(f"the value of {name} holds a NUL, which no variable can", hint="encode it, as in base64")
    if _BARE.fullmatch(value):
        return value
    if "'" not in value and "\r" not in value:
        return f"'{value}'"
    for text, escape in (("\\", "\\\\"), ('"', '\\"'), ("$", "\\$"), ("`", "\\`"), ("\n", "\\n"), ("\r", "\\r")):
        value = value.replace(text, escape)
    return f'"{value}"'
