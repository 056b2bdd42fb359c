import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groundwork.errors import ConfigurationError
from groundwork.resilience import Backoff


@given(
    failures=st.integers(1, 10**6),
    jitter=st.sampled_from(["equal", "full", "none", "decorrelated"]),
    seed=st.integers(0, 99),
)
def test_no_wait_is_longer_than_the_cap(failures, jitter, seed):
    backoff = Backoff(initial_s=0.1, factor=2, cap_s=5, jitter=jitter)

    assert 0 <= backoff.wait_s(failures, random.Random(seed)) <= 5
    assert 0 <= backoff.wait_s(failures, random.Random(seed), previous_s=5) <= 5


def test_waits_double_without_jitter():
    backoff = Backoff(initial_s=0.1, factor=2, cap_s=0.5, jitter="none")

    waits = [backoff.wait_s(failures, random.Random(0)) for failures in (1, 2, 3, 4)]

    assert waits == [0.1, 0.2, 0.4, 0.5]


def test_a_factor_of_one_waits_the_same_each_time():
    backoff = Backoff(initial_s=0.1, factor=1, jitter="none")

    assert [0.1, 0.1, 0.1] == [backoff.wait_s(failures, random.Random(0)) for failures in (1, 2, 30)]


@pytest.mark.parametrize(("jitter", "low", "high"), [("equal", 2.5, 5), ("full", 0, 5), ("decorrelated", 1, 5)])
def test_jitter_still_spreads_over_its_whole_range_at_the_cap(jitter, low, high):
    backoff = Backoff(initial_s=1, cap_s=5, jitter=jitter)
    rng = random.Random(0)

    waits = [backoff.wait_s(50, rng, previous_s=5) for _ in range(200)]

    assert low <= min(waits) < low + 0.2
    assert high - 0.2 < max(waits) <= high
    assert len(set(waits)) == 200


def test_decorrelated_waits_grow_from_the_wait_before():
    backoff = Backoff(initial_s=1, cap_s=100, jitter="decorrelated")
    rng = random.Random(0)

    first, later = ([backoff.wait_s(1, rng, previous_s) for _ in range(200)] for previous_s in (None, 10))

    assert 1 <= min(first) <= max(first) <= 3
    assert 25 < max(later) <= 30


@pytest.mark.parametrize("jitter", ["equal", "full", "none", "decorrelated"])
def test_a_cap_below_the_first_wait_holds(jitter):
    assert Backoff(initial_s=5, cap_s=1, jitter=jitter).wait_s(3, random.Random(0), 1.0) <= 1


def test_a_first_wait_of_nothing_stays_nothing():
    assert [Backoff(0).wait_s(failures, random.Random(0)) for failures in (1, 5000)] == [0, 0]


@pytest.mark.parametrize(
    "wrong",
    [
        {"initial_s": -1},
        {"cap_s": -1},
        {"factor": 0.5},
        {"jitter": "some"},
        {"cap_s": math.inf},
        {"initial_s": math.nan},
    ],
)
def test_settings_that_cannot_work_are_refused(wrong):
    with pytest.raises(ConfigurationError, match="backoff"):
        Backoff(**wrong)


def test_a_wait_too_long_for_a_number_is_the_cap():
    assert Backoff(1, 10, 60, "none").wait_s(5000, random.Random(0)) == 60
