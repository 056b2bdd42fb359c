from pathlib import Path

import pytest
from typer.testing import CliRunner

from groundwork.cli._learn import app
from groundwork.course import exercises, find_exercise, save_progress
from groundwork.errors import UsageError

EXERCISE = find_exercise("04")


@pytest.fixture
def learn(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(app, arguments)


def remember(exercise=EXERCISE, /, **outcomes):
    folder = Path("learn") / exercise.folder
    folder.mkdir(parents=True, exist_ok=True)
    save_progress(exercise, folder, outcomes)


@pytest.mark.parametrize(
    ("outcomes", "state", "following"),
    [
        ({}, "not begun", "Next: groundwork learn start 04"),
        ({"a": "passed", "b": "failed"}, "1 of 2 checks pass", "Next: groundwork learn check 04"),
        ({"a": "passed"}, "done", "Next: groundwork learn start 05"),
    ],
)
def test_the_list_says_how_far_each_exercise_is_and_what_comes_next(learn, outcomes, state, following):
    for exercise in exercises():
        if exercise.number < EXERCISE.number:
            remember(exercise, a="passed")
    if outcomes:
        remember(**outcomes)

    lines = learn("list").stdout.splitlines()

    assert any(line.startswith("04  File I/O") and line.endswith(state) for line in lines)
    assert lines[-1] == following


def test_the_list_says_when_there_is_nothing_left_to_do(learn):
    for exercise in exercises():
        remember(exercise, a="passed")

    lines = learn("list").stdout.splitlines()

    assert lines[-1] == "All exercises are done."


def test_start_tells_what_it_wrote_and_a_second_one_that_nothing_was_to_do(learn):
    first, second = learn("start", "04"), learn("start", "04")

    assert (first.exit_code, second.exit_code) == (0, 0)
    assert "storage.py" in first.stdout.splitlines()[0]
    assert "all files are there" in second.stdout
    assert first.stdout.splitlines()[-1].endswith("then groundwork learn check 04")


def test_start_elsewhere_names_the_file_in_the_next_command(learn):
    result = learn("start", "04", "--into", "mine")

    assert result.stdout.splitlines()[-1].endswith(f"groundwork learn check 04 --file {Path('mine/storage.py')}")


def test_a_hint_is_about_the_first_check_that_failed(learn):
    remember(writes_the_bytes="passed", writes_text="failed", accepts_a_bare_name="failed")

    lines = learn("hint", "04").stdout.splitlines()

    assert lines[0].startswith("writes_text  Mode w takes text")
    assert [line.split()[0] for line in lines[1:3]] == ["why", "hint"]


def test_a_hint_inside_the_folder_of_the_exercise_knows_what_failed_there(learn, monkeypatch):
    remember(writes_the_bytes="passed", values_come_back="failed")
    monkeypatch.chdir(Path("learn") / EXERCISE.folder)

    assert learn("hint", "04").stdout.startswith("values_come_back  ")


def test_a_hint_where_all_is_green_says_so(learn):
    remember(writes_the_bytes="passed", keeps_the_permission_bits="skipped")

    lines = learn("hint", "04").stdout.splitlines()

    assert lines[0].startswith("All 2 checks pass")
    assert lines[-1].endswith("ANSWERS.md")
    assert learn("hint", "04", "writes_text").stdout.startswith("writes_text")


def test_a_hint_before_any_check_is_about_the_first_one_and_any_can_be_asked_for(learn):
    assert learn("hint", "04").stdout.startswith("writes_the_bytes")
    assert learn("hint", "04", "writes_text", "--file", "x.py").stdout.splitlines()[-1].endswith("--file x.py")


def test_what_is_not_there_is_a_mistake_of_the_caller(learn):
    assert isinstance(learn("check", "04").exception, UsageError)
    assert isinstance(learn("check", "04", "--file", "missing.py").exception, UsageError)
    assert isinstance(learn("hint", "04", "missing").exception, UsageError)
    assert learn("check").exit_code == 2


def test_a_hint_for_a_check_that_is_not_there_names_the_nearest_three(learn):
    ended = learn("hint", "04", EXERCISE.contract[5].id + "x")

    assert isinstance(ended.exception, UsageError)
    assert ended.exception.hint.startswith(f"did you mean {EXERCISE.contract[5].id} or ")
    assert 2 == ended.exception.hint.count(" or ")
