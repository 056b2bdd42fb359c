import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groundwork.errors import ConfigurationError
from groundwork.resilience import Backoff


@given(failures=st.integers(1, 10**6), jitter=st.sampled_from(["equal", "full", "none"]), seed=st.integers(0, 99))
def test_no_wait_is_longer_than_the_cap(failures, jitter, seed):
    backoff = Backoff(initial_s=0.1, factor=2, cap_s=5, jitter=jitter)

    assert 0 <= backoff.wait_s(failures, random.Random(seed)) <= 5


def test_waits_double_without_jitter():
    backoff = Backoff(initial_s=0.1, factor=2, cap_s=0.5, jitter="none")

    waits = [backoff.wait_s(failures, random.Random(0)) for failures in (1, 2, 3, 4)]

    assert waits == [0.1, 0.2, 0.4, 0.5]


def test_equal_jitter_still_spreads_at_the_cap():
    backoff = Backoff(initial_s=1, cap_s=5)
    rng = random.Random(0)

    waits = [backoff.wait_s(50, rng) for _ in range(200)]

    assert min(waits) >= 2.5
    assert max(waits) - min(waits) > 2


@pytest.mark.parametrize("wrong", [{"initial_s": -1}, {"cap_s": -1}, {"factor": 0.5}, {"jitter": "some"}])
def test_settings_that_cannot_work_are_refused(wrong):
    with pytest.raises(ConfigurationError, match="backoff"):
        Backoff(**wrong)
