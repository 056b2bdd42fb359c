"""Tables of data on a terminal, and how far a reading is.

Rule: a cell from a file never moves the cursor or changes a colour; progress goes to a terminal only.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import typer
from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

_GAP = "  "
_LEAST = 12
_WIDE = 200
_BARS = 12
_BLOCKS = "▁▂▃▄▅▆▇█"


def show_table(
    head: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    right: Iterable[int] = (),
    colours: Mapping[str, str] | None = None,
) -> None:
    """Print a table; on a terminal the last column is cut to what fits, and the widest others where that is not enough.

    Args:
        head: Titles.
        rows: Cells.
        right: Which columns are set flush right.
        colours: Colour by the text of a cell.
    """
    lines = [[clean(cell) for cell in row] for row in (head, *rows)]
    flush, tints = set(right), colours or {}
    wide = [max(map(cell_len, column)) for column in zip(*lines, strict=True)]
    terminal = Console(highlight=False)
    room = terminal.width if terminal.is_terminal else _WIDE
    room -= len(_GAP) * (len(wide) - 1)
    wide[-1] = max(min(wide[-1], room - sum(wide[:-1])), _LEAST)
    while terminal.is_terminal and sum(wide) > room and max(wide[:-1], default=0) > _LEAST:
        wide[wide.index(max(wide[:-1]))] -= 1
    for line in lines:
        cells = []
        for place, (cell, size) in enumerate(zip(line, wide, strict=True)):
            shown = cell if cell_len(cell) <= size else f"{set_cell_size(cell, size - 1)}…"
            space = " " * (size - cell_len(shown))
            told = typer.style(shown, fg=tints[cell]) if cell in tints else shown
            cells.append(space + told if place in flush else told + space)
        typer.echo(_GAP.join(cells).rstrip())


def show_notes(notes: Sequence[str]) -> None:
    """Print remarks on how the table was read, apart from the result.

    Args:
        notes: Sentences.
    """
    for note in notes:
        typer.echo(f"note: {clean(note)}", err=True)


def print_json(value: Mapping[str, Any]) -> None:
    """Print plain data for programs.

    Args:
        value: The data.
    """
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False))


@contextmanager
def reading(doing: str) -> Iterator[Callable[[int, int], None] | None]:
    """Show on a terminal how much of the files has been read, and nothing elsewhere.

    Args:
        doing: What is being done.

    Yields:
        A function that takes bytes read and bytes in all, or None where nobody would see it.
    """
    console = Console(stderr=True, highlight=False)
    if not console.is_terminal:
        yield None
        return
    shown = (TextColumn("{task.description}", markup=False), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
    with Progress(*shown, TimeElapsedColumn(), console=console, transient=True) as bar:
        task = bar.add_task(clean(doing), total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total or 1)


@contextmanager
def working(doing: str) -> Iterator[None]:
    """Show on a terminal that something is being done, and nothing elsewhere.

    Args:
        doing: What it is.
    """
    console = Console(stderr=True, highlight=False)
    if not console.is_terminal:
        yield
        return
    with console.status(doing):
        yield


def clean(text: str) -> str:
    """Take out of a text what a terminal would obey.

    Args:
        text: A cell or a name.

    Returns:
        The text, with ``·`` for each character that is no visible one.
    """
    return text if text.isprintable() else "".join(char if char.isprintable() else "·" for char in text)


def spark(counts: Sequence[float]) -> str:
    """Draw a histogram as a line of blocks.

    Args:
        counts: Rows of each bin.

    Returns:
        One character a bin, or for neighbours together where there are more than 12; empty where the terminal cannot
        show them.
    """
    if not (Console().encoding or "").startswith("utf"):
        return ""
    step = -(-len(counts) // _BARS) or 1
    joined = [sum(counts[at : at + step]) for at in range(0, len(counts), step)]
    most = max(joined, default=0) or 1
    return "".join(_BLOCKS[min(int(8 * count / most), 7)] if count else " " for count in joined)


def number(value: Any) -> str:
    """Write a number for people.

    Args:
        value: A number, or a cell of any kind.

    Returns:
        As ``49,102``, ``2013`` or ``0.6931``; empty for None.
    """
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if value == int(value) and abs(value) < 1e15:
        return f"{int(value):,}" if abs(value) >= 10_000 else str(int(value))
    return f"{value:,.1f}" if 10_000 <= abs(value) < 1e15 else f"{value:.5g}"


def share(part: float, whole: float) -> str:
    """Write a share as percent.

    Args:
        part: The part.
        whole: The whole.

    Returns:
        As ``12%``; ``<0.1%`` rather than nothing where there is something.
    """
    percent = 100 * part / whole if whole else 0.0
    if 0 < percent < 0.1:
        return "<0.1%"
    return f"{percent:.1f}%" if 0 < percent < 10 or 99 < percent < 100 else f"{percent:.0f}%"


def many(count: int, noun: str) -> str:
    """Write a count with its noun.

    Args:
        count: How many.
        noun: Of what, in the singular.

    Returns:
        As ``1 row`` or ``1,633 rows``.
    """
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
