import errno
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from groundwork.course import (
    course_folder,
    current_exercise,
    exercise_folder,
    find_exercise,
    find_solution,
    read_progress,
    record_hint,
    reset,
    start,
)
from groundwork.errors import StorageError, UsageError
from groundwork.testing import failpoints

EXERCISE = find_exercise("04")
NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


def test_start_copies_the_starter_and_the_instructions_but_not_the_answers(tmp_path):
    written = start(EXERCISE, tmp_path / "new" / "folder")

    assert {path.name for path in written} == {"README.md", "IMPLEMENTATION_GUIDE.md", "measure.py", "storage.py"}
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


def test_reset_keeps_a_dated_copy_of_all_and_puts_the_starter_back(tmp_path):
    start(EXERCISE, tmp_path)
    (tmp_path / "storage.py").write_text("my work")
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "idea.txt").write_text("my idea")
    record_hint(EXERCISE, tmp_path, "writes_text")

    backup = reset(EXERCISE, tmp_path, now=NOW)

    assert backup == tmp_path / "backups" / "2026-03-04-050607"
    assert "my work" == (backup / "storage.py").read_text()
    assert "my idea" == (backup / "notes" / "idea.txt").read_text() == (tmp_path / "notes" / "idea.txt").read_text()
    assert {"writes_text": 1} == read_progress(backup).hints
    assert {} == read_progress(tmp_path).hints
    assert (EXERCISE.path / "starter" / "storage.py").read_bytes() == (tmp_path / "storage.py").read_bytes()


@pytest.fixture
def linked(tmp_path):
    """Makes a file of the learner's folder a link to one elsewhere; of Windows not every user may."""

    def link(path, text):
        elsewhere = tmp_path / "elsewhere" / path.name
        elsewhere.parent.mkdir(exist_ok=True)
        elsewhere.write_text(text)
        path.unlink()
        try:
            path.symlink_to(elsewhere)
        except OSError as error:  # pragma: no cover - Windows
            pytest.skip(f"no symbolic links here: {error.strerror}")
        return elsewhere

    return link


def test_a_reset_keeps_the_content_of_a_linked_file_and_leaves_alone_what_it_led_to(tmp_path, linked):
    folder = tmp_path / "mine"
    start(EXERCISE, folder)
    record_hint(EXERCISE, folder, "writes_text")
    record = (folder / "progress.json").read_text()
    targets = [linked(folder / "storage.py", "my work"), linked(folder / "progress.json", record)]

    backup = reset(EXERCISE, folder, now=NOW)

    assert ["my work", record] == [target.read_text() for target in targets]
    assert ["my work", record] == [(backup / target.name).read_text() for target in targets]
    assert not any(path.is_symlink() for path in (*folder.iterdir(), *backup.iterdir()))
    assert (EXERCISE.path / "starter" / "storage.py").read_bytes() == (folder / "storage.py").read_bytes()
    assert {} == read_progress(folder).hints


def test_a_reset_of_a_linked_folder_keeps_all_of_it_beside_the_work(tmp_path):
    start(EXERCISE, tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "storage.py").write_text("my work")
    try:
        (tmp_path / "mine").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    except OSError as error:  # pragma: no cover - Windows
        pytest.skip(f"no symbolic links here: {error.strerror}")

    backup = reset(EXERCISE, tmp_path / "mine", now=NOW)

    assert "my work" == (tmp_path / "elsewhere" / "backups" / backup.name / "storage.py").read_text()
    assert (tmp_path / "mine").is_symlink()


@pytest.mark.parametrize("name", ["storage.py", "progress.json"])
def test_a_link_to_what_is_not_there_is_told_by_start_and_replaced_by_reset(tmp_path, linked, name):
    folder = tmp_path / "mine"
    start(EXERCISE, folder)
    (folder / "storage.py").write_text("my work")
    away = linked(folder / name, "my work")
    away.unlink()

    with pytest.raises(UsageError, match="which is not there") as caught:
        start(EXERCISE, folder)
    backup = reset(EXERCISE, folder, now=NOW)

    assert "remove the link" in caught.value.hint
    assert not away.exists()
    assert away == (backup / name).readlink()
    assert (EXERCISE.path / "starter" / "storage.py").read_bytes() == (folder / "storage.py").read_bytes()


def test_a_link_that_cannot_be_replaced_is_told_when_its_content_is_in_the_backup(tmp_path, linked, monkeypatch):
    folder = tmp_path / "mine"
    start(EXERCISE, folder)
    target = linked(folder / "storage.py", "my work")
    unlink = Path.unlink

    def refuse(path, **options):
        if path == folder / "storage.py":
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        unlink(path, **options)

    monkeypatch.setattr(Path, "unlink", refuse)

    with pytest.raises(StorageError, match="cannot be replaced"):
        reset(EXERCISE, folder, now=NOW)

    [backup] = (folder / "backups").iterdir()
    assert "my work" == (backup / "storage.py").read_text() == target.read_text()


