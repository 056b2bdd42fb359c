from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.errors import ConfigurationError
from groundwork.resilience import CountWindow, TimeWindow
from groundwork.resilience._window import FAILED, SLOW, Totals
from groundwork.testing import VirtualClock

OUTCOMES = st.sampled_from(["", FAILED, SLOW])


def note(counts, outcome):
    if outcome:
        return counts.add(outcome)
    counts.succeed()
    return counts.totals()


def counted(outcomes):
    return Totals(len(outcomes), outcomes.count(FAILED), outcomes.count(SLOW))


@settings(deadline=None, max_examples=50)
@given(st.integers(1, 9), st.lists(OUTCOMES, max_size=40))
def test_a_window_of_calls_holds_the_last_so_many(size, outcomes):
    counts = CountWindow(size).begin(VirtualClock())

    seen = [note(counts, outcome) for outcome in outcomes]

    assert [counted(outcomes[max(0, end - size) : end]) for end in range(1, len(outcomes) + 1)] == seen


@settings(deadline=None, max_examples=50)
@given(
    st.integers(1, 4),
    st.integers(-400, 400),
    st.lists(st.tuples(st.integers(0, 20), OUTCOMES), max_size=40),
)
def test_a_window_of_time_holds_the_last_parts_of_time(buckets, start, steps):
    clock = VirtualClock(start / 4)
    counts = TimeWindow(buckets * 1.0, buckets).begin(clock)
    ended = []

    for quarters, outcome in steps:
        clock.advance(quarters / 4)
        ended.append((clock.monotonic() // 1, outcome))
        seen = note(counts, outcome)

        assert counted([outcome for part, outcome in ended if part > clock.monotonic() // 1 - buckets]) == seen


def test_a_window_of_time_empties_while_nobody_calls():
    clock = VirtualClock(100.0)
    counts = TimeWindow(60, 6).begin(clock)
    counts.add(FAILED)

    clock.advance(1e6)

    assert counts.totals() == Totals(0, 0, 0)


def test_a_thread_that_read_the_time_late_takes_nothing_away():
    now_s = 100.0
    counts = TimeWindow(10, 10).begin(SimpleNamespace(monotonic=lambda: now_s))
    counts.add(FAILED)

    now_s = 98.0
    counts.succeed()

    assert counts.totals() == Totals(2, 1, 0)


@pytest.mark.parametrize("window", [CountWindow(100_000), TimeWindow(60)])
def test_no_thread_s_count_is_lost(window):
    counts = window.begin(VirtualClock())

    def work(_):
        for number in range(2000):
            counts.add(FAILED) if number % 4 == 0 else counts.succeed()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))

    assert counts.totals() == Totals(8000, 2000, 0)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: CountWindow(0), "size=0 cannot work"),
        (lambda: CountWindow(True), "size=True cannot work"),
        (lambda: CountWindow("9"), "size='9' cannot work"),
        (lambda: TimeWindow(0), "span_s=0 cannot work"),
        (lambda: TimeWindow(float("inf")), "span_s=inf cannot work"),
        (lambda: TimeWindow(float("nan")), "span_s=nan cannot work"),
        (lambda: TimeWindow(9, 0), "buckets=0 cannot work"),
    ],
)
def test_a_window_that_holds_nothing_is_refused(make, words):
    with pytest.raises(ConfigurationError, match=words):
        make()


def test_parts_shorter_than_a_second_are_parts_of_their_own():
    clock = VirtualClock(100.0)
    counts = TimeWindow(1, buckets=10).begin(clock)
    for _ in range(3):
        counts.succeed()
        clock.advance(0.55)

    assert counts.totals() == Totals(1, 0, 0)
