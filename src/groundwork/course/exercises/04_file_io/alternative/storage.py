"""A second correct storage part, built differently: a class for ``atomic_write``, one file for a checkpoint."""

import contextlib
import gzip
import hashlib
import io
import itertools
import json
import os
import stat
import tempfile
import warnings
import zipfile
import zlib
from collections import namedtuple
from pathlib import Path
from types import SimpleNamespace

import numpy as np

try:
    import fcntl
except ImportError:  # Windows: one process at a time is up to the user there
    fcntl = None

__all__ = ["CheckpointStore", "Keep", "append", "atomic_write", "read", "stream", "write"]


class atomic_write:  # noqa: N801 - it is called like a function
    """Collect the content in a private file beside the target; publish it when the block ends well."""

    def __init__(self, path, mode="wb", *, durable=True, encoding=None, newline=None):
        if mode not in ("wb", "w"):
            raise ValueError(f"mode {mode!r}; pass 'wb' or 'w'")
        self.target = Path(path).resolve()
        self.durable = durable
        self.options = {"mode": mode, "encoding": encoding, "newline": newline}

    def __enter__(self):
        """Open the private file."""
        self.file = tempfile.NamedTemporaryFile(
            dir=self.target.parent, prefix=".", suffix=".part", delete=False, **self.options
        )
        return self.file

    def __exit__(self, kind, error, trace):
        """Publish or discard."""
        private = Path(self.file.name)
        try:
            if kind is None:
                self.file.flush()
                private.chmod(self.bits())
                if self.durable:
                    os.fsync(self.file.fileno())
            self.close(quietly=kind is not None)
            if kind is None:
                private.replace(self.target)
        except BaseException:
            self.close(quietly=True)
            private.unlink(missing_ok=True)
            raise
        if kind is not None:
            private.unlink()
        elif self.durable and os.name == "posix":
            _sync_folder(self.target.parent)
        return False

    def close(self, *, quietly):
        """Close the private file; its last flush may fail once more on a disk that is full anyway."""
        try:
            self.file.close()
        except OSError:
            if not quietly:
                raise

    def bits(self):
        """Return the target's permission bits, or what a new file would get."""
        if self.target.exists():
            return stat.S_IMODE(self.target.stat().st_mode)
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask


def _sync_folder(folder):
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


Keep = namedtuple("Keep", ["last"], defaults=[3])


class Damaged(Exception):
    """A file is not what was written."""


class SkippedWarning(UserWarning):
    """A damaged checkpoint was passed over."""


def write(path, value):
    """Store a value in the format that the suffix names, atomically."""
    path = Path(path)
    kind, packed = _kind(path)
    plain = _ENCODERS[kind](value)
    with atomic_write(path) as file:
        # No time and no name in the header, so that equal values give equal files.
        file.write(gzip.compress(plain, mtime=0) if packed else plain)


def read(path):
    """Return what was written."""
    path = Path(path)
    kind, packed = _kind(path)
    data = path.read_bytes()
    try:
        return _DECODERS[kind](gzip.decompress(data) if packed else data)
    except Exception as error:
        raise Damaged(f"{path}: no whole {kind[1:]} file: {error}") from error


def _kind(path):
    *_, kind, packing = ["", "", *path.suffixes]
    packed = packing == ".gz"
    kind = kind if packed else packing
    if kind not in _ENCODERS:
        raise ValueError(f"{path}: no format is known for the suffix {kind!r}")
    return kind, packed


def _encode_json(value):
    return json.dumps(value, allow_nan=False, ensure_ascii=False).encode()


def _encode_npy(value):
    array = np.asanyarray(value)
    if array.dtype.hasobject:
        raise ValueError("an array of objects can only be pickled; give it a plain dtype")
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()


def _encode_npz(arrays):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, array in arrays.items():
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), _encode_npy(array))
    return buffer.getvalue()


def _decode_npy(data):
    return np.lib.format.read_array(io.BytesIO(data), allow_pickle=False)


def _decode_npz(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name.removesuffix(".npy"): _decode_npy(archive.read(name)) for name in archive.namelist()}