def test_a_reset_names_the_file_that_cannot_be_copied(tmp_path, monkeypatch):
    start(EXERCISE, tmp_path)
    (tmp_path / "storage.py").write_text("my work")

    def refuse(source, target, **options):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), source)

    monkeypatch.setattr(shutil, "copyfile", refuse)

    with pytest.raises(StorageError, match=r"cannot be copied: .*[/\\][\w.]+: .*nothing was changed") as caught:
        reset(EXERCISE, tmp_path, now=NOW)

    assert "[(" not in caught.value.message


def test_two_resets_within_a_second_have_two_backups_and_neither_holds_the_other(tmp_path):
    start(EXERCISE, tmp_path)
    backups = []
    for text in ("first", "second"):
        (tmp_path / "storage.py").write_text(text)
        backups.append(reset(EXERCISE, tmp_path, now=NOW))

    assert ["2026-03-04-050607", "2026-03-04-050607-2"] == [backup.name for backup in backups]
    assert ["first", "second"] == [(backup / "storage.py").read_text() for backup in backups]
    assert not (backups[1] / "backups").exists()


def test_nothing_to_reset_makes_no_backup(tmp_path):
    start(EXERCISE, tmp_path)

    assert reset(EXERCISE, tmp_path, now=NOW) is None
    assert not (tmp_path / "backups").exists()


def test_a_backup_that_cannot_be_made_leaves_everything_as_it_was(tmp_path):
    start(EXERCISE, tmp_path)
    (tmp_path / "storage.py").write_text("my work")
    (tmp_path / "backups").write_text("in the way")

    with pytest.raises(StorageError, match="nothing was changed"):
        reset(EXERCISE, tmp_path, now=NOW)

    assert "my work" == (tmp_path / "storage.py").read_text()


def test_an_exercise_that_was_never_begun_cannot_be_reset(tmp_path):
    with pytest.raises(UsageError, match="is not there") as caught:
        reset(EXERCISE, tmp_path / "learn", now=NOW)

    assert caught.value.hint == "groundwork learn start 04"


def test_the_course_is_found_from_above_from_its_folder_and_from_inside(tmp_path):
    folder = tmp_path / "learn" / EXERCISE.folder
    (folder / "deep").mkdir(parents=True)

    for where in (tmp_path, tmp_path / "learn", folder, folder / "deep"):
        assert tmp_path / "learn" == course_folder(where)
        assert folder == exercise_folder(EXERCISE, where)


def test_the_current_exercise_is_that_of_the_folder_or_the_one_last_worked_on(tmp_path):
    assert current_exercise(tmp_path) is None
    folders = {number: tmp_path / "learn" / find_exercise(number).folder for number in ("04", "05", "06")}
    for number, folder in folders.items():
        start(find_exercise(number), folder)
        for path in folder.iterdir():
            os.utime(path, (1000, 1000))
    os.utime(folders["05"] / "resilience.py", (2000, 2000))

    assert "05" == current_exercise(tmp_path).number
    assert "06" == current_exercise(folders["06"]).number


def test_a_folder_of_the_learners_own_is_known_by_its_record(tmp_path):
    start(EXERCISE, tmp_path / "mine")

    assert "04" == current_exercise(tmp_path / "mine").number
    assert tmp_path / "mine" == exercise_folder(EXERCISE, tmp_path / "mine")
    assert tmp_path / "mine" / "storage.py" == find_solution(EXERCISE, tmp_path / "mine")


@pytest.mark.parametrize("broken", ["mkdir", "rename"])
def test_a_reset_that_the_system_refuses_says_so_and_changes_nothing(tmp_path, monkeypatch, broken):
    start(EXERCISE, tmp_path)
    (tmp_path / "storage.py").write_text("my work")

    def refuse(*arguments, **options):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(os, broken, refuse)

    with pytest.raises(StorageError, match="nothing was changed"):
        reset(EXERCISE, tmp_path, now=NOW)

    assert "my work" == (tmp_path / "storage.py").read_text()


def test_what_a_killed_reset_left_is_swept_up_by_the_next(tmp_path):
    start(EXERCISE, tmp_path)
    (tmp_path / "storage.py").write_text("my work")
    (tmp_path / "backups" / ".2026-01-01-000000").mkdir(parents=True)

    backup = reset(EXERCISE, tmp_path, now=NOW)

    assert [backup] == list((tmp_path / "backups").iterdir())
