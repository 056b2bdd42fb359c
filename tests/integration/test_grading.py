"""Files that want a verdict without the work, and files that take more than there is."""

import os
import sys
from pathlib import Path

import pytest
import small_contract

from groundwork.course import LearnerProcess, grade
from groundwork.testing import Outcome

FAKES = Path(__file__).parent / "fakes"
SAYS = {
    "answers_twice": "0; expected 6",
    "changes_code_in_place": "changed the code of groundwork.testing._verdict._sentence",
    "closes_every_descriptor": "ended the whole process (it closed its channel)",
    "edits_a_check": "importing edits_a_check.py changed the check adds",
    "equals_anything": "has objects of Anything, which say that they equal anything",
    "exits_at_exit": "ended with SystemExit",
    "exits_at_import": "importing exits_at_import.py ended the whole process (exit 0)",
    "exits_in_a_call": "ended the whole process (exit 0)",
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
    "reads_its_source": "reading groundwork/storage/__init__.py is refused",
    "reads_the_other_solution": "alternative/storage.py is refused",
    "removes_the_checks": "0; expected 6",
    "replaces_isinstance": "put something else in the place of builtins.isinstance",
    "replaces_len": "put something else in the place of builtins.len",
    "replaces_the_judge": "put something else in the place of groundwork.testing._verdict.run_check",
    "replaces_the_lab": "put something else in the place of groundwork.testing._lab.Lab.__exit__",
    "says_nothing": "did not finish within 0.5 s",
    "skips": "ended with Skipped: not today",
    "walks_up_a_traceback": "object.__getattr__ is refused",
    "walks_up_the_frames": "sys._getframe is refused",
    "writes_to_every_descriptor": "wrote to the grader's channel",
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
    assert sorted(SAYS) == sorted(path.stem for path in FAKES.glob("*.py"))


@pytest.mark.parametrize("name", SAYS)
def test_a_fake_does_not_pass_and_is_told_why(process, name):
    limit_s = 0.5 if name == "says_nothing" else 10.0

    result = graded(FAKES / f"{name}.py", process, only=["adds"], limit_s=limit_s)

    assert not result.passed
    assert SAYS[name] in (result.error or result.verdicts[0].message).replace(os.sep, "/")


def test_what_is_right_passes_in_the_same_process(process, tmp_path):
    (tmp_path / "right.py").write_text("total = sum\n")

    result = graded(tmp_path / "right.py", process)

    assert [Outcome.PASSED] * 3 == [verdict.outcome for verdict in result.verdicts]
