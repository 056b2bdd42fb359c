"""Values to files and back, by the file's suffix.

Rule: ``data.json.zst`` is JSON, compressed; every write is atomic and gives the same bytes for the same value; a file
that is not what its suffix says, or becomes too large, is an ``InvalidDataError`` that names it. Cost: the value and
its bytes in memory once each; ``stream`` reads what is larger.
"""

import inspect
import io
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

from groundwork.errors import InvalidDataError, MLException, UnsupportedFormatError, UsageError, first_line
from groundwork.storage import _arrays as arrays
from groundwork.storage import _codecs as codecs
from groundwork.storage import _tables as tables
from groundwork.storage._atomic import atomic_write
from groundwork.storage._bounds import too_large, usual_bound
from groundwork.storage._compression import COMPRESSED, compressor, decompress
from groundwork.storage._faults import storage_error

_TABLES = ("CSV", "JSON lines", "Parquet")


@dataclass(frozen=True)
class _Format:
    name: str
    read: Callable[..., Any] | None
    write: Callable[..., None] | None
    bounded: bool


_by_suffix: dict[str, _Format] = {}


def register_format(
    name: str,
    *,
    suffixes: Sequence[str],
    read: Callable[..., Any] | None = None,
    write: Callable[..., None] | None = None,
    bounded: bool = False,
) -> None:
    """Teach ``read`` and ``write`` a format; a suffix that is known already gets the new one.

    Args:
        name: For messages.
        suffixes: As ``[".arrow"]``; compression suffixes come on top by themselves.
        read: Takes an open binary file and the options, returns the value; any exception means a damaged file.
        write: Takes an open binary file, the value and the options.
        bounded: The format compresses inside; its ``read`` takes ``max_bytes``, the most that may come out, or None.

    Raises:
        UsageError: A suffix does not begin with a dot or means compression, or neither function is given.
    """
    if read is None and write is None:
        raise UsageError(f"format {name!r} can neither read nor write", hint="give read=, write= or both")
    for suffix in suffixes:
        if not suffix.startswith(".") or suffix in COMPRESSED:
            raise UsageError(f"{suffix!r} cannot be the suffix of a format", hint="use one such as '.arrow'")
    for suffix in suffixes:
        _by_suffix[suffix.lower()] = _Format(name, read, write, bounded)


def read(path: str | os.PathLike[str], *, max_bytes: int | None = None, **options: Any) -> Any:
    """Read a file by its suffix.

    Args:
        path: ``.json``, ``.jsonl``, ``.yaml``, ``.toml``, ``.csv``, ``.parquet``, ``.npy``, ``.npz``,
            ``.safetensors``, a registered one or that of a plugin, with ``.gz`` or ``.zst`` on top if compressed.
        max_bytes: How many bytes the content may have, unpacked: of the file itself, of what .gz or .zst become, of the
            arrays in an npz, of the pages in a Parquet file. Unless given, .gz, .zst and .npz may become 1 GiB or 100
            times the size of the file, whichever is more; all else may be of any size.
        **options: For the format; csv and parquet hand them to polars. For a table, ``columns`` may map names to polars
            types: then it is read as ``stream`` reads it (with ``null_values``), whole, and every value that does not
            fit is an error.

    Returns:
        Plain values, a polars DataFrame, an array or a dict of arrays.

    Raises:
        UnsupportedFormatError: No reader is known for the suffix.
        InvalidDataError: The file is truncated, damaged, not of its format or too large; or a value does not fit its
            column's type, which names row and column.
        StorageError: The file is missing or cannot be read.
    """
    known, packed = _look_up(path)
    if known.read is None:
        raise _unsupported(path, "reader", lambda each: each.read is not None)
    if max_bytes is not None and max_bytes < 1:
        raise UsageError(f"max_bytes is {max_bytes}; nothing would be read", hint="give at least 1, or leave it out")
    declared = known.name in _TABLES and isinstance(options.get("columns"), Mapping)
    _require_options(tables.read_declared if declared else known.read, known, options)
    try:
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            if packed:
                bound: int | None = max_bytes or usual_bound(size)
            else:
                bound = max_bytes
                if bound is not None and size > bound:
                    raise too_large(os.fspath(path), f"its {size:,} bytes amount", bound)
            if declared:
                return tables.read_declared(os.fspath(path), max_bytes=bound, **options)
            if known.bounded:
                options["max_bytes"] = max_bytes
            plain = _Plain(decompress(packed, file, os.fspath(path), max_bytes=bound), path) if packed else file
            return _decoded(known, known.read, plain, path, options)
    except MLException as error:
        error.context.setdefault("file", os.fspath(path))
        raise
    except OSError as error:
        raise storage_error(error, path, "cannot read") from error


