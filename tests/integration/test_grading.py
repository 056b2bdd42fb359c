"""Files that want a verdict without the work, and files that take more than there is."""

import contextlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
import small_contract

from groundwork.course import LearnerProcess, grade
from groundwork.course._descendants import descendants
from groundwork.testing import Outcome

FAKES = Path(__file__).parent / "fakes"
SAYS = {
    "answers_twice": "0; expected 6",
    "asks_a_door_of_the_library": "storage",
    "changes_code_in_place": "changed the code of groundwork.testing._verdict._sentence",
    "closes_every_descriptor": "ended the whole process (it closed its channel)",
    "edits_a_check": "importing edits_a_check.py changed the check adds",
    "equals_anything": "has objects of Anything, which say that they equal anything",
    "exits_at_exit": "ended with SystemExit",
    "exits_at_import": "importing exits_at_import.py ended the whole process (exit 0)",
    "exits_in_a_call": "ended the whole process (exit 0)",
    "has_the_grader_read_it": "alternative/storage.py is",
    "hides_a_builtin_from_the_judge": "put something in front of groundwork.testing._verdict.isinstance",
    "imports_it_by_its_name": "importing groundwork.storage is refused",
    "imports_it_in_pieces": "importing groundwork.storage is refused",
    "imports_the_library": "line 3: importing groundwork.storage is refused",
    "is_a_number_that_equals_anything": "has objects of Anything, which say that they equal anything",
    "kills_its_host": "ended the whole process (signal 9)",
    "loads_it_from_its_file": "reading groundwork/storage/__init__.py is refused",
    "looks_through_all_objects": "gc.get_objects is refused",
    "makes_failures_silent": "put something in front of groundwork.errors.ContractBroken.__init__",
    "prints_a_verdict": "0; expected 6",
    "raises_system_exit": "ended with SystemExit",
    "reads_it_below_an_open_folder": "storage.py",
    "reads_it_by_a_detour": "alternative/storage.py is refused",
    "reads_it_by_a_hard_link": "alternative/storage.py",
    "reads_it_by_a_relative_path": "alternative/storage.py is refused",
    "reads_it_by_a_symbolic_link": "alternative/storage.py is refused",
    "reads_it_by_bytes": "alternative/storage.py is refused",
    "reads_it_by_the_roots_other_name": "alternative/storage.py is refused",
    "reads_it_from_its_folder": "alternative/storage.py is refused",
    "reads_its_source": "reading groundwork/storage/__init__.py is refused",
    "reads_the_other_solution": "alternative/storage.py is refused",
    "removes_the_checks": "0; expected 6",
    "replaces_isinstance": "put something else in the place of builtins.isinstance",
    "replaces_len": "put something else in the place of builtins.len",
    "replaces_the_judge": "put something else in the place of groundwork.testing._verdict.run_check",
    "replaces_the_lab": "put something else in the place of groundwork.testing._lab.Lab.__exit__",
    "says_nothing": "did not finish within 0.5 s",
    "says_that_it_is_the_library": "importing groundwork.storage is refused",
    "skips": "ended with Skipped: not today",
    "walks_up_a_traceback": "object.__getattr__ is refused",
    "walks_up_the_frames": "sys._getframe is refused",
    "writes_to_every_descriptor": "wrote to the grader's channel",
}

# What no code of ours sees is stopped where the kernel lets the answer be hidden.
UNSEEN = {
    "has_another_interpreter_import_it": "cannot import name 'write' from 'groundwork.storage'",
    "has_another_program_read_it": "raised CalledProcessError",
    "reads_it_with_polars": "raised FileNotFoundError",
}

HOGS = Path(__file__).parent / "hogs"
TAKES = {
    "takes_four_gigabytes_in_pieces": "GB of memory",
    "forks_and_forks": "ran more than 128 processes at once",
    "ignores_signals": "did not finish within 1 s",
    "leaves_the_session": "did not finish within 1 s",
    "loops": "did not finish within 1 s",
    "opens_files_without_end": "Too many open files",
    "prints_a_gigabyte": "printed more than 16 MiB",
    "sleeps": "did not finish within 1 s",
    "takes_four_gigabytes": "GB of memory",
    "writes_a_gigabyte": "File too large",
}

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(sys.platform == "win32", reason="there the host and the learner are one process"),
]


