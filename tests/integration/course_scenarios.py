"""What a learner's commands do to the record, for a process that is killed at it."""

from groundwork.course import Grade, find_exercise
from groundwork.testing import Outcome, Verdict

EXERCISE = find_exercise("05")
DIGEST = "d" * 64


def passed(count):
    verdicts = [Verdict(check, Outcome.PASSED) for check in EXERCISE.contract[:count]]
    return Grade(EXERCISE.contract.name, tuple(verdicts), None, "")


def begin(folder):
    """Three checks pass, and a check of another version is known."""
    from groundwork.course import record_grade, record_hint

    record_grade(EXERCISE, folder, passed(3), DIGEST)
    record_hint(EXERCISE, folder, EXERCISE.contract[0].id)


def grade_again(course, folder):
    course.record_grade(EXERCISE, folder, passed(5), DIGEST)


def begin_anew(course, folder):
    from datetime import UTC, datetime

    course.reset(EXERCISE, folder, now=datetime(2026, 1, 2, tzinfo=UTC))


def work(folder):
    begin(folder)
    (folder / EXERCISE.file).write_text("mine = 1\n")
