"""Kill -9 at each named place and each system call: the old content or the new is whole, and the next run goes on."""

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

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
if point != "none":
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


def traced(*options: str) -> list[str] | None:
    """Return the command that starts Python under strace, or None where that is not possible."""
    tool = shutil.which("strace")
    if (
        tool is None
        or subprocess.run(
            [tool, "-f", "--seccomp-bpf", "-o", "/dev/null", "true"], capture_output=True, check=False
        ).returncode
    ):
        return None
    return [tool, "-f", "-qq", *options, sys.executable, "-B", "-c"]


def trace(*options: str) -> list[str]:
    command = traced(*options)
    if command is None:
        pytest.skip("strace is missing or not allowed")
    return command


def calls_on(log: Path, folder: Path) -> list[str]:
    """Return the calls that concern the folder, as name and file name."""
    found = []
    for line in log.read_text().splitlines():
        match = re.search(r"(fsync|fdatasync|rename\w*|link\w*)\((.*)\)\s+= 0", line)
        if match and str(folder) in match[2]:
            path = re.findall(r"[<\"](/[^>\"]*)[>\"]", match[2])[-1]
            found.append(f"{match[1]} {os.path.relpath(path, folder)}")
    return found


def test_the_file_is_synced_before_the_rename_and_the_folder_after(tmp_path):
    log, folder = tmp_path / "trace", tmp_path / "folder"
    folder.mkdir()
    command = trace("--seccomp-bpf", "-y", "-o", str(log), "-e", "trace=fsync,fdatasync,rename,renameat,renameat2")

    subprocess.run([*command, WRITE_FILE, "none", str(folder / "file")], check=True)

    assert calls_on(log, folder) == ["fsync .file.0.gw-tmp", "rename file", "fsync ."]


def test_a_checkpoint_is_synced_whole_before_its_rename_and_the_store_after(tmp_path):
    log, folder = tmp_path / "trace", tmp_path / "store"
    command = trace("--seccomp-bpf", "-y", "-o", str(log), "-e", "trace=fsync,fdatasync,rename,renameat,renameat2")

    subprocess.run([*command, SAVE_CHECKPOINT, "none", str(folder), "1"], check=True)

    calls = [re.sub(r"\.step-00000001\.\w+\.gw-tmp", "TMP", call) for call in calls_on(log, folder)]
    assert calls[:3] == ["fsync TMP/model.safetensors", "fsync TMP/files/a", "fsync TMP/manifest.json"]
    assert {"fsync TMP", "fsync TMP/files"} == set(calls[3:5])
    assert calls[5:] == ["rename step-00000001", "fsync ."]


CALLS = ["openat", "flock", "write", "fsync:when=1", "rename", "fsync:when=2"]


@pytest.mark.parametrize("call", CALLS)
def test_a_kill_at_any_system_call_of_a_write_leaves_a_whole_file(tmp_path, call):
    path = tmp_path / "file"
    path.write_bytes(OLD)
    name, _, when = call.partition(":")
    command = trace(*inject(path, name, f"signal=SIGKILL:{when or 'when=1'}"))

    done = subprocess.run([*command, WRITE_FILE, "none", str(path)], capture_output=True, check=False)
    left = path.read_bytes()
    with atomic_write(path) as file:
        file.write(b"next")

    assert (left in (OLD, NEW), os.listdir(tmp_path)) == (True, ["file"])
    assert done.returncode != 0


@pytest.mark.parametrize(
    ("call", "number"),
    [
        ("openat", "EIO"),
        ("flock", "EIO"),
        ("write", "ENOSPC"),
        ("fchmod", "EIO"),
        ("fsync:when=1", "EIO"),
        ("rename", "EIO"),
        ("fsync:when=2", "EIO"),
    ],
)
def test_an_error_of_any_system_call_of_a_write_is_told_and_leaves_a_whole_file(tmp_path, call, number):
    path = tmp_path / "file"
    path.write_bytes(OLD)
    name, _, when = call.partition(":")
    command = trace("--seccomp-bpf", *inject(path, name, f"error={number}:{when or 'when=1'}"))

    done = subprocess.run([*command, WRITE_FILE, "none", str(path)], capture_output=True, text=True, check=False)

    expected = {
        "fsync:when=2": (1, NEW, "DurabilityUnknownError"),
        "flock": (0, NEW, ""),  # a lock that cannot be had costs only the sweeping
    }.get(call, (1, OLD, "StorageError"))
    assert (expected[0], expected[1], ["file"]) == (done.returncode, path.read_bytes(), os.listdir(tmp_path))
    assert expected[2] in done.stderr


def inject(path: Path, call: str, fault: str) -> list[str]:
    places = [path, path.parent, path.with_name(f".{path.name}.0.gw-tmp")]
    watched = [option for place in places for option in ("-P", str(place))]
    return ["-o", "/dev/null", *watched, "-e", f"trace={call}", "-e", f"inject={call}:{fault}"]
