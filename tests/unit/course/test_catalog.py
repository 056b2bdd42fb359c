import re

import pytest

from groundwork.course import exercises, find_exercise
from groundwork.errors import UsageError


def test_exercises_come_in_the_order_of_their_numbers():
    numbers = [exercise.number for exercise in exercises()]

    assert numbers == sorted(numbers)
    assert {"04", "05"} <= set(numbers)
    assert numbers == [exercise.folder[:2] for exercise in exercises()]


@pytest.mark.parametrize("name", ["04", "4", "04_file_io", "04_file_io/"])
def test_an_exercise_is_found_by_what_people_call_it(name):
    exercise = find_exercise(name)

    assert (exercise.number, exercise.contract.name) == ("04", "storage")


def test_an_unknown_exercise_is_answered_with_those_that_there_are():
    with pytest.raises(UsageError, match=r"no exercise '99'; there are .*04") as caught:
        find_exercise("99")

    assert caught.value.hint == "groundwork learn list"


WORDS = {"an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8}


def test_a_core_is_the_basic_level_unless_the_course_names_others():
    cores = {exercise.number: exercise.core for exercise in exercises()}

    assert cores["05"] == ("basic",)
    for exercise in exercises():
        assert exercise.core_checks
        assert len(exercise.contract) == len(exercise.core_checks) + exercise.beyond_checks


@pytest.mark.parametrize("exercise", exercises(), ids=lambda exercise: exercise.number)
def test_a_core_takes_one_to_two_hours_and_the_readme_says_the_same_numbers(exercise):
    readme = " ".join((exercise.path / "README.md").read_text(encoding="utf-8").split())

    which = r"(?: \(the|, and the core is the whole: all)"
    time = re.search(rf"\*\*Time\.\*\* (?:(\d+) to )?(\d+) minutes for the core{which} (\d+) checks", readme)
    assert time is not None, "README has no line **Time.** N minutes for the core (the N checks ...)"
    least, most, checks = int(time[1] or time[2]), int(time[2]), int(time[3])
    assert 60 <= exercise.minutes <= 120
    assert least <= exercise.minutes <= most
    assert len(exercise.core_checks) == checks
    rest = re.search(r"about ([\w.]+)(?: and a half)? (hours?|minutes) more", readme)
    assert bool(exercise.beyond_checks) == bool(exercise.beyond) == bool(rest)
    if rest is not None:
        number = WORDS.get(rest[1]) or float(rest[1])
        told = (number + 0.5 * ("and a half" in rest[0])) * (60 if rest[2].startswith("hour") else 1)
        assert abs(exercise.beyond - told) <= 30
