"""The contract of ``deduplicate``: equal rows become one, different rows stay.

The subject offers ``deduplicate(frame, *, columns=None, keep="first")``; the result has ``frame`` and ``removed``.
"""

import math
from functools import partial
from typing import Any

from groundwork.errors import ContractBroken
from groundwork.testing._contract import Contract, Level
from groundwork.testing._lab import Lab
from groundwork.testing.contracts._data_scenes import cpu_s, expect_error, flights, rows_of, table, unchanged
from groundwork.testing.contracts._failures import expect

CHECKS = Contract("data/deduplicate")


def _expect_rows(result: Any, expected: list[tuple[Any, ...]], before: int, what: str) -> None:
    expect(rows_of(result.frame), expected, f"rows left {what}")
    expect(result.removed, before - len(expected), f"removed {what}")


@CHECKS.check(
    Level.BASIC,
    rule="Of equal rows the first stays, in its place; and it says how many went.",
    why="A row that is there twice weighs twice in training, and stands in train and in test after the split.",
    hint="A set of the rows seen so far; frame.rows() gives tuples, frame[[0, 2]] takes rows.",
)
def the_first_of_equal_rows_stays(subject: Any, lab: Lab) -> None:
    """Seven rows, four of them different; with types that must survive; and none at all."""
    import polars as pl

    schema = {"city": pl.String(), "t": pl.Int8()}

    def holds(rows: list[tuple[str, int]]) -> None:
        given = pl.DataFrame(rows, schema=schema, orient="row")
        result = subject.deduplicate(given)
        _expect_rows(result, list(dict.fromkeys(rows)), len(rows), f"of {len(rows)}")
        expect(dict(result.frame.schema), schema, f"columns and types of {len(rows)} rows")

    lab.smallest(
        [*zip(["Rome", "Oslo", "Rome", "Bern", "Oslo", "Rome", "Rome"], [7, 1, 7, 2, 1, 8, 7], strict=True)], holds
    )
    holds([])


@CHECKS.check(
    Level.EDGE,
    rule="columns say what makes rows equal, keep which of them stays: first, last, none; other words are refused.",
    why="Two records of one patient are one patient, though their time stamps differ; the newer one is right.",
    hint="Collect the places of each key in a dict of lists; then take the first, the last, or those that are alone.",
    after=["the_first_of_equal_rows_stays"],
)
def keep_says_which_stays(subject: Any, lab: Lab) -> None:
    """By one column and by two."""
    given = table(id=[1, 2, 1, 3, 2, 1], day=["a", "a", "a", "b", "b", "c"], t=[10, 11, 12, 13, 14, 15])
    for columns, keep, times in (
        (["id"], "first", [10, 11, 13]),
        (["id"], "last", [13, 14, 15]),
        (["id"], "none", [13]),
        (["day", "id"], "last", [11, 12, 13, 14, 15]),
        (["day", "id"], "none", [11, 13, 14, 15]),
    ):
        result = subject.deduplicate(given.clone(), columns=columns, keep=keep)
        expected = [row for row in given.rows() if row[2] in times]
        _expect_rows(result, expected, 6, f"by {columns} with keep={keep!r}")
    expect_error(lambda: subject.deduplicate(given, columns=["hour"]), "a column that there is not", naming="hour")
    expect_error(lambda: subject.deduplicate(given, keep="newest"), "keep='newest'", naming="newest")


@CHECKS.check(
    Level.EDGE,
    rule="A missing value equals a missing value, and not-a-number equals not-a-number.",
    why="float('nan') == float('nan') is false: whoever compares as Python does never finds the rows with empty cells.",
    hint="Put one and the same object in the place of each NaN before you compare.",
    after=["the_first_of_equal_rows_stays"],
)
def missing_equals_missing(subject: Any, lab: Lab) -> None:
    """None, NaN, and both beside values that look like them."""
    import polars as pl

    def values_hold(values: list[float | None]) -> None:
        given = table(value=pl.Series(values, dtype=pl.Float64), note=["x" if value else None for value in values])
        found = [(str(value), note) for value, note in rows_of(subject.deduplicate(given).frame)]
        expected = [(str(value), "x" if value else None) for value in values]
        expect(found, list(dict.fromkeys(expected)), f"rows left of {values}")

    def texts_hold(texts: list[str | None]) -> None:
        given = table(note=pl.Series(texts, dtype=pl.String))
        _expect_rows(subject.deduplicate(given), [(text,) for text in dict.fromkeys(texts)], len(texts), f"of {texts}")

    lab.smallest([None, math.nan, 0.0, math.nan, None, 0.0], values_hold)
    lab.smallest(["", None, "None", "null", "nan", "NaN", None, ""], texts_hold)


@CHECKS.check(
    Level.EDGE,
    rule="Rows that are different stay, however alike they look when their cells are written in a row.",
    why="'1|2' and '3' glued by '|' is '1' and '2|3': two patients become one, and nobody misses the other.",
    hint="Compare tuples, not texts made of them; a short hash alone takes different rows for equal ones.",
    after=["the_first_of_equal_rows_stays"],
)
def different_rows_stay(subject: Any, lab: Lab) -> None:
    """Cells that hold each possible separator; and five thousand different rows."""
    for separator in ("", "|", ",", ", ", ";", " ", "-", "_", "\t", "\n", "\0", "\x1f", "', '", '","'):
        given = table(a=["x", f"x{separator}y"], b=[f"y{separator}z", "z"])
        expect(subject.deduplicate(given).removed, 0, f"removed of two rows that differ, with {separator!r} in a cell")

    every = flights(5000)

    def holds(numbers: list[int]) -> None:
        many = every[numbers]
        expect(subject.deduplicate(many).removed, 0, f"removed of {len(numbers):,} different rows")

    lab.smallest(range(5000), holds)


@CHECKS.check(
    Level.FAULT,
    rule="The caller's table is as it was.",
    why="A helper column that stays in the table is a feature in the next training run.",
    hint="Work on a copy, or on a list of row numbers; insert_column and drop_in_place change the table itself.",
    after=["keep_says_which_stays"],
)
def the_table_given_is_left_alone(subject: Any, lab: Lab) -> None:
    """With each keep."""
    given = flights(60)
    for keep in ("first", "last", "none"):
        with unchanged(given, f"deduplicate with keep={keep!r}"):
            subject.deduplicate(given, columns=["airline"], keep=keep)


@CHECKS.check(
    Level.LOAD,
    rule="Sixteen times the rows take about sixteen times as long.",
    why="`if row not in seen` with a list is quadratic: a thousand rows take no time, a million take a week.",
    hint="A set or a dict finds a row by its hash; a list looks at each.",
    after=["the_first_of_equal_rows_stays"],
)
def its_time_grows_with_the_rows(subject: Any, lab: Lab) -> None:
    """300 and 4,800 different rows; the processor's time, so that other jobs do not count."""
    small, large = (partial(subject.deduplicate, flights(rows)) for rows in (300, 4800))
    # Before and after: what else this process does for some milliseconds would make the few rows look dear.
    before, many, after = cpu_s(small, best_of=10), cpu_s(large), cpu_s(small, best_of=10)
    few = min(before, after)
    if many > 70 * few and many > 0.05:
        raise ContractBroken(f"16 times the rows take {many / few:.0f} times as long; expected about 16")
