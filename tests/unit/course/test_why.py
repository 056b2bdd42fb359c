import dataclasses
from pathlib import Path

import pytest

from groundwork.course import Reason, exercises, find_exercise, line_of, reason_of, source_of_check


@pytest.mark.parametrize(
    ("message", "found", "expected"),
    [
        ("mode 0600; expected 0640", "mode 0600", "0640"),
        ("3 calls; expected 4; expected 5", "3 calls; expected 4", "5"),
        ("the suite ended", "the suite ended", None),
    ],
)
def test_a_message_is_what_was_found_and_what_was_expected(message, found, expected):
    assert Reason(found, expected, None, "") == reason_of(message, Path("missing.py"))


def test_the_line_that_a_message_names_is_shown(tmp_path):
    file = tmp_path / "x.py"
    file.write_text("one\n  two\n")

    assert (2, "two") == ((reason := reason_of("raised E (line 2): no", file)).line, reason.text)
    assert "" == reason_of("raised E (line 9): no", file).text
    assert line_of("nothing") is None


def test_the_text_of_a_check_is_its_function_alone():
    text = source_of_check(find_exercise("04").contract["values_come_back"])

    assert text.startswith("def values_come_back(")
    assert "@" not in text.splitlines()[0]


@pytest.mark.parametrize("exercise", exercises(), ids=lambda exercise: exercise.number)
def test_every_check_can_show_its_text(exercise):
    assert [] == [check.id for check in exercise.contract if f"def {check.id}(" not in source_of_check(check)]


def test_a_check_whose_text_is_not_installed_has_none():
    code = "def check(subject, lab): ..."
    names = {}
    exec(code, names)
    check = find_exercise("04").contract[0]

    assert "" == source_of_check(dataclasses.replace(check, run=names["check"]))


def test_a_file_that_cannot_be_read_shows_no_line(tmp_path):
    assert (3, "") == ((reason := reason_of("raised E (line 3): no", tmp_path)).line, reason.text)
