import errno
import os
from pathlib import Path

import pytest

from groundwork.course import find_exercise, find_solution, load_progress, save_progress, start
from groundwork.errors import StorageError, UsageError
from groundwork.testing import failpoints

EXERCISE = find_exercise("04")


def test_start_copies_the_starter_and_the_instructions_but_not_the_answers(tmp_path):
    written = start(EXERCISE, tmp_path / "new" / "folder")

    assert {path.name for path in written} == {"README.md", "IMPLEMENTATION_GUIDE.md", "storage.py"}
    assert all(path.stat().st_size for path in written)


def test_start_never_overwrites_and_brings_back_what_is_missing(tmp_path):
    start(EXERCISE, tmp_path)
    (tmp_path / "storage.py").write_text("my work")
    (tmp_path / "README.md").unlink()

    written = start(EXERCISE, tmp_path)

    assert [path.name for path in written] == ["README.md"]
    assert (tmp_path / "storage.py").read_text() == "my work"


def test_a_file_in_the_way_is_told(tmp_path):
    (tmp_path / "file").touch()

    for folder in (tmp_path / "file", tmp_path / "file" / "inner"):
        with pytest.raises(UsageError, match="a file is in its way"):
            start(EXERCISE, folder)


def test_a_folder_that_cannot_be_made_is_told(tmp_path, monkeypatch):
    def refuse(*arguments, **options):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(Path, "mkdir", refuse)

    with pytest.raises(StorageError, match="cannot be made"):
        start(find_exercise("04"), tmp_path / "learn")


def test_a_full_disk_leaves_no_half_file(tmp_path):
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with failpoints({"storage.atomic_write.before_fsync": full}), pytest.raises(StorageError):
        start(find_exercise("04"), tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_holds_another_exercise_is_refused(tmp_path):
    start(EXERCISE, tmp_path)
    before = sorted(tmp_path.iterdir())

    with pytest.raises(UsageError, match="holds exercise 04 already") as caught:
        start(find_exercise("07"), tmp_path)

    assert "07_testing" in caught.value.hint
    assert before == sorted(tmp_path.iterdir())


def test_the_solution_is_found_from_above_and_from_inside(tmp_path):
    folder = tmp_path / "learn" / EXERCISE.folder
    start(EXERCISE, folder)

    assert find_solution(EXERCISE, tmp_path) == find_solution(EXERCISE, folder) == folder / "storage.py"


def test_an_exercise_not_begun_is_told_with_the_command_that_begins_it(tmp_path):
    with pytest.raises(UsageError, match="begin the exercise first") as caught:
        find_solution(EXERCISE, tmp_path)

    assert caught.value.hint == "groundwork learn start 04"


def test_progress_comes_back_as_it_was_saved(tmp_path):
    save_progress(EXERCISE, tmp_path, {"a": "passed", "b": "failed"})

    assert load_progress(tmp_path) == {"a": "passed", "b": "failed"}


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"checks": 3}', "{"])
def test_a_progress_file_that_makes_no_sense_counts_as_none(tmp_path, text):
    (tmp_path / "progress.json").write_text(text)

    assert load_progress(tmp_path) == {}
