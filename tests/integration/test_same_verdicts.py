"""One seed gives one verdict, however often and on however busy a machine it is asked for."""

import os
import random
import subprocess
import sys
from contextlib import contextmanager

import pytest

from groundwork.course import LearnerProcess, exercises, grade
from groundwork.testing import Outcome

pytestmark = pytest.mark.e2e

SEED = 7
TIMES = 50
SOME_WRONG = 3
BUSY_LOOPS = 4
EXERCISES = [exercise.number for exercise in exercises()]


@contextmanager
def busy():
    """Keep the processors busy with something else."""
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(BUSY_LOOPS)]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
        for loop in loops:
            loop.wait()


def verdicts(exercise, file, process):
    result = grade(exercise.contract, exercise.contract_module, file, seed=SEED, process=process)
    assert result.error is None, result.error
    return {verdict.check.id: (verdict.outcome, verdict.message) for verdict in result.verdicts}


def changed(first, again):
    """What is not as it was the first time; what a failure says may have a time or a number of a process in it."""
    return {check: (first[check], end) for check, end in again.items() if end[0] != first[check][0]}


def changes(exercise, file, times):
    """Grade again and again, the second half beside busy loops; list what changed."""
    with LearnerProcess(exercise.contract_module) as process:
        first = verdicts(exercise, file, process)
        found = [changed(first, verdicts(exercise, file, process)) for _ in range(1, times - times // 2)]
        with busy():
            found += [changed(first, verdicts(exercise, file, process)) for _ in range(times // 2)]
    return first, [each for each in found if each]


@pytest.mark.parametrize("kind", ["alternative", "wrong"])
def test_a_file_gets_one_verdict_on_an_idle_and_on_a_busy_machine(kind):
    exercise = next(each for each in exercises() if each.number == "05")
    file = sorted((exercise.path / kind).glob("*.py"))[0]

    first, found = changes(exercise, file, 4)

    assert ([], kind == "wrong") == (found, Outcome.FAILED in {outcome for outcome, _ in first.values()})


@pytest.mark.slow
@pytest.mark.parametrize("number", EXERCISES)
def test_one_seed_gives_one_verdict_in_fifty_grades(number, tmp_path):
    exercise = next(each for each in exercises() if each.number == number)
    times = int(os.environ.get("GROUNDWORK_TIMES", TIMES))
    wrong = sorted((exercise.path / "wrong").glob("*.py"))
    chosen = [exercise.path / "alternative" / exercise.file, *random.Random(SEED).sample(wrong, SOME_WRONG)]

    found = {file.name: changes(exercise, file, times)[1] for file in chosen}

    assert {file.name: [] for file in chosen} == found
