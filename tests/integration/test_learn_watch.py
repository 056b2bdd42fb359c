"""A watch as a learner has it: started once, told of saves, ended with Ctrl-C."""

import os
import queue
import signal
import subprocess
import sys
import threading

import pytest

from groundwork.course import find_exercise, start

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT"),
]

EXERCISE = find_exercise("05")
PATIENCE_S = 120


@pytest.fixture
def watching(tmp_path):
    """The watch's lines, and the process."""
    folder = tmp_path / "learn" / EXERCISE.folder
    start(EXERCISE, folder)
    process = subprocess.Popen(
        [sys.executable, "-m", "groundwork", "learn", "watch"],
        cwd=folder,
        env={**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    lines = queue.SimpleQueue()

    def read():
        for line in process.stdout:
            lines.put(line.rstrip("\n"))
        lines.put(None)

    threading.Thread(target=read, daemon=True).start()
    yield folder / EXERCISE.file, lines, process
    process.kill()
    process.communicate()


def until(lines, beginning):
    seen = []
    while True:
        line = lines.get(timeout=PATIENCE_S)
        assert line is not None, seen
        seen.append(line)
        if line.startswith(beginning):
            return seen


def test_each_save_is_checked_and_ctrl_c_ends_it_quietly(watching):
    file, lines, process = watching
    began = until(lines, "Next:")
    right = (EXERCISE.path / "alternative" / EXERCISE.file).read_bytes()

    file.write_bytes(right)
    passed = until(lines, "Next:")
    file.write_bytes(right.replace(b"def remaining_s", b"def remaining_t"))
    failed = until(lines, "Next:")
    process.send_signal(signal.SIGINT)
    ended = until(lines, "Next:")

    assert began[0].startswith("watching ")
    assert any("0 of 59 checks pass" in line for line in began)
    assert passed[0].startswith("saved ")
    assert any("59 of 59 checks pass" in line for line in passed)
    assert any("remaining_s" in line for line in failed)
    assert ["", "Next: groundwork learn check 05"] == ended
    assert (0, "") == (process.wait(timeout=PATIENCE_S), process.stderr.read())
