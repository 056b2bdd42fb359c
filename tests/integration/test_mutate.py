"""Mutants of a small project, tried by its tests in real processes."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from groundwork.errors import UsageError
from groundwork.testing import mutate

pytestmark = pytest.mark.integration

CODE = """
import functools

LIMIT = 10
SPARE = 3


def checked(fn):
    @functools.wraps(fn)
    def wrapper(*args):
        found = fn(*args)
        if found is None:
            raise ValueError(args)
        return found
    return wrapper


@checked
def clip(x, low=0):
    if x > LIMIT:
        return LIMIT
    return x if x >= low else low


class Sum:
    @property
    def double(self):
        return self.total * 2

    def __init__(self, n):
        self.total = 0
        while n > 0:
            self.total += n
            n -= 1


def alone():
    return 1
"""
LATE = "def later(a):\n    return a + 1\n"
TESTS = """
from box.code import Sum, clip


def test_clips(tmp_path):
    (tmp_path / "here").write_text("1")
    assert clip(11) == 10
    assert clip(5) == 5
    assert clip(-1) == 0


def test_sums():
    assert Sum(3).double == 12


def test_later():
    from box.late import later

    assert later(1) == 2
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    for name, text in (("box/__init__.py", ""), ("box/code.py", CODE), ("box/late.py", LATE), ("test_box.py", TESTS)):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def statuses(found):
    return {(each.mutant.text, each.mutant.change): each.status for each in found.tried}


def test_what_the_tests_do_not_notice_is_what_they_do_not_say(project):
    before = {path: path.read_bytes() for path in project.rglob("*.py")}
    told = []

    found = mutate(["box"], ["test_box.py"], limit_s=5, jobs=2, on_result=lambda tried, total: told.append(total))

    unnoticed = {place for place, status in statuses(found).items() if status in ("survived", "no tests")}
    assert unnoticed == {
        ("SPARE = 3", "3 becomes 4"),
        ("raise ValueError(args)", "the statement is left out"),
        ("if x > LIMIT:", "> becomes >="),
        ("return x if x >= low else low", ">= becomes >"),
        ("while n > 0:", "> becomes >="),
        ("return 1", "returns None"),
        ("return 1", "1 becomes 2"),
    }
    assert statuses(found)["n -= 1", "-= becomes +="] == "timeout"
    assert statuses(found)["return a + 1", "+ becomes -"] == "killed"
    assert found.counts()["no tests"] == 2
    assert (3, [len(found.tried)] * len(found.tried)) == (found.tests, told)
    assert before == {path: path.read_bytes() for path in project.rglob("*.py")}


def test_without_fork_the_verdicts_are_the_same(project, monkeypatch):
    (project / "sitecustomize.py").write_text("import os\ndel os.fork\n", encoding="utf-8")
    monkeypatch.syspath_prepend(project)  # the processes get this path

    found = mutate(["box/late.py"], ["test_box.py"], jobs=2)

    assert statuses(found) == {
        ("return a + 1", "+ becomes -"): "killed",
        ("return a + 1", "1 becomes 2"): "killed",
        ("return a + 1", "returns None"): "killed",
    }


def test_threads_that_the_collection_has_started_hold_nothing_up(project):
    used = "import polars as pl\n\nCASES = pl.DataFrame({'a': [1, 2]}).lazy().group_by('a').len().collect()\n"
    again = (
        "\n\ndef test_again():\n    assert len(pl.DataFrame({'a': [1, 1]}).lazy().group_by('a').len().collect()) == 1\n"
    )
    (project / "test_box.py").write_text(used + TESTS + again, encoding="utf-8")

    found = mutate(["box/late.py"], ["test_box.py"], jobs=2)

    assert {"killed"} == set(statuses(found).values())


def test_a_fork_that_stands_still_is_given_up(project):
    # As one that waits for a thread which only the process that collected the tests has.
    begun = "import os, time\n\nHERE = os.getpid()\n\n\n"
    waits = "def test_waits():\n    while os.getpid() != HERE:\n        time.sleep(1)\n"
    (project / "test_box.py").write_text(begun + waits + TESTS, encoding="utf-8")

    found = mutate(["box/late.py"], ["test_box.py"], jobs=2, limit_s=0.5)

    assert {"killed"} == set(statuses(found).values())


def test_tests_that_fail_without_any_mutant_are_told(project):
    (project / "test_box.py").write_text("def test_no():\n    assert 1 == 2\n", encoding="utf-8")

    with pytest.raises(UsageError, match=r"without any mutant test_box\.py::test_no fails"):
        mutate(["box/late.py"], ["test_box.py"])


def test_tests_that_cannot_be_imported_are_told(project):
    (project / "test_box.py").write_text("import no_such_module\n", encoding="utf-8")

    with pytest.raises(UsageError, match=r"No module named 'no_such_module'|before a test could run|collected"):
        mutate(["box/late.py"], ["test_box.py"])


def test_a_test_that_ends_the_process_is_told(project):
    (project / "test_box.py").write_text("import os\n\n\ndef test_out():\n    os._exit(0)\n", encoding="utf-8")

    with pytest.raises(UsageError, match="a test that ends the whole process"):
        mutate(["box/late.py"], ["test_box.py"])


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL)])
def test_whoever_is_stopped_leaves_no_process(project, number, code):
    (project / "box" / "late.py").write_text(
        textwrap.dedent("""
        def later(a):
            while a < 2:
                a += 1
            return 2
        """),
        encoding="utf-8",
    )
    command = [
        sys.executable,
        "-m",
        "groundwork",
        "mutate",
        "box/late.py",
        "--tests",
        "test_box.py",
        "--limit-s",
        "300",
    ]
    path = os.pathsep.join(entry for entry in sys.path if entry)
    process = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": path}, start_new_session=True)
    wait_until(lambda: len(those_in(project)) == 4)  # the command, two that lead, and the fork that never ends

    process.send_signal(number)

    assert process.wait(60) == code
    wait_until(lambda: not those_in(project))


def wait_until(true):
    for _ in range(1200):
        if true():
            return
        time.sleep(0.05)
    pytest.fail("it did not happen within a minute")


def those_in(folder):
    found = []
    for path in Path("/proc").glob("[0-9]*/cwd"):
        try:
            if path.readlink() == folder and path.parent.name != str(os.getpid()):
                found.append(int(path.parent.name))
        except OSError:
            continue  # it has ended
    return found
