"""Which grader is started before the command line is parsed, and what becomes of it."""

from typing import ClassVar

import pytest

from groundwork import course
from groundwork.cli import _learn_ahead
from groundwork.course import find_exercise


class Begun:
    """A grader that only remembers what was done with it."""

    everyone: ClassVar = []

    def __init__(self, contract_module, *, sandbox=False):
        self.contract_module, self.sandbox, self.closed = contract_module, sandbox, False
        self.everyone.append(self)

    def close(self):
        self.closed = True


@pytest.fixture(autouse=True)
def begun(monkeypatch, tmp_path):
    monkeypatch.setattr(course, "LearnerProcess", Begun)
    monkeypatch.setattr(Begun, "everyone", [])
    monkeypatch.setattr(_learn_ahead, "_begun", {})
    monkeypatch.chdir(tmp_path)
    return Begun.everyone


def modules(begun):
    return [each.contract_module.rpartition(".")[2] for each in begun]


@pytest.mark.parametrize(
    "words",
    [
        "learn check 04",
        "learn check 4",
        "learn watch 04_file_io",
        "learn check --level basic 04",
        "learn check --json 04 --limit-s 2",
        "learn check --limit-s=2 04",
        "learn check --only 02 04",
        "learn check 04 --file elsewhere/storage.py",
    ],
)
def test_the_exercise_that_is_named_is_the_one(words, begun):
    _learn_ahead.begin(words.split())

    assert ["storage"] == modules(begun)


@pytest.mark.parametrize(
    "words",
    [
        "",
        "learn",
        "learn list",
        "learn hint 04",
        "env check 04",
        "learn check",
        "learn check 99",
        "learn check --file x.py",
        "learn check 04 --help",
        "learn check 04 --sandbox",
    ],
)
def test_where_nothing_can_be_guessed_nothing_is_started(words, begun):
    _learn_ahead.begin(words.split())

    assert [] == begun


def test_what_is_not_named_is_the_exercise_of_this_folder(tmp_path, monkeypatch, begun):
    folder = tmp_path / "learn" / find_exercise("02").folder
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)

    _learn_ahead.begin(["learn", "check", "--level", "basic"])

    assert ["data"] == modules(begun)


def test_what_was_begun_is_given_once(begun):
    _learn_ahead.begin(["learn", "check", "04"])

    first, second = (_learn_ahead.grader(find_exercise("04"), sandbox=False) for _ in range(2))

    assert begun == [first, second]


def test_a_wrong_guess_is_ended_and_another_started(begun):
    _learn_ahead.begin(["learn", "check", "04"])

    mine = _learn_ahead.grader(find_exercise("02"), sandbox=False)
    _learn_ahead.end()

    assert (["storage", "data"], [True, False]) == (modules(begun), [each.closed for each in begun])
    assert begun[1] is mine


def test_a_sandbox_is_not_put_around_later(begun):
    _learn_ahead.begin(["learn", "check", "04"])

    assert _learn_ahead.grader(find_exercise("04"), sandbox=True).sandbox


def test_a_system_that_refuses_is_told_where_the_words_are_read(monkeypatch):
    def refuse(module):
        raise OSError("no process")

    monkeypatch.setattr(course, "LearnerProcess", refuse)

    _learn_ahead.begin(["learn", "check", "04"])

    assert {} == _learn_ahead._begun
