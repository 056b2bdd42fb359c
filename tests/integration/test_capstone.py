"""The capstone, really run: seven modules in a learner's folder, and one that ends its process and leaves another."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from groundwork.course import capstone_modules, exercises, grade_capstone
from groundwork.testing import Outcome

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(sys.platform == "win32", reason="a killed night and SIGTERM are not what they are elsewhere"),
]

_LEAVES = """
import os
import subprocess
import sys


def deduplicate(frame, **options):
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", __file__], start_new_session=True)
    os._exit(0)
"""


@pytest.fixture
def course(tmp_path):
    """A learner's folder, with the course's second implementations as the learner's own."""
    for exercise in exercises():
        (tmp_path / exercise.folder).mkdir()
        shutil.copy(exercise.path / "alternative" / exercise.file, tmp_path / exercise.folder)
    return tmp_path


def running(folder):
    """List the processes that were started for the files of a folder: it stands in their arguments."""
    found = []
    for each in Path("/proc").glob("[0-9]*"):
        try:
            words = (each / "cmdline").read_bytes()
        except OSError:
            continue
        if os.fsencode(folder) in words and int(each.name) != os.getpid():
            found.append(words)
    return found


def test_seven_modules_come_through_the_night_and_nothing_of_it_is_left(course):
    grade = grade_capstone(capstone_modules(course), limit_s=60, total_s=300)

    assert [] == [(each.check.id, each.message) for each in grade.verdicts if each.outcome != Outcome.PASSED]
    assert grade.passed
    assert [] == running(course)
    assert not (course / "capstone").exists()


def test_a_module_that_ends_its_process_is_told_and_what_it_left_is_ended(course):
    with open(course / "02_data_structures" / "data.py", "a", encoding="utf-8") as file:
        file.write(_LEAVES)

    grade = grade_capstone(
        capstone_modules(course, ["07"]),
        only=["no_flight_comes_twice"],
        taken=["the_suite_finds_the_planted_bug"],
        limit_s=60,
    )

    failed = {each.check.id: each.message for each in grade.having(Outcome.FAILED)}
    assert {
        "no_flight_comes_twice": "the run, in its step flights, ended the whole process (exit 0); "
        "expected it to return or raise"
    } == failed
    assert [] == running(course)


_READS = """
from groundwork import errors as _errors

_found = _errors.__file__.replace("errors.py", "storage/_atomic.py")
with open(_found.encode()) as _file:
    _file.read()
"""


def test_a_module_that_reads_the_librarys_does_not_come_in(course):
    with open(course / "04_file_io" / "storage.py", "a", encoding="utf-8") as file:
        file.write(_READS)

    grade = grade_capstone(
        capstone_modules(course),
        only=["the_seven_come_together"],
        taken=["the_suite_finds_the_planted_bug"],
        limit_s=60,
    )

    assert not grade.passed
    assert "04 storage.py" in grade.verdicts[-1].message
    assert "reading groundwork/storage/_atomic.py is refused" in grade.verdicts[-1].message


_BORROWS = """
import os
from groundwork import errors as _errors

_course = os.path.join(os.path.dirname(_errors.__file__), "course")
_found = os.path.join(_course, "exercises", "07_testing", "alternative", "test_suite.py")
with open(_found) as _file:
    exec(compile(_file.read(), __file__, "exec"), globals())
"""


def test_where_files_can_be_hidden_the_suite_does_not_find_the_courses_own(course):
    hides = [sys.executable, "-c", "from groundwork.course._limits import hide; raise SystemExit(not hide([]))"]
    if subprocess.run(hides, check=False).returncode:
        pytest.skip("the kernel lets nobody hide files")
    (course / "07_testing" / "test_suite.py").write_text(_BORROWS)

    grade = grade_capstone(
        capstone_modules(course),
        only=["the_suite_finds_the_planted_bug"],
        taken=["the_seven_come_together"],
        limit_s=60,
    )

    assert not grade.passed
    assert "FileNotFoundError" in grade.verdicts[-1].message
