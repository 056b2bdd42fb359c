"""The distribution of more numbers than can be kept."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.data._tdigest import TDigest


def digest(values, size=1000):
    found = TDigest()
    for at in range(0, len(values), size):
        part = np.asarray(values[at : at + size], np.float64)
        found.add(part, np.ones(len(part)))
    return found


@pytest.mark.parametrize("name", ["normal", "exponential", "sorted", "steps"])
def test_ranks_are_true_to_a_thousandth_and_finer_at_the_ends(name):
    rows = np.random.default_rng(5)
    values = {
        "normal": rows.normal(size=100_000),
        "exponential": rows.exponential(size=100_000) ** 3,
        "sorted": np.arange(100_000.0),
        "steps": rows.integers(0, 3000, 100_000).astype(float),
    }[name]

    means, weights = digest(values).table()

    assert len(values) == weights.sum()
    assert len(means) <= 2001
    middle = (np.cumsum(weights) - weights / 2) / weights.sum()
    ordered = np.sort(values)
    below = (np.searchsorted(ordered, means, "left") + np.searchsorted(ordered, means, "right")) / 2 / len(values)
    assert np.abs(below - middle).max() < 0.002
    ends = (middle < 0.001) | (middle > 0.999)
    assert np.abs(below - middle)[ends].max() < 0.0005


@settings(deadline=None, max_examples=50)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=60))
def test_few_values_are_kept_as_they_are(values):
    means, weights = digest(values, 7).table()

    true, counts = np.unique(np.asarray(values, np.float64), return_counts=True)
    assert true.tolist() == means.tolist()
    assert counts.tolist() == weights.tolist()


def test_a_value_that_most_rows_have_keeps_them():
    means, weights = digest([0.0] * 60_000 + list(np.linspace(1, 2, 40_000))).table()

    assert 0.0 == means[0]
    assert 60_000 == pytest.approx(weights[0], abs=100)
