"""Duplicates removed on the way from a dataset to a Parquet file, however long either is.

Rule: rows are the same if 128 bits of hash are (``_row_hash`` says how likely a mistake is); what stays keeps its
order; the file appears whole or not at all, and no temporary file outlives the process.
``keep="first"`` writes while it reads: the hashes stand in a table of bounded size, and only what is new when that is
full waits on disk. The other choices know their rows at the end, so that all rows wait there.
Memory: the bound, some batches, and what ``_waiting_rows`` needs.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import polars as pl

from groundwork._failpoints import failpoint
from groundwork.data._duplicates import EXAMPLES, DuplicateReport, Keep, examples_of
from groundwork.data._first_rows import FirstRows
from groundwork.data._row_hash import Words, collision_probability, row_hashes
from groundwork.data._waiting_rows import Examples, Marks, WaitingRows
from groundwork.storage import ahead


class Sieve:
    """Lets through the rows that stay.

    Args:
        columns: What makes a row the same.
        keep: Which of equal rows stays.
        by: The column for ``best``.
        descending: Whether its largest value is best.
        memory_bytes: What the table of hashes may take.
        folder: Where rows may wait.
    """

    def __init__(
        self, columns: Sequence[str], keep: Keep, by: str | None, *, descending: bool, memory_bytes: int, folder: Path
    ) -> None:
        self._columns, self._keep, self._by, self._descending = list(columns), keep, by, descending
        self._known = FirstRows(memory_bytes if keep == "first" else 0)
        self._folder = folder
        self._waiting: WaitingRows | None = None
        self._rows_in = self._rows_out = 0
        self._examples: Examples = []

    def passed(self, frames: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
        """Yield what stays of the frames, in order.

        Args:
            frames: All rows.

        Raises:
            StorageError: Rows must wait on disk, and the system refuses.
        """
        try:
            for frame, hashes in ahead(iter(frames), self._hashes):
                yield from self._sifted(frame, *hashes)
            failpoint("data.deduplicate.read")
            if self._waiting is not None:
                found = self._waiting.settle(self._keep, descending=self._descending)
                self._examples = sorted([*self._examples, *found])[:EXAMPLES]
                for frame, stays in self._waiting.rows():
                    yield from self._out(frame, stays)
        finally:
            if self._waiting is not None:
                self._waiting.close()

    def report(self) -> DuplicateReport:
        """Sum up."""
        return DuplicateReport(self._rows_in, self._rows_out, self._examples, collision_probability(self._rows_in))

    def _hashes(self, frame: pl.DataFrame) -> tuple[Words, Words]:
        return row_hashes(frame.select(self._columns))

    def _sifted(self, frame: pl.DataFrame, one: Words, two: Words) -> Iterator[pl.DataFrame]:
        rows = np.arange(self._rows_in, self._rows_in + frame.height, dtype=np.int64)
        first = self._known.add(one, two, self._rows_in)
        self._rows_in += frame.height
        unknown = first < 0
        gone = np.flatnonzero(~unknown & (first != rows))[: EXAMPLES - len(self._examples)]
        self._examples += examples_of(rows[gone], first[gone])
        if unknown.any():
            if self._waiting is None:
                self._waiting = WaitingRows(self._folder)
            left = frame.filter(pl.Series(unknown))
            best = None if self._by is None else left[self._by]
            self._waiting.add(left, one[unknown], two[unknown], rows[unknown], best)
        yield from self._out(frame, first == rows)

    def _out(self, frame: pl.DataFrame, stays: Marks) -> Iterator[pl.DataFrame]:
        count = int(np.count_nonzero(stays))
        self._rows_out += count
        if count:
            yield frame if count == frame.height else frame.filter(pl.Series(stays))
