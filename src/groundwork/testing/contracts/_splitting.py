"""The contract of ``split``: every row in one part, and nothing of the test in the training.

The subject offers ``split(frame, *, kind, test, validation=0.0, column=None, key=None, seed=0)``; the result has
``train``, ``validation`` and ``test``, which are frames.
"""

from collections import Counter
from functools import partial
from typing import Any

from groundwork.errors import ContractBroken
from groundwork.testing._contract import Contract, Level
from groundwork.testing._lab import Lab
from groundwork.testing.contracts._data_scenes import expect_error, flights, numbers_of, rows_of, table
from groundwork.testing.contracts._failures import expect

CHECKS = Contract("data/split")

PARTS = ("train", "validation", "test")


def expect_all_rows(splits: Any, frame: Any, what: str) -> None:
    """Break the contract unless each row lies in exactly one part."""
    found = sorted(row for part in PARTS for row in rows_of(getattr(splits, part)))
    expect(len(found), frame.height, f"rows in the parts of {what}")
    expect(found == sorted(frame.rows()), True, f"whether the parts of {what} together are the table")


def expect_share(found: int, expected: float, what: str, *, give: float = 1.0) -> None:
    """Break the contract unless a part has about so many rows."""
    if abs(found - expected) > give:
        raise ContractBroken(f"{what}: {found} rows; expected {expected:g}, give or take {give:g}")


@CHECKS.check(
    Level.BASIC,
    rule="Every row lies in exactly one part, and the parts have the sizes asked for.",
    why="A row in two parts is a leak; a row in none is lost data; both look like a small change of the score.",
    hint="Shuffle the row numbers, cut the list at two places.",
)
def every_row_lies_in_one_part(subject: Any, lab: Lab) -> None:
    """With and without validation; with a number of rows that does not divide."""
    for rows, test, validation in ((7, 0.3, 0.3), (101, 0.25, 0.0), (600, 0.2, 0.1)):
        frame = flights(rows)
        splits = subject.split(frame.clone(), kind="random", test=test, validation=validation, seed=5)
        what = f"{rows} rows with test={test} and validation={validation}"
        expect_all_rows(splits, frame, what)
        expect_share(splits.test.height, rows * test, f"test of {what}")
        expect_share(splits.validation.height, rows * validation, f"validation of {what}")
        expect(splits.test.columns, frame.columns, "columns of test")


@CHECKS.check(
    Level.BASIC,
    rule="A seed gives the same parts each time, another seed others, and rows are taken from everywhere.",
    why="A score that changes with each run cannot be compared; the last rows of a file are not like the first.",
    hint="random.Random(seed), or numpy.random.default_rng(seed): a generator of your own, made from the seed.",
    after=["every_row_lies_in_one_part"],
)
def a_seed_gives_the_same_parts(subject: Any, lab: Lab) -> None:
    """One seed twice, five seeds, the default; by random and by class."""
    frame = flights(200)
    for options in (
        {"kind": "random"},
        {"kind": "stratified", "column": "airline"},
        {"kind": "group", "column": "day"},
    ):
        found = [
            tuple(sorted(numbers_of(subject.split(frame, test=0.2, seed=seed, **options).test)))
            for seed in (1, 1, 2, 3, 4, 5)
        ]
        expect(found[0], found[1], f"test of seed 1, once more, with {options}")
        expect(len(set(found)), 5, f"different tests of five seeds with {options}")
        if max(found[0]) - min(found[0]) < 100:
            raise ContractBroken(
                f"test holds rows {min(found[0])} to {max(found[0])} of 200; expected some from all over"
            )


@CHECKS.check(
    Level.EDGE,
    rule="A stratified split gives each part its share of each class.",
    why="With one fraud in five hundred, a random test of two hundred rows may hold none: the score says nothing.",
    hint="Split each class by itself, then put the parts together.",
    after=["every_row_lies_in_one_part"],
)
def classes_keep_their_shares(subject: Any, lab: Lab) -> None:
    """600 flights of five airlines, one of them rare."""
    frame = flights(600)
    splits = subject.split(frame.clone(), kind="stratified", column="airline", test=0.2, validation=0.1, seed=3)
    expect_all_rows(splits, frame, "a stratified split")
    whole = Counter(numbers_of(frame, "airline"))
    for part, share in (("train", 0.7), ("validation", 0.1), ("test", 0.2)):
        found = Counter(numbers_of(getattr(splits, part), "airline"))
        for airline, rows in whole.items():
            expect_share(found[airline], rows * share, f"{airline} in {part}", give=1.5)


