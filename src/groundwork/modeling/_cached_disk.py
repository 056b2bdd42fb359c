"""Results in a folder, for all processes that share it.

Rule: a result counts once its record stands, and the record names the checksum of the file that was written before it;
what does not match is computed again and said. Of several processes one computes a key, behind a lock that ends with
it. Cost: a hit reads and hashes its file; a miss also looks at all records, to find the least recently used ones.
"""

import contextlib
import hashlib
import inspect
import logging
import os
import re
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from groundwork.errors import MLException, StorageError
from groundwork.modeling._cached_values import load_value, remove_value, save_value
from groundwork.modeling._decorate import Function, name_of
from groundwork.storage import FileLock, read, write

_RECORD = ".record.json"
_log = logging.getLogger("groundwork.cached")


class Disk:
    """The results of one function in one version.

    Args:
        folder: Shared by any number of functions and processes.
        fn: The function.
        version: What its results depend on beside its arguments; the source unless given.
        max_bytes: How large the folder may become, results of other functions included.
        ttl_s: How old a result may become, or None.
        wall_clock: The time, equal in all processes.

    Attributes:
        evictions: How many results left to make room.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        fn: Function,
        *,
        version: str | None,
        max_bytes: int,
        ttl_s: float | None,
        wall_clock: Callable[[], float],
    ) -> None:
        name = name_of(fn)
        told = hashlib.blake2b(f"{name}\0{version or _source(fn)}".encode("utf-8", "replace"), digest_size=8)
        self._root = Path(folder)
        self._folder = self._root / f"{re.sub(r'[^A-Za-z0-9_.]+', '_', name)[-100:]}-{told.hexdigest()}"
        self._name, self._max_bytes, self._ttl_s, self._now = name, max_bytes, ttl_s, wall_clock
        self.evictions = 0

    def look(self, key: str, *, say: bool) -> tuple[bool, Any]:
        """Read a result.

        Args:
            key: Its key, as hexadecimal digits.
            say: Say damage: another process cannot be about to change it.

        Returns:
            Whether there is one, and it.
        """
        path = self._folder / f"{key}{_RECORD}"
        if not path.exists():
            return False, None
        try:
            record = read(path)
            if self._ttl_s is not None and not 0 <= self._now() - record["created_s"] < self._ttl_s:
                return False, None
            value = load_value(record, self._folder)
        except (MLException, OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            if say:
                _log.warning("%s: the stored result %s is damaged and computed again: %s", self._name, key, error)
            return False, None
        with contextlib.suppress(OSError):  # a folder that we may only read, or a result that has just left
            os.utime(path)
        return True, value

    def store(self, key: str, value: Any) -> None:
        """Write a result, and make room for it; a disk that refuses is said, for the result is there all the same.

        Args:
            key: Its key.
            value: The result.

        Raises:
            UsageError: There is no file format for it.
        """
        record = self._folder / f"{key}{_RECORD}"
        try:
            record.unlink(missing_ok=True)
            remove_value(self._folder, key)
            facts = save_value(value, self._folder, key)
            write(record, {**facts, "function": self._name, "created_s": self._now()}, durable=False)
            self._make_room(record)
        except (StorageError, OSError) as error:
            _log.warning("%s: the result could not be stored: %s", self._name, error)

    def try_lock(self, key: str) -> FileLock | None:
        """Take the lock of a key, if it is free.

        Args:
            key: The key.

        Returns:
            The lock, to be released; None if another holds it.
        """
        return _try_lock(self._folder / f"{key}.lock")

    def drop(self, key: str) -> bool:
        """Remove a result.

        Args:
            key: Its key.

        Returns:
            Whether there was one.
        """
        return self._remove(self._folder / f"{key}{_RECORD}")

    def clear(self) -> None:
        """Remove all results of this function in this version; those being computed stay."""
        for record in self._folder.glob(f"*{_RECORD}"):
            self._remove(record)

    def extent(self) -> tuple[int, int]:
        """Return how many results of this function in this version there are, and their bytes."""
        sizes = [size for _, size, _ in _records(self._folder, f"*{_RECORD}")]
        return len(sizes), sum(sizes)

    def _make_room(self, newest: Path) -> None:
        found = sorted(_records(self._root, f"*/*{_RECORD}"))
        taken = sum(size for _, size, _ in found)
        # The newest leaves last: alone it may be larger than the bound.
        for _, size, record in sorted(found, key=lambda each: each[2] == newest):
            if taken <= self._max_bytes:
                return
            if record == newest:
                record.unlink(missing_ok=True)
                remove_value(record.parent, _key(record))
            elif not self._remove(record):
                continue
            taken -= size
            self.evictions += 1

    def _remove(self, record: Path) -> bool:
        key, folder = _key(record), record.parent
        lock = _try_lock(folder / f"{key}.lock")
        if lock is None:
            return False
        try:
            there = record.exists()
            record.unlink(missing_ok=True)
            remove_value(folder, key)
            with contextlib.suppress(OSError):  # Windows keeps an open file
                lock.path.unlink(missing_ok=True)
            return there
        finally:
            lock.release()


def _try_lock(path: Path) -> FileLock | None:
    lock = FileLock(path)
    if not lock.acquire():
        return None
    # Whoever removed a result removed its lock file too: a lock on a removed file excludes nobody.
    try:
        ours = path.read_bytes() == str(os.getpid()).encode()
    except OSError:
        ours = False
    if not ours:
        lock.release()
        return None
    return lock


def _records(folder: Path, pattern: str) -> Iterator[tuple[float, int, Path]]:
    """Give when each result was last used, its bytes and its record."""
    for record in folder.glob(pattern):
        try:
            used_s, size = record.stat().st_mtime, record.stat().st_size
            for path in record.parent.glob(f"{_key(record)}.*"):
                inner = path.rglob("*") if path.is_dir() else [path]
                if path != record and path.suffix != ".lock":
                    size += sum(each.stat().st_size for each in inner if each.is_file())
        except OSError:  # it has just left
            continue
        yield used_s, size, record


def _key(record: Path) -> str:
    return record.name.removesuffix(_RECORD)


def _source(fn: Function) -> str:
    plain = inspect.unwrap(fn)
    try:
        return inspect.getsource(plain)
    except (OSError, TypeError):  # typed at a prompt, or not written in Python
        code = getattr(plain, "__code__", None)
        if code is None:
            return ""
        # Not the codes inside, which show themselves by their address.
        constants = [each for each in code.co_consts if not isinstance(each, types.CodeType)]
        return f"{code.co_code!r} {code.co_names} {constants}"
