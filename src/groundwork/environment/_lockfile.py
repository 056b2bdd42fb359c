"""The pins of a requirements.lock.

Rule: only what applies here counts; a marker that cannot be judged applies, so that nothing is silently left out.
"""

import ast
import importlib.util
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from groundwork.environment._record import normalize
from groundwork.environment._scrub import scrub
from groundwork.errors import ConfigurationError

_PIN = re.compile(
    r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?\s*==\s*(?P<version>[^\s;]+)\s*(?:;(?P<marker>.*))?$"
)
_ORDERED = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)


@dataclass(frozen=True)
class Pin:
    """One locked package.

    Args:
        name: Normalized name.
        version: The only version that will do.
        marker: Where it applies, as ``sys_platform == 'win32'``; empty for everywhere.
        text: The lines of the lock, hashes included, as an installer reads them.
    """

    name: str
    version: str
    marker: str
    text: str


def read_lock(path: Path) -> list[Pin]:
    """Read a lock as ``uv pip compile --generate-hashes`` writes it.

    Args:
        path: The file.

    Returns:
        Its pins, in order.

    Raises:
        ConfigurationError: The file is missing or no text, or a line is not ``name==version``.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ConfigurationError(
            f"cannot read the lock {path}: {reason}",
            hint="write it with: groundwork env lock; or name an existing one",
        ) from error
    return parse_lock(text, path)


def parse_lock(text: str, path: Path) -> list[Pin]:
    """Read the text of a lock.

    Args:
        text: As ``uv pip compile --generate-hashes`` writes it.
        path: What to call it in an error.

    Returns:
        Its pins, in order.

    Raises:
        ConfigurationError: A line is not ``name==version``.
    """
    pins = []
    for number, block in _blocks(text):
        requirement = block.split(" --hash", 1)[0].replace("\\\n", " ").rstrip(" \\\n")
        match = _PIN.match(requirement.strip())
        if match is None:
            raise ConfigurationError(
                # The address of an index may hold a password.
                f"{path}, line {number}: {scrub(requirement.strip())!r} is not a pin of the form name==version",
                # `env lock` overwrites nothing that is no lock.
                hint="take that line out; or move the file away and write the lock with: groundwork env lock",
            )
        marker = (match["marker"] or "").strip()
        pins.append(Pin(normalize(match["name"]), match["version"], marker, block))
    return pins


def _blocks(text: str) -> list[tuple[int, str]]:
    # A requirement goes on while its lines end in a backslash.
    blocks: list[tuple[int, str]] = []
    open_block = False
    for number, line in enumerate(text.splitlines(), start=1):
        bare = line.strip()
        if not open_block and (not bare or bare.startswith("#")):
            continue
        if open_block:
            start, block = blocks[-1]
            blocks[-1] = (start, f"{block}\n{line}")
        else:
            blocks.append((number, line))
        open_block = bare.endswith("\\")
    return blocks


def applies(marker: str, values: Mapping[str, str]) -> bool:
    """Say whether a marker holds.

    Args:
        marker: As in a lock; empty holds everywhere.
        values: The marker variables of the environment in question.

    Returns:
        True also for a marker that cannot be judged.
    """
    if not marker:
        return True
    if importlib.util.find_spec("packaging") is not None:
        from packaging.markers import InvalidMarker, Marker

        try:
            return Marker(marker).evaluate({**values, "extra": ""})
        except InvalidMarker:
            return True
    try:
        # Before anything is installed: the grammar of markers is, but for ~= and ===, a part of Python's.
        return _holds(ast.parse(marker.strip(), mode="eval").body, values)
    except (SyntaxError, ValueError, KeyError):
        return True


def _holds(node: ast.expr, values: Mapping[str, str]) -> bool:
    if isinstance(node, ast.BoolOp):
        judge = all if isinstance(node.op, ast.And) else any
        return judge(_holds(part, values) for part in node.values)
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        return _compare(_value(node.left, values), node.ops[0], _value(node.comparators[0], values))
    raise ValueError("not a marker")


def _value(node: ast.expr, values: Mapping[str, str]) -> str:
    if isinstance(node, ast.Name):
        return values[node.id]
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    raise ValueError("not a marker value")


def _compare(left: str, operator: ast.cmpop, right: str) -> bool:
    if isinstance(operator, (ast.In, ast.NotIn)):
        return (left in right) == isinstance(operator, ast.In)
    if isinstance(operator, _ORDERED) or _is_version(right):
        order = _order(_release(left), _release(right))
        verdicts = {ast.Lt: order < 0, ast.LtE: order <= 0, ast.Gt: order > 0, ast.GtE: order >= 0}
        return verdicts.get(type(operator), (order == 0) == isinstance(operator, ast.Eq))
    return (left == right) == isinstance(operator, ast.Eq)


def _is_version(text: str) -> bool:
    return re.fullmatch(r"\d+(\.\d+)*", text) is not None


def _release(text: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", text)]


def _order(left: Sequence[int], right: Sequence[int]) -> int:
    length = max(len(left), len(right))
    padded = [list(side) + [0] * (length - len(side)) for side in (left, right)]
    return (padded[0] > padded[1]) - (padded[0] < padded[1])
