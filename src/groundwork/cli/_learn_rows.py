"""Rows of the exercises and of a team, as wide as the terminal allows.

Rule: a row is never broken. Of several layouts, the widest first, the first in which every row fits is taken; where
none does, the rows of the last are cut. Into a pipe goes the first, whole.
"""

import shutil
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from groundwork.cli._learn_place import CAPSTONE
from groundwork.cli._learn_view import bar, hours
from groundwork.environment import printable

if TYPE_CHECKING:
    from groundwork.course import Exercise, Learner, Standing

_NAME = 6  # columns that a learner's name keeps, however narrow the terminal


def columns() -> int | None:
    """Find how wide a row may be.

    Returns:
        The columns of the terminal; None where what is printed goes elsewhere.
    """
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def fitting(layouts: Iterable[Sequence[str]], most: int | None) -> list[str]:
    """Choose how to print rows.

    Args:
        layouts: The same rows several times, the widest layout first.
        most: Columns that a row may take, if there is a bound.

    Returns:
        The rows of the first layout that fits, or those of the last, cut.
    """
    rows: list[str] = []
    for layout in layouts:
        rows = [row.rstrip() for row in layout]
        if most is None or all(len(row) <= most for row in rows):
            break
    return [_cut(row, most) for row in rows]


def listed(found: Sequence["Standing"], most: int | None) -> list[str]:
    """Write the rows of ``learn list``.

    Args:
        found: All exercises.
        most: Columns that a row may take, if there is a bound.

    Returns:
        Number, title, the core's minutes and the rest's hours, and how far each is.
    """

    def rows(title: bool, rest: bool, state: int) -> list[str]:
        names = [row_name(each.exercise, whole=title) for each in found]
        times = [_time(each.exercise, rest) for each in found]
        states = [_state(each, state) for each in found]
        return [f"{name}  {time} {told}" for name, time, told in zip(names, times, states, strict=True)]

    layouts = ((True, True, 2), (False, True, 2), (False, True, 1), (False, False, 1), (False, False, 0))
    return fitting((rows(*each) for each in layouts), most)


def at_hand(found: Sequence["Standing"], here: "Standing | None", most: int | None) -> list[str]:
    """Write the rows of the first screen.

    Args:
        found: All exercises.
        here: The one that is marked, if any.
        most: Columns that a row may take, if there is a bound.

    Returns:
        Number, title, a bar where there is room for it, and how far each is.
    """

    def rows(title: bool, drawn: bool, state: int) -> list[str]:
        marks = [">" if each is here else " " for each in found]
        bars = [f"{bar(each.passed, each.total or 1)}  " if drawn else "" for each in found]
        names = [row_name(each.exercise, whole=title) for each in found]
        states = [_state(each, state) for each in found]
        return [f"{mark} {name}  {b}{told}" for mark, name, b, told in zip(marks, names, bars, states, strict=True)]

    layouts = ((True, True, 2), (True, False, 2), (False, False, 2), (False, False, 1), (False, False, 0))
    return fitting((rows(*each) for each in layouts), most)


def team(found: Sequence["Learner"], most: int | None) -> list[str]:
    """Write the rows of ``learn report``.

    Args:
        found: The learners.
        most: Columns that a row may take, if there is a bound.

    Returns:
        The headings, and for each learner the name, the checks that pass in each exercise, and what is done.
    """
    return fitting((_team_rows(found, layout, most) for layout in (2, 1, 0)), most)


def _team_rows(found: Sequence["Learner"], layout: int, most: int | None) -> list[str]:
    numbers = [each.exercise.number for each in found[0].columns]
    head = [*(number if layout else number[:3] for number in numbers), "done", "cores"]
    cells = [head]
    for learner in found:
        counts = [f"{each.passed}/{each.total}" if layout else str(each.passed) for each in learner.columns]
        begun = [count if each.begun else "-" for count, each in zip(counts, learner.columns, strict=True)]
        total = len(learner.standings)
        drawn = f"{bar(learner.done, total)[::3]} " if layout == 2 else ""
        cells.append([*begun, f"{drawn}{learner.done} of {total}", f"{learner.cores_done} of {total}"])
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    if layout == 2:
        widths[:-2] = [max(6, width) for width in widths[:-2]]
    aligned = [">"] * len(numbers) + ["<", "<"]
    right = ["".join(f"  {text:{a}{w}}" for text, a, w in zip(row, aligned, widths, strict=True)) for row in cells]
    names = ["learner", *(printable(learner.name) for learner in found)]
    room = None if most is None or layout else max(_NAME, most - len(right[0]))
    names = [_cut(name, room) for name in names]
    width = max(map(len, names))
    return [f"{name:<{width}}{row}" for name, row in zip(names, right, strict=True)]


def row_name(exercise: "Exercise", *, whole: bool = True) -> str:
    """Write an exercise's number and title, as wide as those of others.

    Args:
        exercise: The exercise; the capstone has no number.
        whole: The title, and not only the words before its colon.

    Returns:
        As ``04  File I/O: ...``.
    """
    number = "" if exercise.number == CAPSTONE else exercise.number
    title = f"{exercise.title:<50}" if whole else f"{exercise.title.partition(':')[0]:<17}"
    return f"{number:<2}  {title}"


def _time(exercise: "Exercise", rest: int) -> str:
    beyond = f"+ {hours(exercise.beyond)}" if exercise.beyond else ""
    return f"{exercise.minutes:>4} min " + (f"{beyond:<8}" if rest else "")


def _state(standing: "Standing", parts: int) -> str:
    """All that is to be said; with ``1`` no more than the core and the count of checks; with ``0`` in fewer words."""
    state = standing.describe()
    count, verb, _ = state.partition(" checks pass")
    return (count, count + verb, state)[parts]


def _cut(text: str, most: int | None) -> str:
    return text if most is None or len(text) <= most else text[: max(0, most - 3)] + "..."
