"""Distributions as they are kept in a file."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.data._distribution import STORED, Distribution


def numbers(values):
    found, counts = np.unique(np.asarray(values, np.float64), return_counts=True)
    return Distribution("number", found, counts.astype(np.float64))


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(-50, 50), min_size=1, max_size=80), st.lists(st.integers(-60, 60), max_size=10))
def test_few_numbers_lose_nothing_by_being_stored(values, points):
    spread = numbers(values)

    stored = Distribution.from_dict(spread.stored().to_dict())

    assert stored.complete
    wanted = [sum(value <= point for value in values) / len(values) for point in points]
    assert wanted == pytest.approx(stored.up_to(np.array(points, float)).tolist())
    assert sorted(values)[(len(values) + 1) // 2 - 1] == stored.quantile(0.5)


@pytest.mark.parametrize("seed", range(3))
def test_many_numbers_are_true_to_half_a_percent_also_beside_a_value_that_many_rows_have(seed):
    rows = np.random.default_rng(seed)
    values = np.concatenate((rows.normal(size=50_000), np.zeros(30_000), rows.exponential(9, size=20_000)))

    stored = numbers(values).stored()

    points = rows.uniform(-4, 30, 3000)
    true = (values[:, None] <= points[None, :100]).mean(axis=0)
    assert len(stored.values) <= 2 * STORED
    assert not stored.complete
    assert np.abs(true - stored.up_to(points[:100])).max() < 0.006
    assert [0.0, 1.0] == stored.up_to(np.array([values.min() - 1, values.max()])).tolist()
    assert len(values) == stored.known


def test_the_most_frequent_categories_are_kept_and_the_others_counted():
    spread = Distribution("category", [f"v{i}" for i in range(300)], [300.0 - i for i in range(300)])

    stored = spread.stored()

    assert (STORED, "v0", False) == (len(stored.values), stored.values[0], stored.complete)
    assert spread.known == stored.known
    assert stored == Distribution.from_dict(stored.to_dict())


def test_nothing_has_no_shares():
    empty = Distribution("number", [], [])

    assert [0.0, 0.0] == empty.up_to(np.array([1.0, 2.0])).tolist()
    assert empty.stored().complete
    assert [1.0, 0.0] == Distribution("number", [2.0], [5], False).up_to(np.array([3.0, 1.0])).tolist()


def test_infinite_numbers_keep_their_place_and_their_count_in_a_file():
    rows = np.random.default_rng(2).normal(size=5000)
    spread = numbers([*rows, *[np.inf] * 20, -np.inf])

    plain = json.loads(json.dumps(spread.stored().to_dict(), allow_nan=False))
    stored = Distribution.from_dict(plain)

    assert ("-inf", "inf") == (plain["values"][0], plain["values"][-1])
    assert (5021, 21, 5000) == (stored.known, stored.infinite, stored.finite().known)
    ends = np.array([-np.inf, rows.min() - 1, rows.max(), 1e300, np.inf])
    assert [1 / 5021, 1 / 5021, 5001 / 5021, 5001 / 5021, 1.0] == pytest.approx(stored.up_to(ends).tolist())
    true = (rows[:, None] <= ends[None, 1:4]).mean(axis=0)
    assert [0.0, 1.0, 1.0] == true.tolist() == stored.finite().up_to(ends[1:4]).tolist()
