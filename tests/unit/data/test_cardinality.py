"""Estimates of how many different values there are."""

import datetime

import numpy as np
import polars as pl
import pytest

from groundwork.data._cardinality import Cardinality


def estimate(*batches):
    found = Cardinality()
    for batch in batches:
        found.add(batch)
    return found.estimate()


@pytest.mark.parametrize("size", [1, 100, 5_000, 60_000, 1_000_000])
def test_numbers_are_counted_within_three_standard_errors(size):
    assert size == pytest.approx(estimate(pl.Series(np.arange(size))), rel=0.025)


def test_texts_and_times_are_counted_within_three_standard_errors():
    texts = pl.Series([f"id-{i}" for i in range(30_000)])
    times = pl.Series([datetime.datetime(2013, 1, 1)]).dt.offset_by("1s").new_from_index(0, 20_000)
    times = times + pl.Series(np.arange(20_000)).cast(pl.Duration("ms"))

    assert 30_000 == pytest.approx(estimate(texts), rel=0.025)
    assert 20_000 == pytest.approx(estimate(times), rel=0.025)


def test_order_repeats_and_batches_change_nothing():
    values = pl.Series(np.arange(10_000) * 3)

    once = estimate(values)

    assert once == estimate(values.reverse(), values.head(100), values)


def test_the_estimate_is_the_same_on_every_machine():
    floats = pl.Series(np.arange(50_000) / 7)

    assert [0, 50_571, 19_975] == [
        estimate(pl.Series([], dtype=pl.Int64)),
        estimate(floats),
        estimate(pl.Series([str(i) for i in range(20_000)])),
    ]


def test_both_zeros_are_one_value_and_large_whole_numbers_are_kept_apart():
    assert 1 == estimate(pl.Series([0.0, -0.0]))
    assert 2 == estimate(pl.Series([2**64 - 1, 2**64 - 2], dtype=pl.UInt64))
    assert 2 == estimate(pl.Series([True, False]))