@pytest.fixture(scope="module")
def process():
    with LearnerProcess("small_contract") as kept:
        yield kept


def graded(path, process=None, **options):
    return grade(small_contract.CONTRACT, "small_contract", path, process=process, **options)


def test_every_fake_has_its_sentence():
    assert sorted({**SAYS, **UNSEEN}) == sorted(path.stem for path in FAKES.glob("*.py"))


@pytest.mark.parametrize("name", SAYS)
def test_a_fake_does_not_pass_and_is_told_why(process, name):
    limit_s = 0.5 if name == "says_nothing" else 10.0

    result = graded(FAKES / f"{name}.py", process, only=["adds"], limit_s=limit_s)

    assert not result.passed
    assert SAYS[name] in (result.error or result.verdicts[0].message).replace(os.sep, "/")


@pytest.mark.parametrize("name", UNSEEN)
def test_where_the_answer_is_hidden_nothing_else_finds_it_either(process, name):
    hides = [sys.executable, "-c", "from groundwork.course._limits import hide; raise SystemExit(not hide([]))"]
    if subprocess.run(hides, check=False).returncode:
        pytest.skip("the kernel lets nobody hide files")

    [verdict] = graded(FAKES / f"{name}.py", process, only=["adds"]).verdicts

    assert UNSEEN[name] in verdict.message


def test_what_is_right_passes_in_the_same_process(process, tmp_path):
    (tmp_path / "right.py").write_text("total = sum\n")

    result = graded(tmp_path / "right.py", process)

    assert [Outcome.PASSED] * 3 == [verdict.outcome for verdict in result.verdicts]


def test_every_hog_has_its_sentence():
    assert sorted([*TAKES, "leaves_the_session_without_a_mark"]) == sorted(path.stem for path in HOGS.glob("*.py"))


@pytest.mark.skipif(sys.platform != "linux", reason="memory and processes are looked at in /proc")
@pytest.mark.parametrize("name", TAKES)
def test_a_hog_is_ended_with_the_name_of_the_check_and_leaves_no_process(process, name):
    limit_s = 1.0 if "within 1 s" in TAKES[name] else 30.0

    result = graded(HOGS / f"{name}.py", process, only=["adds"], limit_s=limit_s)

    [verdict] = result.verdicts
    assert ("adds", Outcome.FAILED) == (verdict.check.id, verdict.outcome)
    assert TAKES[name] in verdict.message
    assert [] == left_of(process)


@pytest.mark.skipif(sys.platform != "linux", reason="orphans are adopted by the host")
def test_a_process_that_nobody_could_know_ends_with_the_grade(process):
    result = graded(HOGS / "leaves_the_session_without_a_mark.py", process, only=["adds"])

    assert result.passed
    assert [] == left_of(process)


NETWORK = """
import contextlib, socket, _socket

def total(numbers):
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        pass
    far = _socket.socket(_socket.AF_INET, _socket.SOCK_DGRAM)
    try:
        far.connect(("192.0.2.1", 9))
    except PermissionError as error:
        raise LookupError(str(error)) from None
    return sum(numbers)
"""


def test_loopback_is_there_and_nothing_else(process, tmp_path):
    (tmp_path / "calls.py").write_text(NETWORK)

    [verdict] = graded(tmp_path / "calls.py", process, only=["adds"]).verdicts

    assert verdict.message.startswith("raised LookupError (line 11): connecting to 192.0.2.1 is refused")


