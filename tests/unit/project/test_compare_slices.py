from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from groundwork.project._compare_slices import Side, compared_slices


def side(frame, square, groups=None):
    return Side(frame, np.asarray(square, float), np.arange(frame.height) if groups is None else groups)


def compared(before, after, *, columns=None, root=False, paired=True, level=0.95):
    return compared_slices(before, after, columns or before.rows.columns, root=root, paired=paired, level=level)


SITES = pl.DataFrame({"site": ["a"] * 100 + ["b"] * 100 + ["c"] * 5})


def spoiled(where, by=1.0, rows=200, seed=0):
    """Squared errors before and after, larger by some in some rows."""
    before = np.random.default_rng(seed).exponential(size=rows)
    after = before * np.random.default_rng(seed + 1).uniform(0.9, 1.1, rows)
    return before, after + by * np.asarray(where)


def test_the_slice_that_got_worse_stands_first_with_rows_and_interval():
    before, after = spoiled(SITES["site"] == "b", rows=205)

    worst, other = compared(side(SITES, before), side(SITES, after))

    assert ("site = b", (100, 100), True) == (worst.label, worst.rows, worst.worse)
    assert worst.interval[0] < worst.difference < worst.interval[1]
    assert worst.difference == pytest.approx((after - before)[100:200].mean())
    assert ("site = a", False, False) == (other.label, other.worse, other.better)


def test_a_slice_that_got_better_says_so():
    after, before = spoiled(SITES["site"] == "b", rows=205)

    found = {one.label: one for one in compared(side(SITES, before), side(SITES, after))}

    assert (True, False) == (found["site = b"].better, found["site = b"].worse)


def test_a_value_of_few_rows_is_no_slice():
    before, after = spoiled(SITES["site"] == "c", rows=205)

    assert {"site = a", "site = b"} == {one.label for one in compared(side(SITES, before), side(SITES, after))}


def test_numbers_are_cut_at_their_quartiles_and_gaps_are_a_slice():
    frame = pl.DataFrame({"x": [float(i) for i in range(160)] + [None] * 30 + [float("nan")] * 10})
    before, after = spoiled(np.zeros(200))

    found = compared(side(frame, before), side(frame, after))

    assert {
        "x <= 40": 41,
        "40 < x <= 80": 40,
        "80 < x <= 120": 40,
        "x > 120": 39,
        "x missing": 40,
    } == {one.label: one.rows[0] for one in found}


def test_times_are_cut_like_numbers():
    start = datetime(2024, 1, 1, tzinfo=UTC)
    frame = pl.DataFrame({"at": [start + timedelta(days=i) for i in range(200)]})
    before, after = spoiled(np.arange(200) > 150)

    worst = compared(side(frame, before), side(frame, after))[0]

    assert "at > 2024-05-30 00:00:00+00:00" == worst.label


def test_columns_that_cannot_be_cut_or_are_of_two_types_are_left_out():
    frame = pl.DataFrame({"list": [[1]] * 200, "raw": [b"a"] * 200, "kind": ["a"] * 200})
    before, after = spoiled(np.zeros(200))

    found = compared(side(frame, before), side(frame.with_columns(kind=pl.lit(1)), after))

    assert [] == found


def test_chance_alone_makes_no_slice_worse_though_many_are_looked_at():
    rng = np.random.default_rng(0)
    frame = pl.DataFrame({f"c{i}": rng.integers(0, 4, 400) for i in range(25)})
    wrong = 0
    for seed in range(20):
        before, after = np.random.default_rng(seed).exponential(size=(2, 400))
        wrong += any(one.worse for one in compared(side(frame, before), side(frame, after)))

    assert wrong <= 4  # of 20, at a level of 95 %; each slice at 95 % by itself would give 20


def test_rows_that_depend_on_each_other_are_fewer_witnesses():
    day = np.repeat(np.arange(20), 10)
    frame = pl.DataFrame({"site": ["a"] * 200})
    of_day = np.random.default_rng(0).normal(size=20)
    before, after = np.ones(200), 1.3 + (of_day - of_day.mean())[day]

    alone = compared(side(frame, before), side(frame, after))[0]
    together = compared(side(frame, before, day), side(frame, after, day))[0]

    assert together.interval[1] - together.interval[0] > 2 * (alone.interval[1] - alone.interval[0])
    assert (True, False) == (alone.worse, together.worse)


def test_a_slice_of_few_groups_is_no_slice():
    frame = pl.DataFrame({"site": ["a"] * 200})
    before, after = spoiled(np.ones(200))
    day = np.arange(200) // 25

    assert [] == compared(side(frame, before, day), side(frame, after, day))


def test_the_root_is_taken_of_the_mean_and_its_interval_follows():
    frame = pl.DataFrame({"site": ["a"] * 400})
    rng = np.random.default_rng(0)
    before, after = rng.normal(size=400) ** 2, (2 * rng.normal(size=400)) ** 2

    (found,) = compared(side(frame, before), side(frame, after), root=True, paired=False)

    expected = np.sqrt(after.mean()) - np.sqrt(before.mean())
    assert expected == pytest.approx(found.difference)
    # The standard error of a normal's standard deviation is sigma / sqrt(2n).
    assert 1.96 * np.sqrt((1 + 4) / 800) == pytest.approx((found.interval[1] - found.interval[0]) / 2, rel=0.15)


def test_two_samples_are_compared_with_each_its_own_rows():
    before, after = spoiled(np.zeros(205), rows=205)
    less = SITES.head(180)

    found = {one.label: one for one in compared(side(SITES, before), side(less, after[:180]), paired=False)}

    assert (100, 80) == found["site = b"].rows
    assert [100, 80] == found["site = b"].to_dict()["rows"]


def test_a_model_without_any_error_has_no_width():
    frame = pl.DataFrame({"site": ["a"] * 40})

    (found,) = compared(side(frame, np.zeros(40)), side(frame, np.zeros(40)), root=True)

    assert (0.0, (0.0, 0.0), False) == (found.difference, found.interval, found.worse)
