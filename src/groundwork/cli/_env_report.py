"""What findings look like: at a terminal one screen, elsewhere all of them, as plain text.

Rule: the worst first, findings of one kind together with the command that mends them, the next step last. Made without
rich, which may be the very package that is damaged.
"""

import os
import shutil
import sys
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from groundwork import environment

if TYPE_CHECKING:
    from groundwork.environment import Finding

_MARKS = {"error": "x", "warning": "!", "ok": "+"}
_COLOURS = {"x": "red", "!": "yellow", "+": "green"}
_ALL = sys.maxsize


def show(findings: "Sequence[Finding]", mended: Sequence[str] = ()) -> None:
    """Print findings.

    Args:
        findings: As ``check`` returns them.
        mended: Packages that were installed again.
    """
    at_terminal = sys.stdout.isatty()
    size = shutil.get_terminal_size()
    lines = screen(findings, mended, size.columns, size.lines) if at_terminal else _lines(findings, mended, _Room())
    coloured = at_terminal and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"
    for line in lines:
        text = line.encode(sys.stdout.encoding or "utf-8", "replace").decode(sys.stdout.encoding or "utf-8")
        if coloured and text[:2].rstrip() in _COLOURS:
            text = typer.style(text[0], fg=_COLOURS[text[0]], bold=True) + text[1:]
        typer.echo(text)


def screen(findings: "Sequence[Finding]", mended: Sequence[str], columns: int, rows: int) -> list[str]:
    """Lay findings out so that all lines are on one screen, the line of the prompt among them.

    Args:
        findings: As ``check`` returns them.
        mended: Packages that were installed again.
        columns: Width of the terminal.
        rows: Its height.

    Returns:
        Lines; where there is too little room, those that matter least are told by their number.
    """
    columns = max(columns, 40)
    rooms = [
        _Room(columns),
        _Room(columns, each_ok=False),
        *(_Room(columns, each_ok=False, alike=number) for number in (5, 3)),
        *(_Room(columns, each_ok=False, alike=number, whole=False) for number in (5, 3, 2)),
        *(_Room(columns, each_ok=False, alike=1, whole=False, kinds=kinds) for kinds in (_ALL, *range(40, 0, -1))),
    ]
    lines: list[str] = []
    for room in rooms:
        lines = _lines(findings, mended, room)
        if sum(max(1, -(-len(line) // columns)) for line in lines) < rows:
            break
    return lines


@dataclass(frozen=True)
class _Room:
    # columns None: as long as it comes. whole: expected is told too, and a long text is wrapped instead of cut.
    columns: int | None = None
    each_ok: bool = True
    alike: int = _ALL
    whole: bool = True
    kinds: int = _ALL


def _lines(findings: "Sequence[Finding]", mended: Sequence[str], room: _Room) -> list[str]:
    bad = [one for one in environment.worst_first(list(findings)) if one.severity != "ok"]
    fine = [one for one in findings if one.severity == "ok"]
    names = [one.check for one in (findings if room.each_ok else bad)]
    width = max(map(len, names), default=0) + 2
    kinds: dict[tuple[str, str], list[Finding]] = {}
    for one in bad:
        kinds.setdefault((one.severity, one.fix), []).append(one)
    lines = [line for group in list(kinds.values())[: room.kinds] for line in _group(group, width, room)]
    left = sum(len(group) for group in list(kinds.values())[room.kinds :])
    if left:
        lines.append(f"... and {left} more; all of them: groundwork env check --json")
    if room.each_ok:
        lines += [line for one in fine for line in _finding(one, width, room)]
    elif fine:
        text = f"+ {len(fine)} ok: {', '.join(dict.fromkeys(one.check for one in fine))}"
        lines += textwrap.wrap(text, room.columns or _ALL, subsequent_indent="  ", break_on_hyphens=False)
    if mended:
        lines.append(f"Installed again: {', '.join(mended)}")
    errors = sum(one.severity == "error" for one in bad)
    lines.append(f"{count(errors, 'error')}, {count(len(bad) - errors, 'warning')}, {len(fine)} ok")
    step = next((one.fix for one in bad if one.fix), "")
    lines.append(f"Next: {environment.printable(step) or _onwards()}")
    return lines


def _group(group: "Sequence[Finding]", width: int, room: _Room) -> Iterator[str]:
    indent = " " * (width + 2)
    alike: dict[tuple[str, str], list[Finding]] = {}
    for one in group:
        alike.setdefault((one.check, one.expected), []).append(one)
    for some in alike.values():
        for one in some[: room.alike]:
            yield from _finding(one, width, room)
        if len(some) > room.alike:
            yield f"{indent}and {len(some) - room.alike} more of these"
        if some[0].expected and room.whole:
            yield from _folded(f"expected: {some[0].expected}", indent, indent, room)
    if group[0].fix:
        # Never folded: it is there to be copied.
        yield f"{indent}mend: {environment.printable(group[0].fix)}"


def _finding(one: "Finding", width: int, room: _Room) -> Iterator[str]:
    head = f"{_MARKS[one.severity]} {one.check:<{width}}"
    return _folded(one.found, head, " " * len(head), room)


def _folded(text: str, head: str, indent: str, room: _Room) -> Iterator[str]:
    text = environment.printable(text)
    if room.columns is None:
        yield head + text
    elif not room.whole:
        space = room.columns - len(head)
        yield head + (text if len(text) <= space else text[: max(0, space - 3)] + "...")
    else:
        yield from textwrap.wrap(
            text, room.columns, initial_indent=head, subsequent_indent=indent, break_on_hyphens=False
        ) or [head.rstrip()]


def count(number: int, noun: str) -> str:
    """Say how many there are.

    Args:
        number: How many.
        noun: Of what, one of it.

    Returns:
        As ``2 errors``.
    """
    return f"{number} {noun}" + ("" if number == 1 else "s")


def _onwards() -> str:
    if Path("pipeline.yaml").is_file():
        return "groundwork run"
    if Path("examples/flights/pipeline.yaml").is_file():
        return "groundwork run examples/flights"
    return "groundwork env fingerprint"
