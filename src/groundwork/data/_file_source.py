"""Files as one table, one after the other.

Rule: the files of a list are read in the given order, those of a pattern in sorted order; all must have the same
columns. Rows and lines are counted anew in each.
"""

import fnmatch
import glob
import os
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import polars as pl

from groundwork.data._sources import DTypes, Piece, Progress
from groundwork.errors import InvalidDataError, StorageError, UsageError
from groundwork.storage import stream_raw, stream_schema

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_PATTERN = frozenset("*?[")
_TEXTS = (".csv", ".jsonl", ".ndjson")
_COMPRESSED = (".gz", ".zst")
_WIDER = (pl.Int64(), pl.Int128(), pl.Float64())


@dataclass(frozen=True)
class FilePart:
    """One file of a table.

    Attributes:
        path: Where it is.
        member: Which file of a zip, or None.
        label: What messages and reports call it.
    """

    path: Path
    member: str | None
    label: str


class FileSource:
    """One file or several.

    Args:
        parts: The files, in order; at least one.
    """

    rereadable = True

    def __init__(self, parts: Sequence[FilePart]) -> None:
        self.parts = tuple(parts)
        self.files = tuple(dict.fromkeys(part.path for part in parts))
        self.name = parts[0].label if len(parts) == 1 else f"{parts[0].label} … {parts[-1].label}"

    def types(self, declared: DTypes, null_values: Sequence[str]) -> dict[str, pl.DataType]:
        """Settle the columns over all files.

        Args:
            declared: Types by name.
            null_values: Texts that mean missing.

        Returns:
            Type by name, in the order of the first file.

        Raises:
            InvalidDataError: A file lacks a declared column, has no readable header, or has other columns or types than
                the first.
            StorageError: There is no such file.
        """
        settled: dict[str, pl.DataType] = {}
        for part in self.parts:
            found = stream_schema(part.path, columns=declared, null_values=null_values, member=part.member)
            settled = _united(settled, found, part, self.parts[0].label) if settled else found
        return settled

    def raw_types(self, null_values: Sequence[str]) -> dict[str, pl.DataType]:
        """Tell the types of the cells: text, or what a file says that has types of its own, as Parquet."""
        first = self.parts[0]
        found = stream_schema(first.path, null_values=null_values, member=first.member)
        if _has_types(first):
            return found
        return dict.fromkeys(found, pl.String())

    def pieces(
        self, null_values: Sequence[str], progress: Progress | None, types: Mapping[str, pl.DataType] | None = None
    ) -> Iterator[Piece]:
        """Yield the rows of file after file; see ``storage.stream_raw``."""
        sizes = [part.path.stat().st_size if part.path.exists() else 0 for part in self.parts]
        order: list[str] | None = None
        for at, part in enumerate(self.parts):
            told = _onward(progress, sum(sizes[:at]), sum(sizes)) if progress else None
            batches = stream_raw(
                part.path, columns=types, null_values=null_values, member=part.member, name=part.label, progress=told
            )
            for batch in batches:
                order = order or batch.cells.columns
                yield Piece(
                    batch.cells.select(order),
                    part.label,
                    batch.first_row,
                    batch.lines,
                    partial(_ordered, batch.read, order),
                )


def _ordered(read: Callable[[], pl.DataFrame], order: Sequence[str]) -> pl.DataFrame:
    return read().select(order)


def files_of(source: object, member: str | None) -> FileSource:
    """Find the files that a path, a pattern or a list of either names.

    Args:
        source: A path; a pattern with ``*``, ``?``, ``[…]`` or ``**`` for any depth of folders; or a list.
        member: Which file of a zip; a pattern stands for several.

    Returns:
        The source.

    Raises:
        StorageError: A pattern matches no file.
        UsageError: The list or a path is empty, or a path is an address.
    """
    given = [source] if isinstance(source, str | os.PathLike) else list(source)  # type: ignore[call-overload]
    if not given:
        raise UsageError("the list of files is empty", hint="name at least one file")
    paths = [path for each in given for path in _matches(os.fspath(each))]
    parts = [(path, one) for path in paths for one in _members(path, member)]
    labels = _labels(parts)
    return FileSource([FilePart(path, one, label) for (path, one), label in zip(parts, labels, strict=True)])


