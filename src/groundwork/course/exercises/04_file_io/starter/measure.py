"""What storing costs, and what is left when it goes wrong, measured on your machine: the figures of ``ANSWERS.md``.

    python measure.py                 all of it, in about a minute
    python measure.py kills flips     some of it
    python measure.py --quick         smaller, to see that it runs

``yours`` is the ``storage.py`` beside this file, as far as it is written. The others are implementations that come with
the course. Times are medians; what other programs do on the machine is in them.
"""

import errno
import gzip
import hashlib
import os
import statistics
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from groundwork.course import find_exercise, print_measurements
from groundwork.errors import ContractBroken
from groundwork.testing import Lab, load_subject
from groundwork.testing.contracts import _models, _records, _replacing

Row = tuple[object, ...]
QUICK = "--quick" in sys.argv
COURSE = find_exercise("04").path
RIGHT = "alternative/storage.py"
YOURS = "yours"
if QUICK:
    _records.LARGE_LINES = 240
SHARED = "/dev/shm"  # noqa: S108 - memory, which on Linux is another file system


def subject(name: str) -> ModuleType:
    """Load an implementation by its place in the course, or the one beside this file."""
    return load_subject(Path(__file__).with_name("storage.py") if name == YOURS else COURSE / name)


def held(names: tuple[str, ...], look: Callable[[ModuleType], Row]) -> list[Row]:
    """Look at each implementation; at yours as far as it is written."""
    rows: list[Row] = []
    for name in names[-1:] if QUICK else (*names, YOURS):
        try:
            rows.append((name, *look(subject(name))))
        except (NotImplementedError, ContractBroken, FileNotFoundError) as error:
            if name != YOURS:
                raise
            rows.append((name, f"not measured: {str(error)[:60]}"))
    return rows


def median_ms(work: Callable[[], object], rounds: int) -> str:
    """Time a call so many times, and give the median."""
    taken = []
    for _ in range(1 if QUICK else rounds):
        before = time.perf_counter()
        work()
        taken.append(time.perf_counter() - before)
    return f"{1e3 * statistics.median(taken):.3g} ms"


def durable() -> tuple[str, list[Row]]:
    """Write a file beside the target and rename it, with and without the syncs."""

    def save(folder: Path, content: bytes, syncs: int) -> None:
        with open(folder / "new", "wb") as file:
            file.write(content)
            file.flush()
            if syncs:
                os.fsync(file.fileno())
        os.replace(folder / "new", folder / "model.bin")
        if syncs == 2 and os.name == "posix":
            descriptor = os.open(folder, os.O_RDONLY)
            os.fsync(descriptor)
            os.close(descriptor)

    rows: list[Row] = []
    with tempfile.TemporaryDirectory(dir=".") as name:
        for syncs, label in enumerate(("no sync", "fsync of the file", "fsync of the file and of the folder")):
            times = [
                median_ms(lambda content=content, syncs=syncs: save(Path(name), content, syncs), rounds)
                for content, rounds in ((bytes(4096), 300), (os.urandom(64 << (10 if QUICK else 20)), 9))
            ]
            rows.append((label, *times))
    return "4 KiB | 64 MiB", rows


def kills() -> tuple[str, list[Row]]:
    """Replace a good file by 131,079 bytes in three pieces, killed before each call that changes a file."""

    def look(implementation: ModuleType) -> Row:
        found: Counter[str] = Counter()
        with Lab() as lab:
            scene = _replacing.save_over_the_old
            for crash in lab.crashes(implementation, scene, prepare=_replacing.old_file):
                path = crash.folder / "model.bin"
                content = path.read_bytes() if path.is_file() else None
                whole = {_replacing.OLD: "old", b"".join(_replacing.NEW): "new", None: "gone"}
                found[whole.get(content, "torn")] += 1
                found["points"] += 1
                found["left"] += len(list(crash.folder.iterdir())) > (content is not None)
        return tuple(found[each] for each in ("points", "old", "new", "torn", "gone", "left"))

    wrong = ("in_place", "renames_before_the_flush", "keeps_a_backup", "never_syncs")
    names = (*(f"wrong/{each}.py" for each in wrong), RIGHT)
    return "kill points | old, whole | new, whole | torn | gone | with another file left", held(names, look)


def short() -> tuple[str, list[Row]]:
    """Hand os.write 3 GiB in one call, for /dev/null, so that only the system's own limit is measured."""
    size = 3 << (20 if QUICK else 30)
    null = os.open(os.devnull, os.O_WRONLY)
    try:
        return "asked for | written", [("os.write", f"{size:,}", f"{os.write(null, bytes(size)):,}")]
    finally:
        os.close(null)


def disks() -> tuple[str, list[Row]]:
    """Rename a file from the temporary folder to /dev/shm, which is another file system on Linux."""
    with tempfile.NamedTemporaryFile() as file:
        if not os.path.isdir(SHARED) or os.stat(SHARED).st_dev == os.fstat(file.fileno()).st_dev:
            return "os.replace", [("here", "there is only one file system")]
        try:
            os.replace(file.name, f"{SHARED}/measured")
        except OSError as error:
            return "os.replace", [("between disks", f"{errno.errorcode[error.errno or 0]}: {error.strerror}")]
    raise AssertionError("a rename between file systems")