def write(path: str | os.PathLike[str], value: Any, *, durable: bool = True, **options: Any) -> None:
    """Write a file by its suffix, atomically.

    Args:
        path: See ``read``.
        value: What ``read`` would return.
        durable: See ``atomic_write``.
        **options: For the format; csv and parquet hand them to polars.

    Raises:
        UnsupportedFormatError: No writer is known for the suffix.
        UsageError: The value does not fit the format.
        StorageError: The system refused; the old file is untouched.
        DurabilityUnknownError: See ``atomic_write``.
    """
    known, packed = _look_up(path)
    if known.write is None:
        raise _unsupported(path, "writer", lambda each: each.write is not None)
    _require_options(known.write, known, options)
    with atomic_write(path, durable=durable) as file:
        sink = _Sink(file)
        try:
            if packed:
                with compressor(packed)(cast("IO[bytes]", sink)) as packing:
                    known.write(_Sink(packing), value, **options)
            else:
                known.write(sink, value, **options)
        except Exception as error:
            # Libraries wrap what a file's write raises in errors of their own; the system's words must come through.
            if sink.refused is not None:
                raise sink.refused from sink.refused.__cause__
            if isinstance(error, UsageError):
                raise UsageError(f"{os.fspath(path)}: {error.message}", code=error.code, hint=error.hint) from error
            raise


def _decoded(known: _Format, decode: Callable[..., Any], file: Any, path: Any, options: Mapping[str, Any]) -> Any:
    try:
        return decode(file, **options)
    except (MLException, MemoryError):
        raise
    except Exception as error:  # a decoder meets damage with whatever it stumbles over
        # An OSError without a number is a decoder's own, as zipfile's.
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise _invalid(path, known, error) from error


def _require_options(codec: Callable[..., Any], known: _Format, options: Mapping[str, Any]) -> None:
    # Told here, a wrong option is not taken for a wrong file.
    if not options:
        return
    takes = inspect.signature(codec).parameters.values()
    names = [each.name for each in takes if each.kind is each.KEYWORD_ONLY or each.default is not each.empty]
    wrong = next((name for name in options if name not in names), None)
    if wrong is not None and not any(each.kind is each.VAR_KEYWORD for each in takes):
        fitting = ", ".join(name for name in names if name != "max_bytes") or "none"
        raise UsageError(f"{known.name} takes no option {wrong!r} here", hint=f"options that it takes: {fitting}")


class _Plain(io.BytesIO):
    """Decompressed bytes that know which file they came from."""

    def __init__(self, data: bytes, path: str | os.PathLike[str]) -> None:
        super().__init__(data)
        self.name = os.fspath(path)


class _Sink(io.RawIOBase):
    """A file that can only be written to, so that no library goes round it to the descriptor."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.refused: Exception | None = None

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        view = memoryview(data)
        try:
            self._file.write(view)
        except Exception as error:
            self.refused = error
            raise
        return view.nbytes


def _look_up(path: str | os.PathLike[str]) -> tuple[_Format, str]:
    name = Path(path).name.lower()
    packed = next((each for each in COMPRESSED if name.endswith(each)), "")
    suffix = Path(name.removesuffix(packed)).suffix
    known = _by_suffix.get(suffix) or _brought(suffix)
    if known is None:
        raise _unsupported(path, "format", lambda _: True)
    return known, packed


def _brought(suffix: str) -> _Format | None:
    """Make a format of a plugin, if there is one for a suffix."""
    from groundwork import environment

    found = environment.look_for_plugin("format", suffix.removeprefix("."))
    if found is None:
        return None
    return _Format(suffix.removeprefix("."), getattr(found, "read", None), getattr(found, "write", None), False)


def _unsupported(path: Any, what: str, fits: Callable[[_Format], bool]) -> UnsupportedFormatError:
    known = ", ".join(sorted(suffix for suffix, each in _by_suffix.items() if fits(each)))
    return UnsupportedFormatError(
        f"{os.fspath(path)}: no {what} is known for this suffix",
        hint=f"use one of {known} (.gz or .zst may follow), or register one",
    )


def _invalid(path: str | os.PathLike[str], known: _Format, error: Exception) -> InvalidDataError:
    line = error.lineno if isinstance(error, json.JSONDecodeError) else None
    where = f"{os.fspath(path)}, line {line}" if line else os.fspath(path)
    words = error.msg if isinstance(error, json.JSONDecodeError) else first_line(error)
    return InvalidDataError(
        f"{where}: not valid {known.name}: {words}",
        hint="mend the file, or fetch or write it again",
        context={"file": os.fspath(path), "line": line},
    )


for _name, _suffixes, _read, _write in (
    ("JSON", [".json"], codecs.read_json, codecs.write_json),
    ("JSON lines", [".jsonl", ".ndjson"], codecs.read_jsonl, codecs.write_jsonl),
    ("YAML", [".yaml", ".yml"], codecs.read_yaml, codecs.write_yaml),
    ("TOML", [".toml"], codecs.read_toml, codecs.write_toml),
    ("CSV", [".csv"], tables.read_csv, tables.write_csv),
    ("NPY", [".npy"], arrays.read_npy, arrays.write_npy),
    ("safetensors", [".safetensors"], arrays.read_safetensors, arrays.write_safetensors),
):
    register_format(_name, suffixes=_suffixes, read=_read, write=_write)
register_format("Parquet", suffixes=[".parquet"], read=tables.read_parquet, write=tables.write_parquet, bounded=True)
register_format("NPZ", suffixes=[".npz"], read=arrays.read_npz, write=arrays.write_npz, bounded=True)
