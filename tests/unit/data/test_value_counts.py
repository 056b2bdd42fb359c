"""Counts of values: exact while there is room, and never too large after."""

from collections import Counter

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.data._value_counts import ValueCounts

BATCHES = st.lists(st.lists(st.integers(0, 30), min_size=1, max_size=40), max_size=8)


def counted(batches, most):
    counts = ValueCounts(pl.Int64(), most)
    whole = [table for batch in batches if (table := counts.add(pl.Series(batch, dtype=pl.Int64))) is not None]
    last = counts.finish()
    return counts, whole + ([last] if last is not None else [])


@settings(deadline=None, max_examples=50)
@given(BATCHES)
def test_without_a_bound_every_count_is_true(batches):
    counts, whole = counted(batches, None)

    assert Counter(value for batch in batches for value in batch) == dict(counts.table().rows())
    assert (True, 0, []) == (counts.exact, counts.lost, whole)


@settings(deadline=None, max_examples=50)
@given(BATCHES, st.integers(1, 12))
def test_a_bounded_count_is_never_too_large_and_too_small_by_what_was_lost_at_most(batches, most):
    counts, whole = counted(batches, most)
    true, rows = Counter(value for batch in batches for value in batch), sum(map(len, batches))

    found = dict(counts.table().rows())
    assert len(found) <= most
    for value, count in true.items():
        assert count - counts.lost <= found.get(value, 0) <= count
    assert counts.lost <= rows / (most + 1)
    assert counts.exact == (len(true) <= most)
    assert len(whole) == (not counts.exact)


def test_the_last_exact_table_is_handed_out_when_the_first_value_goes():
    counts = ValueCounts(pl.Int64(), 2)

    early = counts.add(pl.Series([1, 1, 2]))
    whole = counts.add(pl.Series([2, 3, 4, 4]))

    assert early is None
    assert {1: 2, 2: 2, 3: 1, 4: 2} == dict(whole.rows())
    assert counts.add(pl.Series([5, 6, 7, 8, 9])) is None
