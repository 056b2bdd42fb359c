"""The contract of ``impute`` and ``scale``: what is learned is learned from the training rows alone.

The subject offers ``impute(train, *others, how="median")`` (or "mean") and ``scale(train, *others, how="standard")``
(or "minmax"): numpy arrays of rows and columns in, and as many back, in a tuple. NaN is what is missing.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from groundwork.errors import ContractBroken
from groundwork.testing._contract import Contract, Level
from groundwork.testing._lab import Lab
from groundwork.testing.contracts._data_scenes import expect_error
from groundwork.testing.contracts._failures import expect
from groundwork.testing.contracts._mod_scenes import expect_numbers

CHECKS = Contract("modeling/preprocessing")

_NAN = float("nan")


def _arrays(*tables: list[list[float]]) -> Any:
    import numpy as np

    return tuple(np.array(table, dtype=float) for table in tables)


def _parts(found: Any, count: int, what: str) -> Any:
    if not isinstance(found, tuple) or len(found) != count:
        size = f" of {len(found)}" if isinstance(found, tuple) else ""
        raise ContractBroken(f"{what} gave a {type(found).__name__}{size}; expected a tuple of {count}")
    return found


@CHECKS.check(
    Level.BASIC,
    rule="What is missing becomes the median, or the mean, of its column in the training rows.",
    why="Most estimators refuse NaN, and zero is a value that nobody measured.",
    hint="np.nanmedian(train, axis=0) has one number a column; np.where(np.isnan(x), numbers, x) puts them in.",
)
def a_gap_is_filled(subject: Any, lab: Lab) -> None:
    """Two columns, both ways; and three parts come back as three."""
    train, test = _arrays([[1, 10], [2, _NAN], [9, 30], [_NAN, 20]], [[1, 5]])
    for options in ({}, {"how": "median"}):
        (filled,) = _parts(subject.impute(train.copy(), **options), 1, "impute(train)")
        expect_numbers(filled, [[1, 10], [2, 20], [9, 30], [2, 20]], "train with medians")
    (filled,) = _parts(subject.impute(train.copy(), how="mean"), 1, "impute(train, how='mean')")
    expect_numbers(filled, [[1, 10], [2, 20], [9, 30], [4, 20]], "train with means")
    parts = _parts(subject.impute(train, test, test + 1), 3, "impute(train, validation, test)")
    expect_numbers(parts[2], [[2, 6]], "the third of three parts, in which nothing is missing")


@CHECKS.check(
    Level.BASIC,
    rule="Standard scaling gives the training rows mean 0 and deviation 1; min-max brings them to 0 and 1.",
    why="A distance of a flight in metres and its delay in hours: the metres decide alone.",
    hint="(x - mean) / deviation, with train.mean(axis=0) and train.std(axis=0), which divides by n.",
)
def columns_are_scaled(subject: Any, lab: Lab) -> None:
    """Numbers that can be checked by hand, both ways."""
    (train,) = _arrays([[1, 100], [3, 300], [1, 100], [3, 300]])
    for options in ({}, {"how": "standard"}):
        (scaled,) = _parts(subject.scale(train.copy(), **options), 1, "scale(train)")
        expect_numbers(scaled, [[-1, -1], [1, 1], [-1, -1], [1, 1]], "train, standard")
    (scaled,) = _parts(subject.scale(train, how="minmax"), 1, "scale(train, how='minmax')")
    expect_numbers(scaled, [[0, 0], [1, 1], [0, 0], [1, 1]], "train, minmax")


@CHECKS.check(
    Level.FAULT,
    rule="The other parts are treated by what the training rows say, and have no influence on them nor on one another.",
    why="Fitted on all rows the test has told the training where it lies: the figures are better than the model.",
    hint="Learn from the first argument, and only apply to the others, row by row.",
    after=["a_gap_is_filled", "columns_are_scaled"],
)
def the_test_is_not_learned_from(subject: Any, lab: Lab) -> None:
    """Numbers by hand; then the same training rows beside three tests: usual, far away, and one row alone."""
    import numpy as np

    few, other = _arrays([[1, 100], [3, 300], [1, 100], [3, 300]], [[5, 200], [_NAN, _NAN]])
    expect_numbers(subject.impute(few, other)[1], [[5, 200], [2, 200]], "test with the medians of train")
    expect_numbers(subject.scale(few, other[:1])[1], [[3, 0]], "test by the mean and deviation of train")
    expect_numbers(subject.scale(few, other[:1], how="minmax")[1], [[2, 0.5]], "test by the range of train")
    train = lab.generator.normal(size=(60, 3))
    train[::7, 1] = np.nan
    test = lab.generator.normal(size=(20, 3)) + 1.0
    test[::3, 2] = np.nan
    ways: list[tuple[str, Callable[..., Any]]] = [
        (f"{name} {how}", partial(getattr(subject, name), how=how))
        for name, hows in (("impute", ("median", "mean")), ("scale", ("standard", "minmax")))
        for how in hows
    ]
    for what, way in ways:
        alone = _parts(way(train), 1, what)[0]
        for other in (test, test * 1e6, test[:1]):
            beside, changed = _parts(way(train, other), 2, what)
            expect_numbers(beside, alone, f"{what}: the training rows beside another test")
        usual = _parts(way(train, test), 2, what)[1]
        expect_numbers(changed, usual[:1], f"{what}: one row of the test alone, and among the others")


@CHECKS.check(
    Level.EDGE,
    rule="A constant column becomes 0; where a number is missing it stays so, and spoils no other.",
    why="One sensor that stands still gives 0 / 0, one gap a column of NaN: the training stops, or learns nothing.",
    hint="np.nanmean, np.nanstd, np.nanmin, np.nanmax; and a deviation of 0 is replaced by 1.",
    after=["columns_are_scaled"],
)
def constant_and_missing_are_scaled(subject: Any, lab: Lab) -> None:
    """A constant column, one with a gap, and one row."""
    train, test = _arrays([[5, 1], [5, _NAN], [5, 3]], [[6, _NAN], [5, 5]])
    scaled, scaled_test = _parts(subject.scale(train, test), 2, "scale(train, test)")
    expect_numbers(scaled, [[0, -1], [0, _NAN], [0, 1]], "a constant column and one with a gap, standard")
    expect_numbers(scaled_test, [[1, _NAN], [0, 3]], "test beside a constant column of train, standard")
    (scaled,) = _parts(subject.scale(train, how="minmax"), 1, "scale(train, how='minmax')")
    expect_numbers(scaled, [[0, 0], [0, _NAN], [0, 1]], "a constant column and one with a gap, minmax")
    (scaled,) = _parts(subject.scale(train[:1]), 1, "scale of one row")
    expect_numbers(scaled, [[0, 0]], "one row, standard")


@CHECKS.check(
    Level.EDGE,
    rule="The arrays that were given are left as they were, and what comes back shares nothing with them.",
    why="The second experiment of a notebook starts from numbers that the first has scaled already.",
    hint="x -= mean changes the caller's array; x - mean is a new one.",
    after=["a_gap_is_filled", "columns_are_scaled"],
)
def what_is_given_is_left_alone(subject: Any, lab: Lab) -> None:
    """Arrays with gaps and without; then the result is changed."""
    import numpy as np

    tables = _arrays([[1, _NAN], [3, 4]], [[_NAN, 6], [5, 7]], [[1, 2], [3, 4]], [[5, 6]])
    before = [table.copy() for table in tables]
    for name in ("impute", "scale"):
        for train, test in (tables[:2], tables[2:]):
            for part in _parts(getattr(subject, name)(train, test), 2, name):
                part[:] = 77.0
        same = [bool(np.array_equal(now, then, equal_nan=True)) for now, then in zip(tables, before, strict=True)]
        expect(same, [True] * 4, f"whether the arrays given are as they were, after {name} and a change of its result")


@CHECKS.check(
    Level.EDGE,
    rule="A way that there is not is refused by name, and so is a part of another width.",
    why="scale(how='minmaxx') that does nothing is found out by the figures, or never.",
    hint="A dict from name to function: what is not in it is an error that lists its keys.",
    after=["a_gap_is_filled", "columns_are_scaled"],
)
def an_unknown_way_is_refused(subject: Any, lab: Lab) -> None:
    """A misspelt way; a test with a column more."""
    train, wide = _arrays([[1, 2], [3, 4]], [[1, 2, 3]])
    for name, function in (("impute", subject.impute), ("scale", subject.scale)):
        expect_error(partial(function, train, how="minmaxx"), f"{name}(how='minmaxx')", naming="minmaxx")
        expect_error(partial(function, train, wide), f"{name} of 2 columns and of 3", naming="3")
