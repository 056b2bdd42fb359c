"""The histogram of latencies."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.serving._latency import Latencies


def recorded(values):
    latencies = Latencies()
    for value in values:
        latencies.record(value)
    return latencies


@settings(deadline=None, max_examples=50)
@given(st.lists(st.floats(2e-6, 1000.0), min_size=1, max_size=300), st.floats(0.0, 100.0))
def test_percentile_is_that_of_the_sorted_values_within_its_precision(values, percent):
    exact = sorted(values)[max(1, math.ceil(len(values) * percent / 100)) - 1]

    found = recorded(values).percentile_s(percent)

    assert found == pytest.approx(exact, rel=0.002)


def test_an_empty_histogram_has_no_percentile_mean_or_largest():
    latencies = Latencies()

    assert [True] * 3 == [
        math.isnan(value) for value in (latencies.percentile_s(50), latencies.mean_s, latencies.max_s)
    ]
    assert 0 == latencies.count
    assert [] == latencies.curve()


def test_folding_keeps_few_values_in_memory_and_loses_none():
    latencies = Latencies()

    for _ in range(3):
        for _ in range(70_000):
            latencies.record(0.25)
        latencies.fold()

    assert 0 == len(latencies._pending)
    assert 210_000 == latencies.count
    assert 0.25 == pytest.approx(latencies.mean_s)


def test_few_values_are_not_folded_yet():
    latencies = recorded([0.1])

    latencies.fold()

    assert [0.1] == latencies._pending


def test_one_long_stall_counts_as_all_requests_that_should_have_been_sent_during_it():
    latencies = recorded([0.001] * 99 + [1.0])

    corrected = latencies.corrected(0.01)

    assert 199 == pytest.approx(corrected.count, abs=1)
    assert 0.001 == pytest.approx(latencies.percentile_s(99), rel=0.002)
    assert 0.99 == pytest.approx(corrected.percentile_s(99), rel=0.002)
    assert 1.0 == corrected.max_s


def test_correction_changes_nothing_where_every_answer_came_within_the_interval():
    latencies = recorded([0.001, 0.002, 0.003])

    assert [3, 3] == [latencies.corrected(0.003).count, latencies.corrected(0.0).count]


def test_what_is_too_short_or_too_long_for_the_histogram_stays_in_its_first_and_last_bucket():
    latencies = recorded([0.0, 1e9])

    assert 2 == latencies.count
    assert 1e9 == latencies.max_s
    assert 1e-6 == pytest.approx(latencies.percentile_s(50))


def test_the_curve_rises_and_ends_beyond_the_last_percentiles():
    latencies = recorded(np.random.default_rng(0).exponential(0.01, 5000))

    percents, seconds = zip(*latencies.curve(), strict=True)

    assert list(percents) == sorted(percents)
    assert list(seconds) == sorted(seconds)
    assert latencies.percentile_s(99.9) <= seconds[-1] <= latencies.max_s
