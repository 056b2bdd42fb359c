import os
import sys
from pathlib import Path

import pytest

from groundwork import course
from groundwork.course._answers import Answers, Refused, answers_to, files_of

STORAGE = "groundwork.testing.contracts.storage"


def test_the_answers_to_an_exercise_are_the_librarys_part_and_the_courses_own():
    found = answers_to([STORAGE])

    assert ("groundwork.storage",) == found.modules
    assert [["04_file_io", "alternative"], ["04_file_io", "wrong"], ["groundwork", "storage"]] == [
        list(Path(place).parts[-2:]) for place in found.places
    ]


def test_a_contract_that_is_not_the_courses_has_all_answers():
    found = answers_to(["small_contract"])

    assert {*answers_to([STORAGE]).places} < {*found.places}
    assert {*found.modules} == {name for each in course.exercises() for name in each.library}
    assert all(map(os.path.exists, found.places))
    assert Answers() == answers_to([])


@pytest.fixture
def answer(tmp_path, monkeypatch):
    """The file of an answer, in a folder of its own; the current folder is another one."""
    for name in ("answers", "mine"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "mine")
    path = tmp_path / "answers" / "storage.py"
    path.write_text("an answer")
    return path


@pytest.fixture
def opened(answer):
    """Tells which answer is opened; of what is not hidden."""
    places = (str(answer.parent),)
    return Refused(Answers((), places), dict(files_of(places))).opened


@pytest.fixture(params=["detour", "bytes", "path", "relative", "descriptor"])
def name(request, answer):
    """Names of one file."""
    ways = {
        "detour": lambda: f"{answer.parent}/../answers/./storage.py",
        "bytes": lambda: os.fsencode(answer),
        "path": lambda: answer,
        "relative": lambda: os.path.join(os.pardir, "answers", "storage.py"),
        "descriptor": lambda: os.open(answer, os.O_RDONLY),
    }
    found = ways[request.param]()
    yield found
    if isinstance(found, int):
        os.close(found)


def test_an_answer_is_known_by_whatever_name(opened, answer, name):
    assert str(answer) == opened(name, "r", os.O_RDONLY)


@pytest.mark.parametrize("link", ["symlink_to", "hardlink_to"])
def test_an_answer_is_known_by_a_link(opened, answer, link):
    if link == "symlink_to" and sys.platform == "win32":
        pytest.skip("links need rights there")
    getattr(Path("link.txt"), link)(answer)

    assert str(answer) == opened("link.txt", "r", os.O_RDONLY)


@pytest.mark.skipif(os.open not in os.supports_dir_fd, reason="no path is counted from an open folder there")
def test_an_answer_is_known_below_an_open_folder(opened, answer):
    folder = os.open(answer.parent.parent, os.O_RDONLY)
    try:
        assert str(answer) == opened("answers/storage.py", None, os.O_RDONLY)
        assert str(answer) == opened(b"answers/storage.py", None, os.O_RDONLY)
        assert opened("answers/other.py", None, os.O_RDONLY) is None
        assert opened("answers/storage.py", "r", os.O_RDONLY) is None
    finally:
        os.close(folder)


def test_a_module_that_is_one_file_is_an_answer(answer):
    assert [str(answer)] == [path for _, path in files_of([str(answer)])]


def test_where_the_answers_are_hidden_it_is_the_name_that_tells(answer, monkeypatch):
    opened = Refused(Answers((), (str(answer.parent),)), {}).opened
    answer.unlink()

    monkeypatch.chdir(answer.parent)
    assert str(answer) == opened("storage.py", "r", os.O_RDONLY)
    assert str(answer) == opened(os.fsencode(answer), None, os.O_RDONLY)


@pytest.mark.parametrize("path", ["mine.txt", "no such file", "no\0name", 99_999, 1.5])
def test_nothing_else_is_an_answer(opened, path):
    Path("mine.txt").touch()

    assert opened(path, "r", os.O_RDONLY) is None
    assert opened(path, "w", os.O_WRONLY | os.O_CREAT) is None
