"""How each kind of split finds the part of a row.

Rule: what is random comes from the seed alone, through numpy's PCG64 or a written-out hash. The order of the rows
matters to a shuffle only.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from groundwork.data._split_balance import deal
from groundwork.data._split_places import key_texts, places
from groundwork.data._split_wish import TEST, TRAIN, VALIDATION, Parts, Wish
from groundwork.errors import ConfigurationError, InvalidDataError, first_line


def _assign_shuffled(rows: int, wish: Wish, rng: np.random.Generator) -> Parts:
    # Each part gets at least one row; the caller has made sure that there are enough.
    test = max(1, round(rows * wish.test))
    validation = max(1, round(rows * wish.validation)) if wish.validation else 0
    test = min(test, rows - validation - 1)
    validation = min(validation, rows - test - 1)
    parts = np.zeros(rows, np.int8)
    order = rng.permutation(rows)
    parts[order[:test]] = TEST
    parts[order[test : test + validation]] = VALIDATION
    return parts


def _random(frame: pl.DataFrame, wish: Wish) -> Parts:
    if wish.key:
        return wish.by_place(places(frame, wish.key, wish.seed))
    return _assign_shuffled(frame.height, wish, np.random.default_rng(wish.seed))


def _stratified(frame: pl.DataFrame, wish: Wish) -> Parts:
    rng = np.random.default_rng(wish.seed)
    hashed = wish.by_place(places(frame, wish.key, wish.seed)) if wish.key else None
    parts = np.zeros(frame.height, np.int8)
    for name, rows in _classes(frame, str(wish.column)):
        if len(rows) < wish.parts:
            raise _too_rare(wish, name, len(rows), "row", "stratified")
        if hashed is None:
            parts[rows] = _assign_shuffled(len(rows), wish, rng)
            continue
        parts[rows] = hashed[rows]
        if np.count_nonzero(np.bincount(parts[rows])) < wish.parts:
            raise InvalidDataError(
                f"of the {len(rows):,} rows of class {name!r} of {wish.column} the hash of {', '.join(wish.key)} "
                "leaves a part without any",
                hint="drop or merge the class, use another seed, or leave key out",
                context={"column": wish.column, "class": name, "count": len(rows)},
            )
    return parts


def _classes(frame: pl.DataFrame, column: str) -> list[tuple[str, npt.NDArray[np.int64]]]:
    """Name every class, sorted, with its rows."""
    texts = frame[column].cast(pl.String)
    codes = texts.rank("dense").to_numpy()
    order = np.argsort(codes, kind="stable")
    found = np.split(order, np.flatnonzero(np.diff(codes[order])) + 1)
    return [(texts[int(rows[0])], rows) for rows in found]


def _too_rare(wish: Wish, name: str, count: int, what: str, kind: str) -> InvalidDataError:
    return InvalidDataError(
        f"class {name!r} of {wish.column} has {count} {what}{'s' if count > 1 else ''}; "
        f"a {kind} split into {wish.parts} parts needs {wish.parts} of each",
        hint=f"drop or merge the class, or use a {'group' if what == 'group' else 'random'} split",
        context={"column": wish.column, "class": name, "count": count},
    )


def _group(frame: pl.DataFrame, wish: Wish) -> Parts:
    name = str(wish.group)
    groups = _unit_of(frame[name], wish.unit).to_frame()
    return wish.by_place(places(groups, [name], wish.seed))


def _stratified_group(frame: pl.DataFrame, wish: Wish) -> Parts:
    name = str(wish.group)
    # Groups go by their text, not by where they first stand: the order of the rows has no say.
    codes = key_texts(frame[name]).rank("dense").to_numpy().astype(np.int64) - 1
    classes = _classes(frame, str(wish.column))
    counts = np.zeros((int(codes.max()) + 1, len(classes)), np.int64)
    for at, (_, rows) in enumerate(classes):
        counts[:, at] = np.bincount(codes[rows], minlength=len(counts))
    for (label, _), spread in zip(classes, np.count_nonzero(counts, axis=0).tolist(), strict=True):
        if spread < wish.parts:
            raise _too_rare(wish, label, spread, "group", "stratified-group")
    place = np.zeros(len(counts))
    place[codes] = places(frame, [name], wish.seed)
    dealt = (TRAIN, VALIDATION, TEST) if wish.validation else (TRAIN, TEST)
    parts: Parts = np.array(dealt, np.int8)[deal(counts, wish.fractions, place)[codes]]
    return parts


ASSIGN: dict[str, Callable[[pl.DataFrame, Wish], Parts]] = {
    "random": _random,
    "stratified": _stratified,
    "group": _group,
    "stratified-group": _stratified_group,
}


def by_time(frame: pl.DataFrame, wish: Wish) -> tuple[list[pl.DataFrame], dict[str, str]]:
    """Sort by time and cut where a unit begins.

    Args:
        frame: The rows.
        wish: What is asked.

    Returns:
        Train, validation and test, and the first time of the latter two.

    Raises:
        InvalidDataError: There are fewer units than parts.
        ConfigurationError: The unit is not understood.
    """
    column = str(wish.column)
    ordered = frame.sort(column, maintain_order=True)
    key = _unit_of(ordered[column], wish.unit)
    starts = np.flatnonzero((key != key.shift(1)).fill_null(True).to_numpy())[1:]
    if len(starts) < wish.parts - 1:
        what = f"units of {wish.unit}" if wish.unit else "different times"
        raise InvalidDataError(
            f"column {column} has {len(starts) + 1} {what}; {wish.parts} parts need at least {wish.parts}",
            hint="use a smaller unit or more rows",
            context={"column": column},
        )
    rows = frame.height
    test = _nearest(starts[1:] if wish.validation else starts, rows * (1 - wish.test))
    validation = _nearest(starts[starts < test], rows * (1 - wish.test - wish.validation)) if wish.validation else test
    begins = {"validation": validation, "test": test} if wish.validation else {"test": test}
    boundaries = {name: _iso(ordered[column][at]) for name, at in begins.items()}
    return [ordered[:validation], ordered[validation:test], ordered[test:]], boundaries


def _nearest(starts: npt.NDArray[np.int64], wanted: float) -> int:
    return int(starts[np.argmin(np.abs(starts - wanted))])


def _unit_of(values: pl.Series, unit: str | None) -> pl.Series:
    if unit is None:
        return values
    try:
        return values.dt.truncate(unit)
    except pl.exceptions.PolarsError as error:
        raise ConfigurationError(
            f"unit {unit!r} is not understood: {first_line(error)}", hint="write 1h, 1d, 1w or 1mo"
        ) from None


def _iso(value: Any) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return str(value.isoformat() if hasattr(value, "isoformat") else value)
