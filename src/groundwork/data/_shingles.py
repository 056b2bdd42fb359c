"""Texts as sets of shingles: runs of characters or of words, hashed without a loop over them.

Rule: what is compared is normalised text (Unicode NFKC, lower case, white space to single blanks, none at the ends). A
text shorter than a shingle is one shingle, an empty text has none, a missing text is a shingle of its own. Hashes are
of 64 bits and written out here: the same on every machine, whatever PYTHONHASHSEED is. Cost: some 20 ns a character.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from groundwork.data._mix import mix

Hashes = npt.NDArray[np.uint64]
Counts = npt.NDArray[np.int64]

# Code points that no text holds: the place of a missing text, and what fills up a short one.
_MISSING = "\U0010fffe"
_FILL = np.uint64(0x10FFFF)
_ODD = np.uint64(0x9E3779B97F4A7C15)
_BASE = np.uint64(0xD6E8FEB86659FD93)
_BLOCK_BYTES = 1 << 18
# No code point beyond the ideographic space is one; 0x3001 stands for all of them.
_IS_SPACE = np.array([chr(code).isspace() for code in range(0x3002)])


@dataclass(frozen=True)
class Shingles:
    """How rows become sets.

    Attributes:
        words: Runs of words, else of characters.
        size: How many of them make a shingle.
        normalise: Whether texts are normalised first.
    """

    words: bool
    size: int
    normalise: bool

    def hashes(self, texts: pl.DataFrame) -> tuple[Hashes, Counts]:
        """Return the hashes of all rows, one row after the other and with repetitions, and how many each row has.

        Args:
            texts: Columns of text; a shingle of one column never equals one of another.
        """
        columns = [self._normalised(texts[name]) for name in texts.columns]
        lengths = np.stack([column.str.len_chars().to_numpy() for column in columns], 1).ravel().astype(np.int64)
        joined = "".join(itertools.chain.from_iterable(zip(*(column.to_list() for column in columns), strict=True)))
        units = np.frombuffer(joined.encode("utf-32-le"), np.uint32).astype(np.uint64)
        if self.words:
            units, lengths = _words(units, lengths)
        units, lengths = _filled(units, lengths, self.size)
        found, counts = _windows(units, lengths, self.size)
        if texts.width > 1:
            salts = mix(np.arange(1, texts.width + 1, dtype=np.uint64) * _ODD)
            found += np.repeat(np.tile(salts, texts.height), counts)
            counts = counts.reshape(-1, texts.width).sum(1)
        return mix(found), counts

    def _normalised(self, texts: pl.Series) -> pl.Series:
        if self.normalise:
            # NFKC costs ten times what the rest does, and leaves ASCII alone.
            wide = (texts.str.len_bytes() != texts.str.len_chars()).fill_null(value=False)
            if wide.any():
                texts = texts.scatter(wide.arg_true(), texts.filter(wide).str.normalize("NFKC"))
            texts = texts.str.to_lowercase()
            ragged = texts.str.contains(r"\s\s|[^\S ]|^\s|\s$").fill_null(value=False)
            if ragged.any():
                tidy = texts.filter(ragged).str.replace_all(r"\s+", " ").str.strip_chars(" ")
                texts = texts.scatter(ragged.arg_true(), tidy)
        return texts.fill_null(_MISSING)


def sums(hashes: Hashes, counts: Counts) -> Hashes:
    """Return one hash of each row's shingles in any order; 0 of none.

    Args:
        hashes: Of all rows, one after the other.
        counts: How many each row has.
    """
    found = np.zeros(len(counts), np.uint64)
    full = counts > 0
    if full.any():
        found[full] = np.add.reduceat(hashes, (np.cumsum(counts) - counts)[full])
    return found


def blocks(texts: pl.DataFrame) -> Iterator[tuple[int, int]]:
    """Yield the bounds of runs of rows that together hold some 256 KiB of text; a longer text is a run of its own.

    Args:
        texts: Columns of text.
    """
    ends = np.cumsum(text_bytes(texts))
    start = 0
    while start < texts.height:
        before = ends[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, before + _BLOCK_BYTES, side="right")))
        yield start, stop
        start = stop


def text_bytes(texts: pl.DataFrame) -> Counts:
    """Return the bytes of each row's texts, and one for each column.

    Args:
        texts: Columns of text.
    """
    total = np.full(texts.height, texts.width, np.int64)
    for column in texts.iter_columns():
        total += column.str.len_bytes().fill_null(0).to_numpy().astype(np.int64)
    return total


def _words(units: Hashes, lengths: Counts) -> tuple[Hashes, Counts]:
    """Hash each run of characters that are no white space; position counts, so that `ab` is not `ba`."""
    ends = np.cumsum(lengths)
    inside = ~_IS_SPACE[np.minimum(units, 0x3001).astype(np.int64)]
    begins = inside.copy()
    begins[1:] &= ~inside[:-1]
    firsts = (ends - lengths)[lengths > 0]
    begins[firsts] = inside[firsts]
    seen = np.concatenate([[0], np.cumsum(begins)])
    counts = seen[ends] - seen[ends - lengths]
    starts = np.flatnonzero(begins)
    if not len(starts):
        return np.empty(0, np.uint64), counts
    places = np.flatnonzero(inside)
    word = seen[1:][places] - 1
    spread = mix(units[places] + (places - starts[word]).astype(np.uint64) * _ODD)
    return np.add.reduceat(spread, np.searchsorted(places, starts)), counts


def _filled(units: Hashes, lengths: Counts, size: int) -> tuple[Hashes, Counts]:
    """Lengthen texts that are shorter than a shingle, but not empty, to one."""
    short = (lengths > 0) & (lengths < size)
    if not short.any():
        return units, lengths
    wanted = np.where(short, size, lengths)
    filled = np.full(int(wanted.sum()), _FILL)
    shift = np.cumsum(wanted) - wanted - (np.cumsum(lengths) - lengths)
    filled[np.arange(len(units)) + np.repeat(shift, lengths)] = units
    return filled, wanted


def _windows(units: Hashes, lengths: Counts, size: int) -> tuple[Hashes, Counts]:
    """Hash every run of `size` units of one text: a polynomial, the same for equal runs wherever they stand."""
    counts = np.where(lengths > 0, lengths - size + 1, 0)
    places = len(units) - size + 1
    if places <= 0:
        return np.empty(0, np.uint64), counts
    found = units[:places].copy()
    for at in range(1, size):
        found *= _BASE
        found += units[at : at + places]
    ends = np.cumsum(lengths)[:-1]
    across = (ends[:, None] - np.arange(1, size)).ravel()
    within = np.ones(places, np.bool_)
    within[across[(across >= 0) & (across < places)]] = False
    return found[within], counts
