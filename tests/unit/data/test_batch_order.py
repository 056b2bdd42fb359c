"""Orders of an epoch: exact, and a function of rows, seed and epoch alone."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.data._batch_order import OF_ROWS, bucketed, shuffled, stratified, weighted


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 500), st.integers(0, 2**70), st.integers(0, 10))
def test_a_shuffle_is_a_permutation(count, seed, epoch):
    order = shuffled(count, seed, epoch, OF_ROWS)

    assert sorted(order) == list(range(count))
    assert order.dtype == np.int64


def test_a_shuffle_is_the_same_on_every_machine():
    # The values are part of the promise: a state taken elsewhere goes on here.
    assert [9, 7, 2, 0, 4, 3, 5, 6, 1, 8] == shuffled(10, 0, 0, OF_ROWS).tolist()


def test_epochs_and_seeds_have_orders_of_their_own():
    orders = {tuple(shuffled(50, seed, epoch, OF_ROWS)) for seed in range(4) for epoch in range(4)}

    assert len(orders) == 16


def test_every_place_is_as_likely_for_every_row():
    places = np.zeros((5, 5))
    for epoch in range(5000):
        places[np.arange(5), shuffled(5, 1, epoch, OF_ROWS)] += 1

    assert np.abs(places / 5000 - 0.2).max() < 0.03


def test_no_global_state_is_touched():
    np.random.seed(3)
    expected = np.random.rand()
    np.random.seed(3)

    shuffled(100, 0, 0, OF_ROWS)

    assert expected == np.random.rand()


classes = st.lists(st.integers(0, 5), min_size=1, max_size=300)


@settings(deadline=None, max_examples=50)
@given(classes, st.integers(1, 60), st.integers(0, 3), st.booleans())
def test_stratified_batches_hold_each_class_rounded_down_or_up(values, batch_size, epoch, shuffle):
    codes = np.unique(np.array(values), return_inverse=True)[1].astype(np.int64)
    sizes = np.bincount(codes)

    order = stratified(codes, batch_size, 7, epoch, shuffle=shuffle)

    assert sorted(order) == list(range(len(codes)))
    for start in range(0, len(codes), batch_size):
        batch = order[start : start + batch_size]
        held = np.bincount(codes[batch], minlength=len(sizes))
        due = len(batch) * sizes
        assert (held >= due // len(codes)).all()
        assert (held <= -(-due // len(codes))).all()


def test_stratified_without_shuffle_keeps_the_order_within_a_class():
    codes = np.array([0, 0, 0, 0, 1, 1, 0, 0])

    order = stratified(codes, 4, 0, 0, shuffle=False)

    assert [0, 1, 2, 3, 6, 7] == [row for row in order if codes[row] == 0]
    assert [4, 5] == [row for row in order if codes[row] == 1]


def test_a_stratified_shuffle_changes_which_rows_meet():
    codes = np.array([0, 1] * 50)

    batches = {tuple(sorted(stratified(codes, 10, 0, epoch, shuffle=True)[:10])) for epoch in range(5)}

    assert len(batches) == 5


def test_rows_are_drawn_by_their_weight():
    weights = np.array([0.0, 1.0, 3.0, 0.0] * 2500)

    drawn = weighted(weights, 0, 0)

    assert len(drawn) == 10_000
    share = np.bincount(drawn % 4, minlength=4) / 10_000
    assert share[[0, 3]].tolist() == [0, 0]
    assert share[2] == pytest.approx(0.75, abs=0.02)


def test_draws_are_with_replacement_and_reproducible():
    weights = np.ones(1000)

    drawn = weighted(weights, 5, 2)

    assert len(set(drawn.tolist())) < 1000
    assert drawn.tolist() == weighted(weights, 5, 2).tolist()


def test_a_last_row_without_weight_is_never_drawn(monkeypatch):
    top = np.full(3, 2**64 - 1, np.uint64)
    monkeypatch.setattr("groundwork.data._batch_order.raw_bits", lambda *_: top)

    drawn = weighted(np.array([5e-324, 5e-324, 0.0]), 0, 0)

    assert [1, 1, 1] == drawn.tolist()


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(0, 40), max_size=300), st.integers(1, 40), st.booleans())
def test_bucketed_rows_come_once(lengths, batch_size, shuffle):
    order = bucketed(np.array(lengths, np.int64), batch_size, 0, 0, shuffle=shuffle)

    assert sorted(order) == list(range(len(lengths)))


def test_bucketed_batches_are_of_like_length():
    lengths = np.random.default_rng(0).integers(1, 500, 20_000)

    order = bucketed(lengths, 50, 0, 0, shuffle=True)

    batches = lengths[order].reshape(-1, 50)
    assert np.ptp(batches, axis=1).mean() < 40
    assert np.corrcoef(batches.mean(axis=1), np.arange(400))[0, 1] < 0.2


def test_bucketed_batches_differ_between_epochs():
    lengths = np.random.default_rng(0).integers(1, 500, 1000)

    first, second = (bucketed(lengths, 50, 0, epoch, shuffle=True).reshape(-1, 50) for epoch in range(2))

    assert not {tuple(sorted(batch)) for batch in first} & {tuple(sorted(batch)) for batch in second}


def test_bucketed_without_shuffle_sorts_and_keeps_equal_lengths_in_order():
    order = bucketed(np.array([2, 1, 2, 1, 9]), 2, 0, 0, shuffle=False)

    assert [1, 3, 0, 2, 4] == order.tolist()
