"""JSON lines read in batches, every line a JSON object.

Rule: the columns and their types come from one pass over the whole file, never from the lines that happen to stand
first: whole numbers, numbers, truth values; everything else, and whatever mixes, is text, nested values as their JSON.
Cells are read as text and cast like those of a CSV file. Memory: one block and its parse. Cost: the file is read
twice; the first pass is remembered while the file stays as it is.
"""

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, NoReturn

import msgspec
import polars as pl

from groundwork.errors import InvalidDataError, first_line
from groundwork.storage._batch import Batch
from groundwork.storage._blocks import Progress, blocks
from groundwork.storage._json import BOM, torn_line

SUFFIXES = (".jsonl", ".ndjson")

_HEAD = 2**16
_LONGEST_LINE = 16 * 2**20  # polars holds a line some ten times over
_NUMBERS: Sequence[pl.DataType] = (pl.Int64(), pl.Int128(), pl.Float64())
_FITS: Mapping[pl.DataType, Any] = {
    pl.Int64(): Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)] | None,
    pl.Int128(): int | None,
    pl.Float64(): float | None,
    pl.Boolean(): bool | None,
    pl.Null(): None,
}
# Of no columns at all, polars does not look at the lines.
_ANY = {"": pl.String()}
_PolarsFault = (pl.exceptions.PolarsError, pl.exceptions.PanicException)


class JsonlFile:
    """A file of JSON objects, one a line; empty lines are skipped.

    Args:
        path: The file, plain, .gz, .zst or .zip.
        member: Which file of a zip.
    """

    def __init__(self, path: Path, member: str | None = None) -> None:
        self.name = path.name
        self._path = path
        self._member = member
        self._types: Mapping[str, pl.DataType] | None = None

    def found(self) -> Mapping[str, pl.DataType]:
        """Look through the whole file for its columns and their types.

        Raises:
            InvalidDataError: A line is no JSON object, or the file is damaged.
            StorageError: The file cannot be read.
        """
        if self._types is None:
            status = self._path.stat()
            self._types = _found(self._path, self._member, (status.st_ino, status.st_size, status.st_mtime_ns))
        return self._types

    def batches(
        self,
        null_values: Sequence[str] = (),
        progress: Progress | None = None,
        types: Mapping[str, pl.DataType] | None = None,
    ) -> Iterator[Batch]:
        """Yield all rows from the first, every cell as text.

        Args:
            null_values: Texts that mean missing.
            progress: See ``blocks``.
            types: Not used: cells come as the file holds them.

        Yields:
            Batches of at least one row; null where a line lacks the column or says null.

        Raises:
            InvalidDataError: A line is no JSON object, or the file is damaged.
            StorageError: The file cannot be read.
        """
        texts: dict[str, pl.DataType] = dict.fromkeys(self.found(), pl.String())
        nothing = pl.col(pl.String).replace(list(null_values), [None] * len(null_values))
        first_row, first = 1, 1
        for piece in _pieces(self._path, self._member, progress):
            frame = _read(piece, texts, self.name, first)
            ends = piece.count(b"\n")
            lines = range(first, first + ends) if frame.height == ends else _lines(piece, first)
            if frame.height != len(lines):
                self._refuse_count(frame.height, len(lines), first)
            if frame.height:
                yield Batch(frame.with_columns(nothing) if null_values else frame, first_row, lines)
            first_row += frame.height
            first += ends

    def _refuse_count(self, read: int, there: int, line: int) -> NoReturn:
        raise InvalidDataError(
            f"{self.name}: {there:,} lines from line {line:,} on read as {read:,} rows",
            hint="look for lines there that hold more than one JSON object",
            context={"file": self.name, "line": line},
        )


@lru_cache(maxsize=32)
def _found(path: Path, member: str | None, _identity: tuple[int, int, int]) -> Mapping[str, pl.DataType]:
    """Unite the types of all pieces; the columns are those of the first row in its order, then the others by name."""
    types: dict[str, pl.DataType] = {}
    line = 1
    order: list[str] | None = None
    adds_nothing = _FullyKnown({})
    for piece in _pieces(path, member, None):
        for part in (piece[: piece.find(b"\n", _HEAD) + 1], piece):
            if adds_nothing(piece):
                break
            _merge(types, _inferred(part, path.name, line))
            adds_nothing = _FullyKnown(types)
        if order is None and piece.strip():
            order = list(json.loads(piece.lstrip().partition(b"\n")[0]))
        line += piece.count(b"\n")
    names = [*(order or ()), *sorted(types.keys() - set(order or ()))]
    return {name: pl.String() if types[name] == pl.Null else types[name] for name in names}


