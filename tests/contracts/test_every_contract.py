"""What holds for each contract and exercise, whatever it is about."""

import re

import pytest

from groundwork.course import exercises
from groundwork.testing import Level, load_subject

EXERCISES = exercises()
CHECKS = [(exercise, check) for exercise in EXERCISES for check in exercise.contract]
NAMES = [f"{exercise.number}-{check.id}" for exercise, check in CHECKS]


@pytest.mark.parametrize(("exercise", "check"), CHECKS, ids=NAMES)
def test_a_check_tells_its_rule_its_reason_and_a_hint(exercise, check):
    assert re.fullmatch(r"[a-z][a-z0-9_]{5,50}", check.id)
    assert check.level in Level
    for text in (check.rule, check.why, check.hint):
        assert len(text) > 20
        assert text.strip() == text
        assert text.endswith((".", "?"))
    assert len({check.rule, check.why, check.hint}) == 3


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.number)
def test_a_contract_presses_beyond_the_basics(exercise):
    levels = [check.level for check in exercise.contract]

    assert {Level.BASIC, Level.EDGE} <= set(levels)
    assert sum(level in (Level.FAULT, Level.CRASH, Level.LOAD) for level in levels) >= 2


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.number)
def test_hints_of_the_course_are_about_checks_that_there_are(exercise):
    assert set(exercise.hints) <= {check.id for check in exercise.contract}


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.number)
def test_an_exercise_is_whole(exercise):
    texts = [exercise.path / name for name in ("README.md", "IMPLEMENTATION_GUIDE.md", "ANSWERS.md")]
    sources = [exercise.path / folder / exercise.file for folder in ("starter", "alternative")]

    assert all(len(path.read_text(encoding="utf-8")) > 500 for path in (*texts, sources[1]))
    assert sources[0].is_file()
    assert len(list((exercise.path / "wrong").glob("*.py"))) >= 6


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.number)
def test_the_guide_names_every_check(exercise):
    guide = (exercise.path / "IMPLEMENTATION_GUIDE.md").read_text(encoding="utf-8")

    assert [check.id for check in exercise.contract if f"`{check.id}`" not in guide] == []


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.number)
def test_a_wrong_implementation_says_what_is_wrong_and_which_checks_see_it(exercise):
    for path in (exercise.path / "wrong").glob("*.py"):
        subject = load_subject(path)

        assert subject.__doc__
        assert set(subject.FAILS) <= {check.id for check in exercise.contract}, path.name
        assert subject.FAILS, path.name