@CHECKS.check(
    Level.EDGE,
    rule="A group split never parts a group.",
    why="Rows of one patient in train and in test: the model knows the patient, and the score is a fairy tale.",
    hint="Decide for each group, not for each row: a dict from group to part.",
    after=["every_row_lies_in_one_part"],
)
def a_group_lies_in_one_part(subject: Any, lab: Lab) -> None:
    """600 flights of 200 days, about so many in each part as asked for."""
    frame = flights(600)

    def holds(rows: list[int]) -> None:
        few = frame[rows]
        splits = subject.split(few, kind="group", column="day", test=0.2, validation=0.2, seed=3)
        _expect_no_day_twice(splits, len(set(numbers_of(few, "day"))))

    lab.smallest(range(600), holds)
    splits = subject.split(frame.clone(), kind="group", column="day", test=0.2, validation=0.2, seed=3)
    expect_all_rows(splits, frame, "a split by day")
    for part in ("validation", "test"):
        expect_share(getattr(splits, part).height, 120, f"{part} of a split by day", give=72)


def _expect_no_day_twice(splits: Any, count: int) -> None:
    days = [set(numbers_of(getattr(splits, part), "day")) for part in PARTS]
    for one, other in ((0, 1), (0, 2), (1, 2)):
        if both := sorted(days[one] & days[other]):
            told = f"{len(both)} of {count} days lie in {PARTS[one]} and in {PARTS[other]}, as {both[0]}"
            raise ContractBroken(f"{told}; expected none")


@CHECKS.check(
    Level.EDGE,
    rule="A time split tests on what is later than everything it trains on; equal times stay together.",
    why="In the world the model predicts tomorrow: on shuffled flights it scored 0.785, on the next month 0.70.",
    hint="Sort by the column, then move the cut to where the time changes.",
    after=["every_row_lies_in_one_part"],
)
def the_test_is_the_future(subject: Any, lab: Lab) -> None:
    """600 flights in no order, 97 different times."""
    frame = flights(600)

    def holds(rows: list[int]) -> None:
        few = frame[rows]
        _expect_in_time(subject.split(few, kind="time", column="delay", test=0.2, validation=0.1), len(rows))

    lab.smallest(range(600), holds)
    splits = subject.split(frame.clone(), kind="time", column="delay", test=0.2, validation=0.1)
    expect_all_rows(splits, frame, "a split by time")
    expect_share(splits.test.height, 120, "test of a split by time", give=7)
    expect_share(splits.validation.height, 60, "validation of a split by time", give=14)


def _expect_in_time(splits: Any, count: int) -> None:
    times = [numbers_of(getattr(splits, part), "delay") for part in PARTS]
    for one, other in ((0, 1), (1, 2)):
        if times[one] and times[other] and (last := max(times[one])) >= (first := min(times[other])):
            told = f"{PARTS[one]} of {count} rows ends at {last} and {PARTS[other]} begins at {first}"
            raise ContractBroken(f"{told}; expected later")


@CHECKS.check(
    Level.EDGE,
    rule="What cannot be split is refused: no room for a part, no such column, a class with too few rows.",
    why="A test without rows has a score of NaN, or of 1.0; somebody puts it into a report.",
    hint="Look before you cut: 0 < test < 1, test + validation < 1, and a row for each part of each class.",
    after=["classes_keep_their_shares"],
)
def what_cannot_be_split_is_refused(subject: Any, lab: Lab) -> None:
    """Fractions, kinds, columns, and a class of one row."""
    frame = flights(100)
    for test, validation in ((0.0, 0.0), (1.0, 0.0), (-0.1, 0.0), (0.6, 0.4), (0.5, 0.7)):
        expect_error(
            partial(subject.split, frame, kind="random", test=test, validation=validation),
            f"test={test} with validation={validation}",
        )
    expect_error(lambda: subject.split(frame, kind="group", column="month", test=0.2), "no column", naming="month")
    expect_error(lambda: subject.split(frame, kind="alphabetical", test=0.2), "a kind", naming="alphabetical")
    lonely = table(kind=["many"] * 20 + ["lonely"], row=range(21))
    expect_error(
        lambda: subject.split(lonely, kind="stratified", column="kind", test=0.2), "a class of one row", naming="lonely"
    )