_ENCODERS = {".json": _encode_json, ".npy": _encode_npy, ".npz": _encode_npz}
_DECODERS = {".json": json.loads, ".npy": _decode_npy, ".npz": _decode_npz}


def append(path, record, *, durable=True):
    """Add a record, or several, to a log of JSON lines."""
    records = [record] if isinstance(record, dict) else list(record)
    lines = b"".join(_encode_json(each) + b"\n" for each in records)
    path = os.path.realpath(path)
    log = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0), 0o666)
    try:
        with _locked(log):
            size = os.fstat(log).st_size
            whole, ending = _whole(log, size)
            if whole < size:
                os.ftruncate(log, whole)
            try:
                _write_all(log, ending + lines)
                if durable:
                    os.fsync(log)
            except BaseException:
                os.ftruncate(log, whole)
                raise
    finally:
        os.close(log)
    if durable and size == 0:
        _sync_folder(os.path.dirname(path))


def _write_all(descriptor, data):
    left = memoryview(data)
    while left:
        left = left[os.write(descriptor, left) :]


def _whole(log, size):
    """Find where the last whole record ends, and what is missing to its line end."""
    start, tail = size, b""
    while start and b"\n" not in tail:
        step = min(start, 65_536)
        start -= step
        os.lseek(log, start, os.SEEK_SET)
        tail = os.read(log, step) + tail
    torn = tail[tail.rfind(b"\n") + 1 :]
    if not torn:
        return size, b""
    try:
        json.loads(torn)
    except ValueError:
        return size - len(torn), b""
    return size, b"\n"


@contextlib.contextmanager
def _locked(descriptor):
    """Let one process at a time through; the lock of a killed one is free again."""
    if fcntl is not None:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        yield
    finally:
        if fcntl is not None:
            fcntl.flock(descriptor, fcntl.LOCK_UN)


def stream(path, rows=65_536, *, columns):
    """Read a log in frames of so many rows."""
    if rows < 1:
        raise ValueError(f"rows is {rows}; a batch needs at least 1")
    return _batches(Path(path), rows, columns)


def _batches(path, rows, columns):
    with gzip.open(path) if path.suffix == ".gz" else open(path, "rb") as file:
        lines = enumerate(file, start=1)
        while True:
            try:
                taken = list(itertools.islice(lines, rows))
            except (EOFError, OSError, zlib.error) as error:
                raise Damaged(f"{path}: {error}") from error
            if not taken:
                return
            yield _frame(taken, path, columns)


def _frame(lines, path, columns):
    import polars as pl  # only here: who does not stream must not wait for it

    records = []
    for number, line in lines:
        try:
            records.append(dict(json.loads(line)))
        except (ValueError, TypeError) as error:
            raise Damaged(f"{path}: line {number} is no record: {error}") from error
    series = []
    for name, dtype in columns.items():
        values = [record.get(name) for record in records]
        try:
            series.append(pl.Series(name, values, dtype=dtype, strict=True))
        except (TypeError, pl.exceptions.PolarsError) as error:
            number, value = _first_misfit(lines, values, dtype)
            raise ValueError(f"{path}: line {number}, column {name}: {value!r} is no {dtype}") from error
    return pl.DataFrame(series)


def _first_misfit(lines, values, dtype):
    import polars as pl

    for (number, _), value in zip(lines, values, strict=True):
        try:
            pl.Series([value], dtype=dtype, strict=True)
        except (TypeError, pl.exceptions.PolarsError):
            return number, value
    raise AssertionError("only called when one does not fit")


