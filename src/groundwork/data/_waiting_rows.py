"""Rows of which nobody knows yet whether they stay.

Rule: they wait on disk in their order, their hashes in 256 parts by the first bits, so that equal rows meet in one part
and only one part is in memory at a time. Memory: that part, half a million hashes, and a byte for each row.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from groundwork.data._disk_frames import DiskFrames
from groundwork.data._duplicates import EXAMPLES, Keep, Rows, examples_of, kept_rows, ranks
from groundwork.data._row_hash import Words

_HELD_ROWS = 1 << 19
_PART_BITS = 8

Marks = npt.NDArray[np.bool_]
Examples = list[tuple[int, int | None]]


class WaitingRows:
    """Rows on disk, and what will decide about them.

    Args:
        folder: Where the temporary files are made.
    """

    def __init__(self, folder: Path) -> None:
        self._rows, self._keys = DiskFrames(folder), DiskFrames(folder)
        self._held: list[pl.DataFrame] = []
        self._held_rows = 0
        self._count = 0
        self._stays: Marks = np.zeros(0, bool)

    def add(self, frame: pl.DataFrame, one: Words, two: Words, rows: Rows, best: pl.Series | None) -> None:
        """Take the next rows.

        Args:
            frame: The rows.
            one: First lane of their hashes.
            two: Second lane.
            rows: Their numbers in the table.
            best: For ``best``, the values of the column that decides.

        Raises:
            StorageError: The disk is full.
        """
        self._rows.add(frame)
        place = np.arange(self._count, self._count + frame.height)
        keys = pl.DataFrame({"one": one, "two": two, "place": place, "row": rows})
        self._held.append(keys if best is None else keys.with_columns(best.alias("best")))
        self._count += frame.height
        self._held_rows += frame.height
        if self._held_rows >= _HELD_ROWS:
            self._part()

    def settle(self, keep: Keep, *, descending: bool) -> Examples:
        """Decide about all rows.

        Args:
            keep: Which of equal rows stays.
            descending: For ``best``, whether the largest value is best.

        Returns:
            The first rows that go, as in a report.

        Raises:
            StorageError: The disk is full, or cannot be read.
        """
        self._part()
        self._stays = np.zeros(self._count, bool)
        examples: Examples = []
        for part in self._keys.parts():
            keys = pl.concat(self._keys.frames(part))
            found = self._settle_part(keys, keep, descending=descending)
            examples = sorted([*examples, *found])[:EXAMPLES]
        return examples

    def rows(self) -> Iterator[tuple[pl.DataFrame, Marks]]:
        """Yield the rows in their order, and which of them stay."""
        start = 0
        for frame in self._rows.frames():
            yield frame, self._stays[start : start + frame.height]
            start += frame.height

    def close(self) -> None:
        """Let go of the files."""
        self._rows.close()
        self._keys.close()

    def _part(self) -> None:
        if not self._held:
            return
        part = (pl.col("one") // (1 << (64 - _PART_BITS))).cast(pl.Int64).alias("part")
        keys = pl.concat(self._held).with_columns(part)
        for frame in keys.partition_by("part", maintain_order=True):
            self._keys.add(frame.drop("part"), frame["part"][0])
        self._held, self._held_rows = [], 0

    def _settle_part(self, keys: pl.DataFrame, keep: Keep, *, descending: bool) -> Examples:
        at = pl.int_range(keys.height, dtype=pl.Int64, eager=True)
        groups = keys.with_columns(at.alias("at")).select(pl.col("at").min().over("one", "two"))["at"].to_numpy()
        kept = kept_rows(groups, keep, ranks(keys["best"], descending=descending) if "best" in keys else None)
        stays = kept == at.to_numpy()
        self._stays[keys["place"].filter(pl.Series(stays)).to_numpy()] = True
        gone = np.flatnonzero(~stays)[:EXAMPLES]
        row = keys["row"].to_numpy()
        return examples_of(row[gone], np.where(kept[gone] >= 0, row[kept[gone]], -1))
