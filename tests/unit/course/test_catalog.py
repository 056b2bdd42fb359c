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