class CheckpointStore:
    """A checkpoint is one file: a line of JSON that says what follows, then the arrays as npz."""

    def __init__(self, root, keep=None):
        self.root = Path(root)
        self.keep = keep or Keep()

    def save(self, model, *, step, metrics=None):
        """Store the arrays, then drop what ``keep`` does not ask for."""
        body = _encode_npz(model)
        facts = {"step": step, "metrics": dict(metrics or {}), "size": len(body)}
        facts["sha256"] = self.seal(facts, body)
        head = json.dumps(facts).encode() + b"\n"
        self.root.mkdir(parents=True, exist_ok=True)
        with self.alone():
            for stray in self.root.glob(".*.part"):  # nobody else saves now, so its writer is dead
                stray.unlink()
            with atomic_write(self.file(step)) as file:
                file.write(head)
                file.write(body)
            self.drop(also_kept={step})

    def load(self, which="latest"):
        """Return the newest whole checkpoint, or exactly the step asked for."""
        if which != "latest":
            return self.opened(which)
        for step in reversed(self.steps()):
            try:
                return self.opened(step)
            except FileNotFoundError:  # pruned by another process
                continue
            except Damaged as error:
                with self.alone():
                    if self.wrong(step):
                        self.set_aside(step)
                warnings.warn(f"step {step} is passed over: {error}", SkippedWarning, stacklevel=2)
        raise FileNotFoundError(f"{self.root}: there is no whole checkpoint")

    def list(self):
        """Tell what there is, by step."""
        found = []
        for step in self.steps():
            with contextlib.suppress(Damaged, FileNotFoundError):
                found.append(self.unpacked(step)[0])
        return found

    def verify(self):
        """Say of each step what is wrong with it, or None."""
        return {step: self.wrong(step) for step in self.steps()}

    def prune(self):
        """Drop what ``keep`` does not ask for."""
        with self.alone():
            return self.drop(also_kept=set())

    def drop(self, also_kept):
        """Delete what is not kept; the caller is alone."""
        steps = self.steps()
        kept = also_kept | set(steps[-self.keep.last :])
        surplus = [step for step in steps if step not in kept]
        if surplus:
            kept.add(next((step for step in reversed(steps) if not self.wrong(step)), None))
        dropped = [step for step in surplus if step not in kept]
        for step in dropped:
            self.remove(step)
        return dropped

    def remove(self, step):
        """Delete one checkpoint."""
        self.file(step).unlink()

    def steps(self):
        """Find the steps, as numbers in order."""
        names = [path.stem for path in self.root.glob("step-*.ckpt")]
        return sorted(int(name.removeprefix("step-")) for name in names)

    def file(self, step):
        """Name the file of a step."""
        return self.root / f"step-{step}.ckpt"

    def opened(self, step):
        """Load exactly this step."""
        facts, body = self.unpacked(step)
        return SimpleNamespace(model=_decode_npz(body), info=facts)

    def unpacked(self, step):
        """Read a checkpoint and compare it with what it says of itself."""
        try:
            head, _, body = self.file(step).read_bytes().partition(b"\n")
        except FileNotFoundError:
            raise FileNotFoundError(f"{self.root}: there is no step {step}; there are {self.steps()}") from None
        try:
            facts = json.loads(head)
            said = facts.pop("sha256")
            whole = said == self.seal(facts, body) and facts["step"] == step
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise Damaged(f"{self.file(step)}: its first line cannot be read: {error}") from error
        if not whole:
            raise Damaged(f"{self.file(step)}: the sha256 differs")
        return SimpleNamespace(**facts), body

    @staticmethod
    def seal(facts, body):
        """Hash the facts and the arrays together."""
        digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode() + b"\n")
        digest.update(body)
        return digest.hexdigest()

    def wrong(self, step):
        """Say what is wrong with a step, or None."""
        try:
            self.unpacked(step)
        except (Damaged, FileNotFoundError) as error:
            return str(error)
        return None

    def set_aside(self, step):
        """Rename a damaged checkpoint to a name that nobody looks for."""
        for number in itertools.count():
            aside = self.root / f"corrupt-{step}-{number}"
            if not aside.exists():
                self.file(step).rename(aside)
                return

    @contextlib.contextmanager
    def alone(self):
        """Hold the store's lock."""
        lock = os.open(self.root / ".lock", os.O_RDWR | os.O_CREAT, 0o666)
        try:
            with _locked(lock):
                yield
        finally:
            os.close(lock)