def test_a_file_beside_the_learners_does_not_stand_before_the_standard_library(process, tmp_path):
    for name in ("json.py", "random.py", "groundwork.py"):
        (tmp_path / name).write_text("raise RuntimeError('not this one')\n")
    (tmp_path / "beside.py").write_text("total = sum\n")
    (tmp_path / "right.py").write_text("import json, random\nfrom beside import total\n")

    assert graded(tmp_path / "right.py", process).passed


def test_a_file_may_import_the_errors_and_what_the_grader_allows(process, tmp_path):
    (tmp_path / "right.py").write_text("from groundwork.errors import Overloaded\ntotal = sum\n")

    assert graded(tmp_path / "right.py", process).passed


@pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed")
def test_in_the_sandbox_nothing_can_be_written_but_the_temporary_folder(tmp_path):
    (tmp_path / "right.py").write_text("total = sum\n")
    (tmp_path / "writes.py").write_text(
        "import os, tempfile\ntempfile.mkstemp()\nopen('here', 'w').close()\n"
        f"def total(numbers):\n    open({str(tmp_path / 'there')!r}, 'w')\n"
    )

    right, writes = (graded(tmp_path / name, sandbox=True, only=["adds"]) for name in ("right.py", "writes.py"))

    assert (True, None) == (right.passed, writes.error)
    assert "Read-only file system" in writes.verdicts[0].message


GRADES = """
import sys
import time
from pathlib import Path
import small_contract
from groundwork.course import grade
grade(small_contract.CONTRACT, "small_contract", Path(sys.argv[1]), limit_s=600.0)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="processes are looked up in /proc")
def test_a_grader_that_is_killed_leaves_no_process():
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-c", GRADES, str(HOGS / "ignores_signals.py")]
    grader = subprocess.Popen(command, env=environment)
    while len(below := descendants(grader.pid)) < 2:  # the host and the learner's
        assert grader.poll() is None

    grader.kill()
    grader.wait()

    while any(is_alive(pid) for pid in below):
        time.sleep(0.01)


def test_a_grader_that_was_asked_nothing_is_ended_at_once():
    process = LearnerProcess("small_contract")
    home, pid = process._home, process._process.pid

    process.close()

    assert (False, False) == (home.exists(), is_alive(pid))


def is_alive(pid):
    """A process that has ended and waits to be taken away has no command line."""
    try:
        return bool(Path(f"/proc/{pid}/cmdline").read_bytes())
    except OSError:
        return False


def test_without_a_host_a_check_that_ends_the_process_fails_and_the_rest_is_run(monkeypatch, tmp_path):
    (tmp_path / "ends.py").write_text(
        "import os\ndef total(numbers):\n    return sum(numbers) if numbers[0] < 0 else os._exit(0)\n"
    )
    monkeypatch.setattr(sys, "platform", "win32")

    result = graded(tmp_path / "ends.py")

    assert ["failed", "waiting", "passed"] == [verdict.outcome for verdict in result.verdicts]
    assert "ended the whole process (exit 0)" in result.verdicts[0].message


def left_of(process):
    """Processes that came from the host, and those that left without a trace."""
    mark, host = f"={process._mark}".encode(), process._process and process._process.pid
    found = []
    for pid in filter(str.isdecimal, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            of_ours = mark in Path(f"/proc/{pid}/environ").read_bytes() and int(pid) != host
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
            if of_ours or b"os.setsid(); os.fork() and os._exit(0); time.sleep(600)" in command:
                found.append(command)
    return found


LOADED = """
import importlib, sys
from groundwork.course import exercises, _answers, _guard, _host
from groundwork.testing import _virtual_loop
answers = _answers.answers_to(each.contract_module for each in exercises())
for each in exercises():
    importlib.import_module(each.contract_module)
    for warm in _guard.warm_modules(each.contract_module):
        importlib.import_module(warm)
print(*(name for name in sys.modules if _answers.Refused(answers, {}).has(name)))
"""


def test_nothing_that_grades_brings_an_answer_with_it():
    found = subprocess.run([sys.executable, "-c", LOADED], stdout=subprocess.PIPE, text=True, check=True)

    assert "\n" == found.stdout
