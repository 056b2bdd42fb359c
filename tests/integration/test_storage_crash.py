"""Kill -9 at each named place, and writers that race: a reader finds the old content or the new, whole.

Kills and errors at every system call are in test_strace.py.
"""

import os
import signal
import subprocess
import sys

import numpy as np
import pytest

from groundwork.storage import CheckpointStore, FileJournal, FileLock, Keep, atomic_write

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(sys.platform == "win32", reason="kills with SIGKILL"),
]

OLD, NEW = b"old " * 50_000, b"new " * 90_000

PRELUDE = """
import os, signal, sys
from pathlib import Path
from groundwork import _failpoints
point, path = sys.argv[1], Path(sys.argv[2])
_failpoints.arm(point, lambda: os.kill(os.getpid(), signal.SIGKILL))
"""

WRITE_FILE = (
    PRELUDE
    + """
from groundwork.storage import atomic_write
with atomic_write(path) as file:
    file.write(b"new " * 90_000)
"""
)

SAVE_CHECKPOINT = (
    PRELUDE
    + """
import numpy as np
from groundwork.storage import CheckpointStore, Keep
CheckpointStore(path, keep=Keep(last=2)).save({"w": np.full(1000, 2.0)}, step=int(sys.argv[3]), files={"a": b"new"})
"""
)

APPEND = (
    PRELUDE
    + """
from groundwork.storage import FileJournal
FileJournal(path).append({"record": "new"})
"""
)

RACE_FILE = """
import sys
from groundwork.storage import atomic_write
for _ in range(20):
    with atomic_write(sys.argv[1]) as file:
        for _ in range(8):
            file.write(sys.argv[2].encode() * 40_000)
            file.flush()
"""

RACE_CHECKPOINT = """
import sys, numpy as np
from groundwork.storage import CheckpointStore
for number in range(8):
    model = {name: np.full(500, float(sys.argv[2])) for name in "abc"}
    CheckpointStore(sys.argv[1]).save(model, step=1, files={"who": sys.argv[2].encode()})
"""

RACE_JOURNAL = """
import sys
from groundwork.storage import FileJournal
journal = FileJournal(sys.argv[1])
for number in range(20):
    journal.append({"who": sys.argv[2], "number": number, "text": "x" * 500})
"""


def start(script: str, *arguments: object) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", script, *map(str, arguments)], stderr=subprocess.PIPE)


def run(script: str, *arguments: object) -> int:
    process = start(script, *arguments)
    _, errors = process.communicate(timeout=120)
    assert process.returncode in (0, -signal.SIGKILL), errors.decode()
    return process.returncode


@pytest.mark.parametrize(
    ("point", "content"),
    [
        ("before_write", OLD),
        ("write", OLD),
        ("before_fsync", OLD),
        ("before_replace", OLD),
        ("after_replace", NEW),
    ],
)
def test_a_killed_write_leaves_a_whole_file_and_the_next_one_cleans_up(tmp_path, point, content):
    path = tmp_path / "file"
    path.write_bytes(OLD)

    code = run(WRITE_FILE, f"storage.atomic_write.{point}", path)
    left = path.read_bytes()
    with atomic_write(path) as file:
        file.write(b"next")

    assert (-signal.SIGKILL, content) == (code, left)
    assert os.listdir(tmp_path) == ["file"]


@pytest.mark.parametrize("step", [1, 2], ids=["replacing", "beside"])
@pytest.mark.parametrize(
    "point", ["before_write", "before_manifest", "before_rename", "between_renames", "after_rename"]
)
def test_a_killed_save_leaves_whole_checkpoints_and_the_next_one_cleans_up(tmp_path, point, step):
    store = CheckpointStore(tmp_path, keep=Keep(last=2))
    store.save({"w": np.full(1000, 1.0)}, step=1, files={"a": b"old"})
    done = point == "after_rename" or (point == "between_renames" and step == 2)

    code = run(SAVE_CHECKPOINT, f"storage.checkpoint.{point}", tmp_path, step)
    seen = store.load()
    verified = store.verify()
    CheckpointStore(tmp_path)
    names = sorted(os.listdir(tmp_path))

    assert (0 if point == "between_renames" and step == 2 else -signal.SIGKILL) == code
    assert (2.0 if done else 1.0) == seen.model["w"][0]
    assert {1: None, **({2: None} if done and step == 2 else {})} == verified
    assert [".lock", *(f"step-0000000{each}" for each in verified)] == names


@pytest.mark.parametrize(("point", "added"), [("before_append", 0), ("before_fsync", 1)])
def test_a_killed_append_leaves_a_prefix_and_the_next_one_goes_on(tmp_path, point, added):
    path = tmp_path / "journal.jsonl"
    FileJournal(path).append({"record": "old"})

    code = run(APPEND, f"storage.journal.{point}", path)
    left = list(FileJournal(path).records())
    FileJournal(path).append({"record": "next"})

    assert (-signal.SIGKILL, [{"record": "old"}, *[{"record": "new"}] * added]) == (code, left)
    assert list(FileJournal(path).records())[-1] == {"record": "next"}


def test_a_lock_dies_with_its_process_and_not_with_its_children(tmp_path):
    path = tmp_path / "lock"
    script = """
import os, sys
from groundwork.storage import FileLock
lock = FileLock(sys.argv[1])
assert lock.acquire()
if os.fork() == 0:
    print("the child runs", flush=True)
    sys.stdin.read()
    os._exit(0)
sys.stdin.read()
"""
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout is not None
        process.stdout.readline()
        while_alive = FileLock.held(path)
        process.kill()
        process.wait()
        after = FileLock.held(path)

    assert (while_alive, after) == (True, False)


def test_two_writers_of_one_path_never_show_a_torn_file(tmp_path):
    path = tmp_path / "file"
    with atomic_write(path) as file:
        file.write(b"a" * 320_000)
    writers = [start(RACE_FILE, path, letter) for letter in "ab"]
    torn = 0

    while any(writer.poll() is None for writer in writers):
        torn += path.read_bytes() not in (b"a" * 320_000, b"b" * 320_000)

    assert [writer.wait() for writer in writers] == [0, 0]
    assert (torn, os.listdir(tmp_path)) == (0, ["file"])
    for writer in writers:
        writer.communicate()


def test_two_savers_of_one_step_never_show_a_torn_checkpoint(tmp_path):
    CheckpointStore(tmp_path).save({name: np.zeros(500) for name in "abc"}, step=1, files={"who": b"0"})
    savers = [start(RACE_CHECKPOINT, tmp_path, number) for number in (1, 2)]
    mixed = []

    while any(saver.poll() is None for saver in savers):
        loaded = CheckpointStore(tmp_path).load()
        values = {float(value) for array in loaded.model.values() for value in array}
        if len(values) != 1:
            mixed.append(values)

    assert [(saver.wait(), saver.communicate()[1]) for saver in savers] == [(0, b"")] * 2
    assert (
        mixed,
        CheckpointStore(tmp_path).verify(),
        sorted(os.listdir(tmp_path)),
    ) == ([], {1: None}, [".lock", "step-00000001"])


def test_two_processes_append_whole_records_in_their_order(tmp_path):
    path = tmp_path / "journal.jsonl"
    writers = [start(RACE_JOURNAL, path, name) for name in "ab"]
    for writer in writers:
        writer.communicate()

    records = list(FileJournal(path).records())

    for name in "ab":
        assert list(range(20)) == [record["number"] for record in records if record["who"] == name]
