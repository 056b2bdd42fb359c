"""Shingles: equal runs hash alike wherever they stand, others do not; blocks are bounded."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.data._shingles import Shingles, blocks, sums

TEXTS = st.lists(st.text("ab c\u3000漢😀\n", max_size=10), max_size=8)


@settings(deadline=None, max_examples=50)
@given(TEXTS, TEXTS, st.booleans(), st.integers(1, 4))
def test_rows_have_as_many_different_hashes_as_shingles(one, other, words, size):
    rows = min(len(one), len(other))
    frame = pl.DataFrame({"one": one[:rows], "other": other[:rows]}, schema={"one": pl.String, "other": pl.String})

    hashes, counts = Shingles(words, size, normalise=False).hashes(frame)

    named = {}
    expected = []
    for texts in frame.rows():
        found = []
        for column, text in enumerate(texts):
            units = text.split() if words else list(text)
            runs = [units[at : at + size] for at in range(max(1, len(units) - size + 1))] if units else []
            found += [(column, *run) for run in runs]
        expected.append(found)
    assert [len(found) for found in expected] == counts.tolist()
    for run, value in zip([run for found in expected for run in found], hashes.tolist(), strict=True):
        assert named.setdefault(run, value) == value
    assert len(named) == len(set(named.values()))


def test_hashes_never_change_between_versions_and_machines():
    frame = pl.DataFrame({"text": ["abcdef", "ab", None, ""]})

    characters, counts = Shingles(False, 5, normalise=True).hashes(frame)
    words, _ = Shingles(True, 1, normalise=True).hashes(pl.DataFrame({"text": ["ab cd"]}))

    assert [2, 1, 1, 0] == counts.tolist()
    assert [14881794702887669296, 13488590320179784878, 8760057973535514093, 9200296281425173174] == characters.tolist()
    assert [16597526176781830862, 6448194142338184510] == words.tolist()


def test_the_sum_of_a_row_does_not_depend_on_order():
    values, counts = np.array([1, 2, 5, 2, 1, 9], np.uint64), np.array([2, 0, 1, 2, 1, 0])

    assert [3, 0, 5, 3, 9, 0] == sums(values, counts).tolist()
    assert [0] == sums(np.empty(0, np.uint64), np.array([0])).tolist()


@pytest.mark.parametrize("sizes", [[], [10], [1 << 20, 5, 5], [100_000] * 7, [5, 1 << 20, 5]])
def test_blocks_hold_every_row_once_and_little_text(sizes):
    frame = pl.DataFrame({"text": ["x" * size for size in sizes]}, schema={"text": pl.String})

    bounds = list(blocks(frame))

    assert list(range(len(sizes))) == [row for start, stop in bounds for row in range(start, stop)]
    assert all(stop - start == 1 or sum(sizes[start:stop]) <= 1 << 18 for start, stop in bounds)