def mode() -> tuple[str, list[Row]]:
    """Make a file by mkstemp and by open, under three umasks."""
    rows: list[Row] = []
    for mask in (0o000, 0o022, 0o077):
        before = os.umask(mask)
        with tempfile.TemporaryDirectory() as folder, tempfile.NamedTemporaryFile(dir=folder) as made:
            opened = Path(folder, "opened")
            opened.write_bytes(b"")
            bits = [f"{os.stat(path).st_mode & 0o777:04o}" for path in (made.name, opened)]
        os.umask(before)
        rows.append((f"umask {mask:03o}", *bits))
    return "mkstemp | open", rows


def packed() -> tuple[str, list[Row]]:
    """Compress 1,000 letters at second 1 and at second 2, and without a time."""
    one, two, same, again = (gzip.compress(b"x" * 1000, mtime=each) for each in (1, 2, 0, 0))
    differ = [sum(a != b for a, b in zip(*pair, strict=True)) for pair in ((one, two), (same, again))]
    return "bytes | differ", [("mtime=1 and mtime=2", len(one), differ[0]), ("mtime=0 twice", len(same), differ[1])]


def writers() -> tuple[str, list[Row]]:
    """Two processes append 225 records each to one log, three times."""

    def look(implementation: ModuleType) -> Row:
        whole, lines = [], []
        for _ in range(1 if QUICK else 3):
            with Lab() as lab:
                lab.processes(implementation, _records.append_many, count=_records.WRITERS)
                log = (lab.folder / _records.LOG).read_bytes().split(b"\n")[:-1]
            lines.append(len(log))
            whole.append(sum(line.count(b"step") == 1 and line[:7] + line[-1:] == b'{"step"}' for line in log))
        return ", ".join(map(str, whole)), ", ".join(map(str, lines))

    return "whole records of 450 | lines", held(("wrong/seeks_to_the_end.py", RIGHT), look)


def log() -> tuple[str, list[Row]]:
    """Read a log of 96 MB in frames of 500 rows, in a process of its own; how much its peak of memory grows."""

    def look(implementation: ModuleType) -> Row:
        with Lab() as lab:
            _records.large_log(lab.folder)
            before = time.perf_counter()
            [[rows, grown]] = lab.processes(implementation, _records.stream_large)
            return f"{rows:,}", f"{grown / 1e6:.3g} MB", f"{time.perf_counter() - before:.2g} s"

    return "rows | growth of the peak | time, with the start of a process", held(
        ("wrong/reads_the_whole_file.py", RIGHT), look
    )


def flips() -> tuple[str, list[Row]]:
    """Flip a single bit in the largest file of a checkpoint, 1,000 times, and load it by its number."""

    def outcome(store: Any, metrics: dict[str, float]) -> str:
        try:
            checkpoint = store.load(2)
            same = _models.same_arrays(checkpoint.model, _models.model(2)) and checkpoint.info.step == 2
            return "equal" if same and dict(checkpoint.info.metrics) == metrics else "different"
        except Exception:  # noqa: BLE001 - whatever it is, it was noticed
            return "error"

    def look(implementation: ModuleType) -> Row:
        found: Counter[str] = Counter()
        with Lab() as lab, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            added = _models.saved(implementation, lab.folder, 1, 2)
            path = max(added, key=lambda each: len(added[each]))
            for _ in range(20 if QUICK else 1000):
                content = bytearray(added[path])
                content[lab.random.randrange(len(content))] ^= 1 << lab.random.randrange(8)
                path.write_bytes(content)
                found[outcome(_models.store(implementation, lab.folder), {"loss": 1 / 3})] += 1
        return tuple(found[each] for each in ("error", "equal", "different"))

    names = ("wrong/trusts_what_it_finds.py", "wrong/compares_the_size.py", RIGHT)
    return "error | loaded, equal | loaded, different", held(names, look)


def checksum() -> tuple[str, list[Row]]:
    """Hash, encode and durably save an array of 64 MiB."""
    right = subject(RIGHT)
    model = {"weight": np.random.default_rng(0).random(8 << (10 if QUICK else 20))}
    content = model["weight"].tobytes()
    with tempfile.TemporaryDirectory(dir=".") as folder:
        steps = count_up()
        store = right.CheckpointStore(folder, keep=right.Keep(last=1))
        works: dict[str, Callable[[], object]] = {
            "SHA-256 of the bytes": lambda: hashlib.sha256(content).digest(),
            "the array as .npy": lambda: right.write(Path(folder, "weight.npy"), model["weight"]),
            f"the whole save ({RIGHT})": lambda: store.save(model, step=next(steps)),
        }
        return "64 MiB", [(name, median_ms(work, 5)) for name, work in works.items()]


def count_up() -> Iterator[int]:
    """Count from 1."""
    step = 0
    while True:
        step += 1
        yield step


PARTS = {
    "durable": durable,
    "kills": kills,
    "short": short,
    "disks": disks,
    "mode": mode,
    "gzip": packed,
    "writers": writers,
    "log": log,
    "flips": flips,
    "checksum": checksum,
}

if __name__ == "__main__":
    print_measurements(PARTS, about=__doc__)
