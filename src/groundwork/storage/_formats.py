"""Values to files and back, by the file's suffix.

Rule: ``data.json.zst`` is JSON, compressed; every write is atomic and gives the same bytes for the same value; a file
that is not what its suffix says is an ``InvalidDataError`` that names it. Cost: the value and its bytes in memory once
each; ``stream`` reads what is larger.
"""

import io
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

from groundwork.errors import InvalidDataError, MLException, UnsupportedFormatError, UsageError
from groundwork.storage import _codecs as codecs
from groundwork.storage._atomic import atomic_write
from groundwork.storage._compression import compressor, decompress
from groundwork.storage._faults import storage_error

_COMPRESSED = (".gz", ".zst")


@dataclass(frozen=True)
class _Format:
    name: str
    read: Callable[..., Any] | None
    write: Callable[..., None] | None


_by_suffix: dict[str, _Format] = {}


def register_format(
    name: str,
    *,
    suffixes: Sequence[str],
    read: Callable[..., Any] | None = None,
    write: Callable[..., None] | None = None,
) -> None:
    """Teach ``read`` and ``write`` a format; a suffix that is known already gets the new one.

    Args:
        name: For messages.
        suffixes: As ``[".arrow"]``; compression suffixes come on top by themselves.
        read: Takes an open binary file and the options, returns the value; any exception means a damaged file.
        write: Takes an open binary file, the value and the options.

    Raises:
        UsageError: A suffix does not begin with a dot or means compression, or neither function is given.
    """
    if read is None and write is None:
        raise UsageError(f"format {name!r} can neither read nor write", hint="give read=, write= or both")
    for suffix in suffixes:
        if not suffix.startswith(".") or suffix in _COMPRESSED:
            raise UsageError(f"{suffix!r} cannot be the suffix of a format", hint="use one such as '.arrow'")
    for suffix in suffixes:
        _by_suffix[suffix.lower()] = _Format(name, read, write)


def read(path: str | os.PathLike[str], **options: Any) -> Any:
    """Read a file by its suffix.

    Args:
        path: ``.json``, ``.jsonl``, ``.yaml``, ``.toml``, ``.csv``, ``.parquet``, ``.npy``, ``.npz``,
            ``.safetensors`` or a registered one, with ``.gz`` or ``.zst`` on top if compressed.
        **options: For the format; csv and parquet hand them to polars.

    Returns:
        Plain values, a polars DataFrame, an array or a dict of arrays.

    Raises:
        UnsupportedFormatError: No reader is known for the suffix.
        InvalidDataError: The file is truncated, damaged or not of its format.
        StorageError: The file is missing or cannot be read.
    """
    known, packed = _look_up(path)
    if known.read is None:
        raise _unsupported(path, "reader", lambda each: each.read is not None)
    try:
        with open(path, "rb") as file:
            plain: IO[bytes] = _Plain(decompress(packed, file, os.fspath(path)), path) if packed else file
            return known.read(plain, **options)
    except MLException as error:
        error.context.setdefault("file", os.fspath(path))
        raise
    except OSError as error:
        if error.errno is None:  # a decoder's own, as zipfile's and numpy's
            raise _invalid(path, known, error) from error
        raise storage_error(error, path, "cannot read") from error
    except MemoryError:
        raise
    except Exception as error:  # a decoder meets damage with whatever it stumbles over
        raise _invalid(path, known, error) from error


def write(path: str | os.PathLike[str], value: Any, *, durable: bool = True, **options: Any) -> None:
    """Write a file by its suffix, atomically.

    Args:
        path: See ``read``; ``.toml`` can only be read.
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
    packed = next((each for each in _COMPRESSED if name.endswith(each)), "")
    suffix = Path(name.removesuffix(packed)).suffix
    if suffix not in _by_suffix:
        raise _unsupported(path, "format", lambda _: True)
    return _by_suffix[suffix], packed


def _unsupported(path: Any, what: str, fits: Callable[[_Format], bool]) -> UnsupportedFormatError:
    known = ", ".join(sorted(suffix for suffix, each in _by_suffix.items() if fits(each)))
    return UnsupportedFormatError(
        f"{os.fspath(path)}: no {what} is known for this suffix",
        hint=f"use one of {known} (.gz or .zst may follow), or register_format",
    )


def _invalid(path: str | os.PathLike[str], known: _Format, error: Exception) -> InvalidDataError:
    line = error.lineno if isinstance(error, json.JSONDecodeError) else None
    where = f"{os.fspath(path)}, line {line}" if line else os.fspath(path)
    words = error.msg if isinstance(error, json.JSONDecodeError) else str(error) or type(error).__name__
    return InvalidDataError(
        f"{where}: not valid {known.name}: {words}",
        hint="mend the file, or fetch or write it again",
        context={"file": os.fspath(path), "line": line},
    )


register_format("JSON", suffixes=[".json"], read=codecs.read_json, write=codecs.write_json)
register_format("JSON lines", suffixes=[".jsonl", ".ndjson"], read=codecs.read_jsonl, write=codecs.write_jsonl)
register_format("YAML", suffixes=[".yaml", ".yml"], read=codecs.read_yaml, write=codecs.write_yaml)
register_format("TOML", suffixes=[".toml"], read=codecs.read_toml)
register_format("CSV", suffixes=[".csv"], read=codecs.read_csv, write=codecs.write_csv)
register_format("Parquet", suffixes=[".parquet"], read=codecs.read_parquet, write=codecs.write_parquet)
register_format("NPY", suffixes=[".npy"], read=codecs.read_npy, write=codecs.write_npy)
register_format("NPZ", suffixes=[".npz"], read=codecs.read_npz, write=codecs.write_npz)
register_format("safetensors", suffixes=[".safetensors"], read=codecs.read_safetensors, write=codecs.write_safetensors)