def _matches(path: str) -> list[Path]:
    if not path:
        raise UsageError("a path is empty", hint="name a file")
    if _ADDRESS.match(path):
        raise UsageError(f"{path} is an address, and only files are read", hint="fetch it first, as with curl -O")
    if not _PATTERN & set(path) or os.path.exists(path):
        return [Path(path)]
    found = sorted(Path(each) for each in glob.glob(path, recursive=True) if os.path.isfile(each))
    if not found:
        raise StorageError(
            f"no file matches {path}",
            hint=f"patterns know *, ?, [abc] and ** for folders; {_nearest_folder(path)}",
            context={"pattern": path},
        )
    return found


def _nearest_folder(path: str) -> str:
    folder = Path(path)
    while _PATTERN & set(str(folder)) or not folder.exists():
        folder = folder.parent
    names = sorted(os.listdir(folder))[:5] if folder.is_dir() else []
    return f"{folder} holds {', '.join(names) or 'nothing'}"


def _members(path: Path, member: str | None) -> list[str | None]:
    if member is None or not _PATTERN & set(member) or not zipfile.is_zipfile(path):
        return [member]
    with zipfile.ZipFile(path) as archive:
        names = [info.filename for info in archive.infolist() if not info.is_dir()]
    if member in names:
        return [member]
    found = sorted(fnmatch.filter(names, member))
    if not found:
        raise StorageError(
            f"{path.name}: no member matches {member}",
            hint=f"it holds {', '.join(names[:5])}",
            context={"file": str(path)},
        )
    return list(found)


def _labels(parts: Sequence[tuple[Path, str | None]]) -> list[str]:
    """Name each part as briefly as keeps them apart."""
    paths = list(dict.fromkeys(path for path, _ in parts))
    briefly = {path: path.name for path in paths}
    if len(set(briefly.values())) < len(paths):
        parent = Path(os.path.commonpath([path.absolute().parent for path in paths]))
        briefly = {path: path.absolute().relative_to(parent).as_posix() for path in paths}
    several = len(parts) > len(paths)
    return [f"{briefly[path]}/{member}" if several and member else briefly[path] for path, member in parts]


def _has_types(part: FilePart) -> bool:
    suffixes = [suffix.lower() for suffix in part.path.suffixes]
    while suffixes and suffixes[-1] in _COMPRESSED:
        suffixes.pop()
    return bool(suffixes) and suffixes[-1] not in (*_TEXTS, ".zip")


def _united(
    settled: dict[str, pl.DataType], found: dict[str, pl.DataType], part: FilePart, first: str
) -> dict[str, pl.DataType]:
    missing, more = [name for name in settled if name not in found], [name for name in found if name not in settled]
    if missing or more:
        lacks = f"lacks {', '.join(missing[:5])}" if missing else ""
        has = f"has {', '.join(more[:5])} besides" if more else ""
        raise InvalidDataError(
            f"{part.label} has other columns than {first}: it {' and '.join(filter(None, (lacks, has)))}",
            hint="read files of other columns as datasets of their own",
            context={"file": part.label, "missing": missing, "more": more},
        )
    return {name: _one_type(name, dtype, found[name], part, first) for name, dtype in settled.items()}


def _one_type(name: str, one: pl.DataType, two: pl.DataType, part: FilePart, first: str) -> pl.DataType:
    if one == two:
        return one
    if _has_types(part) or one.is_temporal() or two.is_temporal():
        raise InvalidDataError(
            f"{part.label}: column {name} is {two}, but {one} in {first}",
            hint=f"declare column {name} in the schema, so that all files are brought to one type",
            context={"file": part.label, "column": name},
        )
    # Types that were looked up in the values of JSON lines, as they would be were the files one.
    if one in _WIDER and two in _WIDER:
        return max(one, two, key=_WIDER.index)
    return pl.String()


def _onward(progress: Progress, before: int, total: int) -> Progress:
    return lambda done, _: progress(before + done, total)
