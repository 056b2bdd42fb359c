"""A suite for intake: one behaviour a test, arranged, acted and asserted; what the module talks to is a small fake."""
# ruff: noqa: D102, D103, PT011, SIM300 - the name of a test is its promise; the specification fixes no words

import math
import random
import statistics

import pytest
from intake import Batcher, Scaler, clean, fetch

NAN, INFINITY = math.nan, math.inf


class Clock:
    """Time that stands until it is moved."""

    def __init__(self):
        self.now_s = 100.0

    def __call__(self):
        return self.now_s


class Source:
    """Plays a list of answers; an exception among them is raised. Counts its calls."""

    def __init__(self, *answers):
        self.answers, self.calls = list(answers), 0

    def __call__(self):
        self.calls += 1
        answer = self.answers.pop(0)
        if isinstance(answer, BaseException):
            raise answer
        return answer


@pytest.fixture
def waits():
    """Seconds that were slept; pass ``waits.append`` as the sleep."""
    return []


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def batcher(clock):
    return Batcher(3, 10.0, clock=clock)


# C: clean


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], []),
        ([5], [5.0]),
        ([-1, 0, 4, 10, 11], [0.0, 0.0, 4.0, 10.0, 10.0]),
        ([-INFINITY, 3, INFINITY], [0.0, 3.0, 10.0]),
        ([None, 1, 2, 9], [2.0, 1.0, 2.0, 9.0]),
        ([NAN, 1, 2, 9], [2.0, 1.0, 2.0, 9.0]),
        ([0, None, 0, 6], [0.0, 0.0, 0.0, 6.0]),
        ([1, 2, None, 4, 9], [1.0, 2.0, 3.0, 4.0, 9.0]),
        ([8, None, 20], [8.0, 9.0, 10.0]),
        ([INFINITY, None, 2], [10.0, 6.0, 2.0]),
    ],
)
def test_values_are_bounded_and_gaps_filled_with_the_median(values, expected):
    assert expected == clean(values, low=0, high=10)


def test_equal_bounds_are_allowed():
    assert [2.0, 2.0] == clean([1, 3], low=2, high=2)


def test_the_list_given_is_left_alone():
    values = [None, 50, 1]

    clean(values, low=0, high=10)

    assert [None, 50, 1] == values


# S: Scaler


def test_values_are_shifted_by_the_mean_and_divided_by_the_deviation_of_the_population():
    scaler = Scaler().fit([0, 0, 0, 4])  # mean 1, deviation sqrt(3)

    found = scaler.transform([1, 1 + math.sqrt(3), -2])

    assert [0, 1, -math.sqrt(3)] == pytest.approx(found)


def test_what_is_transformed_teaches_nothing():
    scaler = Scaler().fit([1, 3])

    first = scaler.transform([5, 7])

    assert ([3, 5], [0]) == (pytest.approx(first), pytest.approx(scaler.transform([2])))


def test_inverse_brings_values_back():
    scaler = Scaler().fit([2, 4, 9])

    assert [5, -1, 0.5] == pytest.approx(scaler.inverse(scaler.transform([5, -1, 0.5])))


def test_equal_values_are_shifted_only():
    assert [0, 2] == pytest.approx(Scaler().fit([4, 4, 4]).transform([4, 6]))


def test_a_second_fit_replaces_the_first():
    scaler = Scaler().fit([0, 100])

    scaler.fit([1, 3])

    assert [-1, 1] == pytest.approx(scaler.transform([1, 3]))


# F: fetch


@pytest.mark.parametrize("answer", ["row", None, 0, []])
def test_the_first_answer_is_given_back_whatever_it_is(answer, waits):
    source = Source(answer)

    assert (answer, 1, []) == (fetch(source, sleep=waits.append), source.calls, waits)


@pytest.mark.parametrize("error", [ConnectionError, TimeoutError, ConnectionResetError])
def test_a_passing_failure_is_tried_again(error, waits):
    source = Source(error("gone"), "row")

    assert ("row", 2) == (fetch(source, sleep=waits.append), source.calls)


def test_the_last_error_comes_out_after_so_many_calls(waits):
    errors = [ConnectionError(str(number)) for number in range(9)]
    source = Source(*errors)

    with pytest.raises(ConnectionError) as caught:
        fetch(source, attempts=3, sleep=waits.append)

    assert (3, True) == (source.calls, caught.value is errors[2])


@pytest.mark.parametrize("error", [ValueError, OSError, KeyError])
def test_other_errors_come_out_at_once(error, waits):
    source = Source(error("no"), "row")

    with pytest.raises(error):
        fetch(source, sleep=waits.append)

    assert (1, []) == (source.calls, waits)


