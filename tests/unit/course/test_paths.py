import errno
import os
import shlex
from pathlib import Path

import pytest

from groundwork.course import is_file, is_folder, pasted, see_readable
from groundwork.errors import StorageError

ROOT = not hasattr(os, "geteuid") or os.geteuid() == 0


def test_a_file_and_a_folder_are_told_apart_and_what_is_not_there_is_neither(tmp_path):
    (tmp_path / "file").touch()

    assert [True, False] == [is_file(tmp_path / "file"), is_folder(tmp_path / "file")]
    assert [False, True] == [is_file(tmp_path), is_folder(tmp_path)]
    for absent in (tmp_path / "missing", tmp_path / "file" / "inside"):
        assert [False, False] == [is_file(absent), is_folder(absent)]
    see_readable(tmp_path / "file")


@pytest.mark.parametrize("ask", [is_file, is_folder])
def test_what_may_not_be_looked_at_is_told_and_not_taken_for_absent(tmp_path, monkeypatch, ask):
    def refuse(path, **options):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    monkeypatch.setattr(Path, "stat", refuse)

    with pytest.raises(StorageError, match="file: cannot read: Permission denied") as caught:
        ask(tmp_path / "file")

    assert "owner and mode" in caught.value.hint


def test_the_folder_that_may_not_be_entered_is_the_one_that_is_named(tmp_path, monkeypatch):
    def refuse(path, **options):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    (tmp_path / "closed").mkdir()
    monkeypatch.setattr(Path, "stat", refuse)
    monkeypatch.setattr(os, "access", lambda path, mode: path != tmp_path / "closed")

    with pytest.raises(StorageError, match="closed: cannot read"):
        is_file(tmp_path / "closed" / "inner" / "file")


@pytest.mark.skipif(ROOT, reason="no modes on Windows, and root may read everything")
def test_modes_are_respected(tmp_path):
    folder = tmp_path / "closed"
    folder.mkdir()
    (folder / "file").touch(0o000)

    with pytest.raises(StorageError, match="file: cannot read"):
        see_readable(folder / "file")
    folder.chmod(0o000)
    try:
        with pytest.raises(StorageError, match="closed: cannot read"):
            is_file(folder / "file")
    finally:
        folder.chmod(0o700)


@pytest.mark.parametrize("path", ["plain/file.py", "with space/ä.py", "it's", "a$b", "a;b", "~x", "(1)"])
def test_a_path_is_one_word_for_the_shell_that_it_is_pasted_into(path, monkeypatch):
    monkeypatch.setattr(os, "name", "posix")

    assert [path] == shlex.split(pasted(path))
    assert (path == "plain/file.py") == (path == pasted(path))


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (r"C:\Users\RUNNER~1\learn\storage.py", r"C:\Users\RUNNER~1\learn\storage.py"),
        (r"C:\My Files\storage.py", r'"C:\My Files\storage.py"'),
        ("a&b", '"a&b"'),
        ("", '""'),
    ],
)
def test_on_windows_the_quotes_are_double(path, expected, monkeypatch):
    monkeypatch.setattr(os, "name", "nt")

    assert expected == pasted(path)