class _FullyKnown:
    """Whether a piece leaves the types as they are: by msgspec, in less than half of polars' time."""

    def __init__(self, types: Mapping[str, pl.DataType]) -> None:
        fields = [(f"c{at}", _FITS.get(dtype, msgspec.Raw), None) for at, dtype in enumerate(types.values())]
        names = {f"c{at}": name for at, name in enumerate(types)}
        row = msgspec.defstruct("row", fields, rename=names, forbid_unknown_fields=True, gc=False)
        self._read = msgspec.json.Decoder(row).decode_lines
        self._refused = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

    def __call__(self, piece: bytes) -> bool:
        try:
            self._read(piece)
        except self._refused:
            return False
        return True


def _pieces(path: Path, member: str | None, progress: Progress | None) -> Iterator[bytes]:
    """Cut the blocks after whole lines."""
    rest = b""
    line, first = 1, True
    for block in blocks(path, member, progress):
        cut = block.rfind(b"\n") + 1
        if cut:
            piece = rest + block[:cut]
            line += piece.count(b"\n")
            rest = block[cut:]
            yield piece.removeprefix(BOM) if first else piece
            first = False
        else:
            rest += block
        if len(rest) > _LONGEST_LINE:
            raise InvalidDataError(
                f"{path.name}: line {line:,} does not end within {_LONGEST_LINE // 2**20} MiB",
                hint="write one JSON object a line",
                context={"file": path.name, "line": line},
            )
    if rest:
        yield rest.removeprefix(BOM) if first else rest


def _lines(piece: bytes, first: int) -> Sequence[int]:
    return [first + at for at, line in enumerate(piece.split(b"\n")) if line.strip()]


def _inferred(piece: bytes, name: str, line: int) -> Mapping[str, pl.DataType]:
    if not piece.strip():
        return {}
    try:
        found = pl.scan_ndjson(io.BytesIO(piece), infer_schema_length=None).collect_schema()
    except _PolarsFault:
        _read(piece, _ANY, name, line)
        return _split(piece, name, line)
    return {column: _plain(dtype) for column, dtype in found.items()}


def _split(piece: bytes, name: str, line: int) -> Mapping[str, pl.DataType]:
    # Whole lines, of which polars unites no types: halves tell which columns those are.
    lines = piece.split(b"\n")
    if len(lines) == 1:
        return dict.fromkeys(json.loads(piece), pl.String())
    half = len(lines) // 2
    types = dict(_inferred(b"\n".join(lines[:half]), name, line))
    _merge(types, _inferred(b"\n".join(lines[half:]), name, line + half))
    return types


def _plain(dtype: pl.DataType) -> pl.DataType:
    return dtype if dtype in (*_NUMBERS, pl.Boolean(), pl.Null()) else pl.String()


def _merge(types: dict[str, pl.DataType], more: Mapping[str, pl.DataType]) -> None:
    for name, dtype in more.items():
        types[name] = _united(types.get(name, dtype), dtype)


def _united(one: pl.DataType, two: pl.DataType) -> pl.DataType:
    # As polars does within a piece, so that it does not matter where a piece ends.
    if one == two or two == pl.Null:
        return one
    if one == pl.Null:
        return two
    if pl.String in (one, two):
        return pl.String()
    return max(one, two, key=lambda dtype: _NUMBERS.index(dtype) if dtype in _NUMBERS else -1)


def _read(piece: bytes, types: Mapping[str, pl.DataType], name: str, line: int) -> pl.DataFrame:
    if not piece.strip():
        return pl.DataFrame(schema=types)
    try:
        return pl.read_ndjson(piece, schema=types)
    except _PolarsFault as error:
        _refuse_line(piece, name, line, error)


def _refuse_line(piece: bytes, name: str, first: int, error: BaseException) -> NoReturn:
    """Find the first line that polars refuses, by halves."""
    lines = piece.split(b"\n")
    good, bad = 0, len(lines)
    while bad - good > 1:
        middle = (good + bad) // 2
        if _reads(b"\n".join(lines[good:middle])):
            good = middle
        else:
            bad = middle
    line = first + good
    text = lines[good]
    if good == len(lines) - 1:
        raise torn_line(name, line) from error
    raise InvalidDataError(
        f"{name}: line {line:,} is no JSON object: {text[:40]!r}: {_why(text)}",
        hint="write one JSON object a line",
        context={"file": name, "line": line},
    ) from error


def _reads(text: bytes) -> bool:
    try:
        pl.read_ndjson(text, schema=_ANY)
    except _PolarsFault:
        return not text.strip()
    return True


def _why(text: bytes) -> str:
    try:
        value = json.loads(text)
    except UnicodeDecodeError as error:
        return f"byte {text[error.start]:#04x} is not UTF-8"
    except ValueError as error:
        return first_line(error)
    except RecursionError:
        return "it is nested too deeply"
    return "it holds a number that JSON has not" if isinstance(value, dict) else "it is another value"
