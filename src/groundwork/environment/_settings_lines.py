"""Where the keys of a JSON or TOML file stand, since its reader does not say.

Rule: only for text that its reader has accepted; the walk is over tokens, so nothing inside a string counts as a key.
"""

import json
import re
from collections.abc import Iterator

KeyPath = tuple[str, ...]

_JSON_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,\n]', re.DOTALL)
_TOML_TOKEN = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'|\#[^\n]*|\n|\[\[|\]\]|[\[\]{}=,.]|[^\s\[\]{}=,."\'\#]+',
    re.DOTALL,
)


def json_lines(text: str) -> Iterator[tuple[KeyPath, int]]:
    """Find the keys of nested objects.

    Args:
        text: Valid JSON.

    Yields:
        The path of each key that is in no list, and its line; a key given twice comes twice.
    """
    inside: list[str] = []
    line, last, path = 1, "", [""]
    for match in _JSON_TOKEN.finditer(text):
        piece = match[0]
        if piece in "{[":
            inside.append(piece)
            path.append("")
        elif piece in "}]":
            inside.pop()
            path.pop()
        elif piece == ":" and "[" not in inside:
            path[-1] = json.loads(last)
            yield tuple(path[1:]), line
        # A colon may stand on a line below its key; the line of the colon is near enough.
        line += piece == "\n"
        last = piece if piece != "\n" else last


def toml_lines(text: str) -> Iterator[tuple[KeyPath, int]]:
    """Find the keys of tables; the tables of one list count as one.

    Args:
        text: Valid TOML.

    Yields:
        The path of each key that is in no inline table, of each table and of all above it, and the line. What is
        written in parts comes more than once.
    """
    table: KeyPath = ()
    statement: list[str] = []
    line, depth, value = 1, 0, False
    for match in _TOML_TOKEN.finditer(text + "\n"):
        piece = match[0]
        if piece == "\n" and not depth:
            if statement and statement[0] in ("[", "[["):
                table = _keys(statement[1:-1])
                yield from _with_parents(table, line)
            statement, value = [], False
        elif piece == "=" and not value:
            yield from _with_parents(table + _keys(statement), line)
            value = True
        elif value:
            depth += {"[": 1, "[[": 2, "{": 1, "]": -1, "]]": -2, "}": -1}.get(piece, 0)
        elif not piece.startswith("#"):
            statement.append(piece)
        line += piece.count("\n")


def _with_parents(path: KeyPath, line: int) -> Iterator[tuple[KeyPath, int]]:
    for length in range(1, len(path) + 1):
        yield path[:length], line


def _keys(pieces: list[str]) -> KeyPath:
    return tuple(_key(piece) for piece in pieces if piece != ".")


def _key(piece: str) -> str:
    # A quoted key of TOML has the escapes of JSON but for \U, which no setting needs.
    if piece.startswith('"'):
        try:
            return str(json.loads(piece))
        except ValueError:
            return piece[1:-1]
    return piece[1:-1] if piece.startswith("'") else piece