def test_waits_double_up_to_the_cap_and_lie_between_calls_only(waits):
    source = Source(*[TimeoutError()] * 9)

    with pytest.raises(TimeoutError):
        fetch(source, attempts=6, first_s=0.5, cap_s=3.0, sleep=waits.append)

    assert [0.5, 1.0, 2.0, 3.0, 3.0] == waits


@pytest.mark.parametrize("seed", range(10))
def test_chance_shortens_each_wait_by_half_at_most(seed, waits):
    source = Source(*[TimeoutError()] * 9)

    with pytest.raises(TimeoutError):
        fetch(source, attempts=5, first_s=1.0, cap_s=4.0, chance=random.Random(seed), sleep=waits.append)

    shares = [wait / whole for wait, whole in zip(waits, [1, 2, 4, 4], strict=True)]
    assert all(0.5 <= share <= 1 for share in shares)
    assert len(set(shares)) == 4


def test_one_seed_gives_the_same_waits():
    told = []
    for _ in range(2):
        waits = []
        fetch(Source(*[TimeoutError()] * 3, 1), chance=random.Random(3), sleep=waits.append)
        told.append(waits)

    assert told[0] == told[1]


# B: Batcher


def test_a_batch_is_handed_on_with_the_row_that_fills_it(batcher):
    assert [None, None, [1, 2, 3], None] == [batcher.add(row) for row in (1, 2, 3, 4)]


def test_a_batch_is_handed_on_when_its_oldest_row_is_old_enough(clock):
    batcher = Batcher(9, 10.0, clock=clock)
    batcher.add(1)
    clock.now_s += 6
    younger = batcher.add(2)
    clock.now_s += 4

    assert (None, [1, 2, 3]) == (younger, batcher.add(3))


@pytest.mark.parametrize(("age_s", "expected"), [(9.5, None), (10, [1, 2]), (11, [1, 2])])
def test_the_age_that_hands_on_is_reached_exactly(batcher, clock, age_s, expected):
    batcher.add(1)
    clock.now_s += age_s

    assert expected == batcher.add(2)


def test_the_age_is_counted_anew_for_each_batch(batcher, clock):
    for row in range(3):
        batcher.add(row)
    clock.now_s += 9

    batcher.add(3)
    clock.now_s += 9

    assert batcher.add(4) is None


def test_flush_gives_what_waits_and_then_nothing(batcher):
    batcher.add(1)
    batcher.add(2)

    assert ([1, 2], []) == (batcher.flush(), batcher.flush())


def test_no_row_comes_twice_or_never(batcher):
    batches = [batcher.add(row) or [] for row in range(7)]

    assert list(range(7)) == [row for batch in [*batches, batcher.flush()] for row in batch]


def test_a_batch_belongs_to_who_got_it(batcher):
    batches = [batcher.add(row) for row in (1, 2, 3)]

    batches[-1].append(99)
    rest = [batcher.add(4), batcher.flush()]

    assert ([1, 2, 3, 99], [None, [4]]) == (batches[-1], rest)


def test_its_length_is_what_waits(batcher):
    lengths = []
    for row in range(4):
        batcher.add(row)
        lengths.append(len(batcher))

    assert [1, 2, 0, 1] == lengths


# R: what is refused


@pytest.mark.parametrize("values", [[None], [NAN, None]])
def test_values_of_which_none_is_known_are_refused(values):
    with pytest.raises(ValueError):
        clean(values, low=0, high=1)


@pytest.mark.parametrize("values", [[], [1, 2]])
def test_bounds_the_wrong_way_round_are_refused(values):
    with pytest.raises(ValueError):
        clean(values, low=1, high=0)


@pytest.mark.parametrize("method", ["transform", "inverse"])
def test_a_scaler_that_has_not_learnt_refuses(method):
    scaler = Scaler()

    with pytest.raises(RuntimeError):
        getattr(scaler, method)([1])


def test_nothing_to_learn_from_is_refused_and_changes_nothing():
    scaler = Scaler().fit([1, 3])

    with pytest.raises(ValueError):
        scaler.fit([])

    assert [statistics.mean([-1, 1])] == pytest.approx(scaler.transform([2]))


@pytest.mark.parametrize("attempts", [0, -1])
def test_no_attempts_are_refused_before_the_source_is_called(attempts):
    source = Source("row")

    with pytest.raises(ValueError):
        fetch(source, attempts=attempts)

    assert source.calls == 0


def test_the_least_that_is_allowed_is_one(waits):
    source = Source(ConnectionError())

    with pytest.raises(ConnectionError):
        fetch(source, attempts=1, sleep=waits.append)

    assert (1, []) == (source.calls, waits)
    assert [7] == Batcher(1, 1.0).add(7)


@pytest.mark.parametrize("size", [0, -2])
def test_a_batch_of_no_rows_is_refused(size):
    with pytest.raises(ValueError):
        Batcher(size, 1.0)
