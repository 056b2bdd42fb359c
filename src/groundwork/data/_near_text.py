"""Rows whose texts are nearly the same.

Rule: MinHash-LSH proposes, exact Jaccard decides. Exact copies are put together first and never compared; so are rows
of one and the same set of shingles, once that is verified. Cost: one pass of hashing; eight bytes for each distinct
row and band, and a few arrays over the rows; every pair proposed is verified once.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from groundwork.data._components import Components, Edges, Rows
from groundwork.data._equal_rows import first_equal
from groundwork.data._jaccard import Jaccard
from groundwork.data._lsh import Buckets
from groundwork.data._minhash import MinHash, choose_bands
from groundwork.data._mix import mix
from groundwork.data._shingles import Shingles, blocks, sums

_ODD = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class TextWish:
    """What makes two rows near.

    Attributes:
        columns: Columns of text.
        equal: Columns whose values must be the same.
        threshold: Least Jaccard similarity.
        shingles: How texts become sets.
        permutations: Of MinHash.
        seed: Of the permutations.
    """

    columns: list[str]
    equal: list[str]
    threshold: float
    shingles: Shingles
    permutations: int
    seed: int


def text_groups(frame: pl.DataFrame, wish: TextWish) -> Rows:
    """Return for each row the first row of its group.

    Args:
        frame: The table; its columns have been checked.
        wish: What is near.
    """
    search = _Search(frame, wish)
    groups = Components(len(search.rows))
    copies = search.copies()
    groups.join(*copies)
    for left, right, similarity in search.found(copies[1], groups):
        near = similarity >= wish.threshold
        groups.join(left[near], right[near])
    return search.rows[groups.first_rows()][search.copy_of]


def text_pairs(frame: pl.DataFrame, wish: TextWish) -> Edges:
    """Return the pairs of near rows; a copy has one, with the first of its kind.

    Args:
        frame: The table; its columns have been checked.
        wish: What is near.
    """
    search = _Search(frame, wish)
    same_left, same_right = search.copies()
    again = np.flatnonzero(search.rows[search.copy_of] != np.arange(frame.height))
    # A raw copy is told with the first of all that are the same, whatever stands between.
    first = np.arange(len(search.rows))
    first[same_right] = same_left
    left = [search.rows[first[search.copy_of[again]]], search.rows[same_left]]
    right = [again, search.rows[same_right]]
    similarity = [np.ones(len(again)), np.ones(len(same_left))]
    for one, other, likeness in search.found(same_right, None):
        near = likeness >= wish.threshold
        left.append(search.rows[one[near]])
        right.append(search.rows[other[near]])
        similarity.append(likeness[near])
    return Edges(np.concatenate(left), np.concatenate(right), np.concatenate(similarity))


class _Search:
    """The distinct rows of a table with their keys.

    Attributes:
        rows: The first row of each kind, where a kind is equal texts and equal further columns.
        copy_of: The place in `rows` of each row of the table.
    """

    def __init__(self, frame: pl.DataFrame, wish: TextWish) -> None:
        first = first_equal(frame, [*wish.columns, *wish.equal])
        self.rows, self.copy_of = np.unique(first, return_inverse=True)
        texts = frame.select(pl.col(wish.columns).cast(pl.String))
        self._texts = texts if len(self.rows) == frame.height else texts[self.rows]
        self._jaccard = Jaccard(self._texts, wish.shingles)
        bands, rows = choose_bands(wish.threshold, wish.permutations)
        minhash = MinHash(bands, rows, wish.seed)
        self._keys = np.empty((bands, len(self.rows)), np.uint64)
        self._contents = np.empty(len(self.rows), np.uint64)
        for start, stop in blocks(self._texts):
            hashes, counts = wish.shingles.hashes(self._texts[start:stop])
            self._keys[:, start:stop] = minhash.keys(hashes, counts)
            self._contents[start:stop] = sums(hashes, counts)
        self._blocks = np.zeros(len(self.rows), np.uint64)
        if wish.equal:
            self._blocks = mix((first_equal(frame, wish.equal)[self.rows] + 1).astype(np.uint64) * _ODD)

    def copies(self) -> tuple[Rows, Rows]:
        """Return which rows have the very shingles of which earlier row."""
        same = Components(len(self.rows))
        buckets = Buckets(np.arange(len(self.rows)), self._contents ^ self._blocks, self._contents)
        for left, right in buckets.pairs(same):
            equal = self._jaccard.of(left, right) == 1.0
            same.join(left[equal], right[equal])
        first = same.first_rows()
        copies = np.flatnonzero(first != np.arange(len(first)))
        return first[copies], copies

    def found(self, copies: Rows, groups: Components | None) -> Iterator[tuple[Rows, Rows, npt.NDArray[np.float64]]]:
        """Yield the pairs that share a band, with their similarities, each pair once.

        Args:
            copies: Rows left out.
            groups: Rows of one group are no pair; the caller may join rows on the way.
        """
        distinct = np.delete(np.arange(len(self.rows)), copies)
        beyond: list[npt.NDArray[np.bool_]] = []
        for band in self._keys:
            buckets = Buckets(distinct, band ^ self._blocks, self._contents)
            for left, right in buckets.pairs(groups):
                new = ~self._compared(left, right, beyond)
                left, right = left[new], right[new]
                if len(left):
                    yield left, right, self._jaccard.of(left, right)
            beyond.append(np.zeros(len(self.rows), np.bool_))
            beyond[-1][buckets.beyond()] = True

    def _compared(self, left: Rows, right: Rows, beyond: list[npt.NDArray[np.bool_]]) -> npt.NDArray[np.bool_]:
        """Return which pairs have shared an earlier band, and were a pair in it."""
        compared = np.zeros(len(left), np.bool_)
        for band, late in zip(self._keys, beyond, strict=False):
            compared |= (band[left] == band[right]) & ~(late[left] & late[right])
        return compared
