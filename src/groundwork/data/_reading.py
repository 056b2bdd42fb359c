"""One pass over the rows of a source: read, cast, judged, and parted into those that pass and those set aside.

Rule: every row that is read is passed on, counted as dropped, or kept for the quarantine, and exactly one of these.
Memory: one piece and the batch being filled.
"""

from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import Literal

import polars as pl

from groundwork.data._checker import Checker, Verdict
from groundwork.data._schema import Schema
from groundwork.data._sources import Piece, Progress, Source
from groundwork.data._validation import ValidationReport
from groundwork.data._writing import Spool
from groundwork.errors import ConfigurationError, InvalidDataError
from groundwork.storage import cast_column, misfits, resliced

Policy = Literal["error", "drop", "quarantine"]

_POLICIES = ("error", "drop", "quarantine")
_QUARANTINE = {
    "groundwork_file": pl.String(),
    "groundwork_row": pl.Int64(),
    "groundwork_line": pl.Int64(),
    "groundwork_reason": pl.String(),
}


class Batches(Iterator[pl.DataFrame]):
    """The batches of one reading, and the count of what has been read so far."""

    def __init__(self, reading: "Reading", rows: int) -> None:
        self._reading = reading
        self._rows = rows
        self._frames = resliced(reading.good(), rows)
        self._ended = False

    @property
    def report(self) -> ValidationReport:
        """The rows read so far, and what they broke; of all when the last batch has been taken."""
        return self._reading.report

    @property
    def types(self) -> dict[str, pl.DataType]:
        """Name and type of every column."""
        return self._reading.types

    def of_any_size(self) -> "Batches":
        """Give up the size of the batches, which costs a copy of all rows; to be asked for before the first.

        Returns:
            These batches, still of at most as many rows.
        """
        self._frames = _portions(self._reading.good(), self._rows)
        return self

    def __next__(self) -> pl.DataFrame:
        frame = next(self._frames, None)
        if frame is not None:
            return frame
        if not self._ended:
            self._reading.set_aside()
            self._ended = True
        raise StopIteration

    def close(self) -> None:
        """Stop reading, and let go of the file."""
        self._frames.close()


class Reading:
    """One pass over a table's rows.

    Args:
        source: Where the rows come from.
        schema: What they must be, or None.
        null_values: Texts that mean missing.
        policy: What becomes of a row that breaks the schema.
        progress: Called now and then with the bytes consumed and their total.
        aside: With the policy ``quarantine``, the file for rows that break the schema.
    """

    def __init__(
        self,
        source: Source,
        schema: Schema | None,
        null_values: Sequence[str],
        policy: Policy,
        progress: Progress | None,
        aside: Path | None = None,
    ) -> None:
        self._source = source
        self._schema = schema or Schema(columns={})
        self._null_values = null_values
        self._policy = policy
        self._progress = progress
        self._types: dict[str, pl.DataType] | None = None
        self._checker: Checker | None = None
        self._aside = aside
        self._spool: Spool | None = None

    @property
    def types(self) -> dict[str, pl.DataType]:
        """Name and type of every column."""
        if self._types is None:
            self._types = self._source.types(self._schema.dtypes, self._null_values)
        return self._types

    @property
    def report(self) -> ValidationReport:
        """What has been read and found so far."""
        return self._checker.report() if self._checker is not None else ValidationReport(0, 0, [])

    def good(self) -> Iterator[pl.DataFrame]:
        """Yield the rows that keep the schema, piece by piece; the others go to the spool."""
        for piece, typed, verdict in self.judged():
            if verdict.good is None:
                passed = typed
            elif self._policy == "error":
                raise self.error(piece, verdict)
            else:
                passed = typed.filter(verdict.good)
                self._keep(piece, verdict)
            if passed.height:
                yield passed

    def judged(self) -> Iterator[tuple[Piece, pl.DataFrame, Verdict]]:
        """Yield every piece as read, with its types, and judged."""
        types, declared = self.types, self._schema.columns
        checker = self._checker = Checker(self._schema, types)
        for piece in self._source.pieces(self._null_values, self._progress, types):
            typed = pl.DataFrame({name: cast_column(piece.cells[name], dtype) for name, dtype in types.items()})
            before = piece.cells.schema  # made anew at each look
            for name, dtype in types.items():
                if name not in declared and before[name] != dtype:
                    _require_fit(piece, name, typed[name])
            yield piece, typed, checker.check(piece, typed)

    def error(self, piece: Piece, verdict: Verdict) -> InvalidDataError:
        """Describe the first bad row of a piece."""
        assert self._checker is not None
        return self._checker.first_error(piece, verdict)

    def set_aside(self) -> None:
        """Write the bad rows of the whole reading, if there is a file for them."""
        if self._aside is not None:
            self._spooled(self._aside).write()

    def _keep(self, piece: Piece, verdict: Verdict) -> None:
        if self._aside is None or verdict.good is None:
            return
        places = piece.places()
        marked = piece.frame.with_columns(
            places["file"].alias("groundwork_file"),
            places["row"].alias("groundwork_row"),
            places["line"].alias("groundwork_line"),
            verdict.reasons().alias("groundwork_reason"),
        )
        self._spooled(self._aside).add(marked.filter(~verdict.good))

    def _spooled(self, path: Path) -> Spool:
        if self._spool is None:
            raw = self._source.raw_types(self._null_values)
            self._spool = Spool({**raw, **_QUARANTINE}, path)
        return self._spool


def _require_fit(piece: Piece, name: str, values: pl.Series) -> None:
    wrong = misfits(piece.frame[name], values)
    if not wrong.any():
        return
    at = int(wrong.arg_max() or 0)
    value = str(piece.frame[name][at])[:80]
    raise InvalidDataError(
        f"{piece.file}: row {piece.first_row + at:,}, column {name}: {value!r} is not {values.dtype}",
        hint=f"declare column {name} in the schema",
        context={
            "file": piece.file,
            "row": piece.first_row + at,
            "line": piece.line(at),
            "column": name,
            "value": value,
        },
    )


def _portions(frames: Iterator[pl.DataFrame], rows: int) -> Generator[pl.DataFrame]:
    """Join small frames and cut large ones; most pass as they are, which saves a copy."""
    held: list[pl.DataFrame] = []
    height = 0
    for frame in frames:
        held.append(frame)
        height += frame.height
        if 4 * height >= rows:
            yield from pl.concat(held).iter_slices(rows)
            held, height = [], 0
    if height:
        yield pl.concat(held)


def check_policy(policy: str) -> None:
    """Refuse a policy that is not known.

    Args:
        policy: The policy.

    Raises:
        ConfigurationError: There is no such policy.
    """
    if policy not in _POLICIES:
        raise ConfigurationError(f"policy {policy!r} is not known", hint="use error, drop or quarantine")
