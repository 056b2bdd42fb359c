"""Steps in processes of their own, seen from outside: what ends them, and when."""

import os
import signal
import subprocess
import sys
import time

import pytest

from groundwork.resilience import result_of
from groundwork.storage import FileJournal

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL, and no signals to oneself, on Windows"),
]
DEAF = """
import os, signal
from groundwork.resilience import Pipeline, Step

def interrupted():
    os.kill(os.getpid(), signal.SIGINT)
    return "deaf"

if __name__ == "__main__":
    print([Pipeline([Step("first", interrupted, timeout_s=60)]).run().data])
"""
SLOW_IMPORT = """
import os, signal, sys, threading, time
from pathlib import Path

if __name__ != "__main__":
    Path("child").write_text(str(os.getpid()))
    time.sleep(60)  # as a module that imports torch on a loaded machine

from groundwork.resilience import Pipeline, Step

def work(rows):
    return len(rows)

def kill_me():
    while not (Path("child").exists() and Path("child").read_text()):
        time.sleep(0.01)
    os.kill(os.getpid(), signal.SIGKILL)

if __name__ == "__main__":
    timeout_s, killed = float(sys.argv[1]), sys.argv[2] == "killed"
    if killed:
        threading.Thread(target=kill_me, daemon=True).start()
    result = Pipeline([Step("work", work, timeout_s=timeout_s)]).run({"rows": "x" * 1_000_000})
    print(result.errors[0]["message"])
"""
TWICE = """
import sys, time
from pathlib import Path
from groundwork.resilience import Pipeline, Step
from groundwork.storage import FileJournal

def work():
    Path("working").touch()
    while not Path("done").exists():
        time.sleep(0.01)
    return 1

Pipeline([Step("work", work)], journal=FileJournal("j.jsonl")).run()
"""


def run(folder, source, *arguments):
    (folder / "program.py").write_text(source)
    return subprocess.run(
        [sys.executable, "program.py", *arguments], cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def within(seconds, condition):
    end_s = time.monotonic() + seconds
    while time.monotonic() < end_s:
        if condition():
            return True
        time.sleep(0.02)
    return False


def test_the_first_child_of_a_program_is_deaf_to_ctrl_c_as_the_others_are(tmp_path):
    ended = run(tmp_path, DEAF)

    assert (ended.stdout, ended.stderr) == ("[{'first': 'deaf'}]\n", "")


def test_a_child_that_still_imports_dies_with_its_parent(tmp_path):
    ended = run(tmp_path, SLOW_IMPORT, "60", "killed")

    child = int((tmp_path / "child").read_text())
    assert ended.returncode == -signal.SIGKILL
    assert within(60, lambda: not is_alive(child))


def test_a_child_that_still_imports_is_killed_when_its_time_is_over(tmp_path):
    ended = run(tmp_path, SLOW_IMPORT, "1", "left alone")

    assert ended.stdout == "no result within 1 s; raise the step's timeout_s, or look at why it hangs\n"


def test_a_second_process_on_the_same_journal_is_refused_until_the_first_has_gone(tmp_path):
    (tmp_path / "program.py").write_text(TWICE)
    with subprocess.Popen([sys.executable, "program.py"], cwd=tmp_path) as first:
        assert within(60, (tmp_path / "working").exists)
        refused = run(tmp_path, TWICE)
        first.kill()
    (tmp_path / "done").touch()

    resumed = run(tmp_path, TWICE)

    assert refused.returncode == 1
    assert f"a run uses this journal already (j.jsonl.lock: process {first.pid} holds this lock)" in refused.stderr
    assert resumed.returncode == 0
    assert result_of(FileJournal(tmp_path / "j.jsonl").records()).status == "SUCCESS"
