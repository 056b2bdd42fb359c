"""What the lowest layer does with refusals."""

import errno
import os
import sys

import pytest

from groundwork.storage import _durable
from groundwork.storage._faults import storage_error

posix = pytest.mark.skipif(sys.platform == "win32", reason="folders cannot be synced there")


def failing(number):
    def fsync(descriptor):
        raise OSError(number, os.strerror(number))

    return fsync


@posix
@pytest.mark.parametrize("number", [errno.EINVAL, errno.EBADF])
def test_a_file_system_that_cannot_sync_folders_is_accepted(tmp_path, monkeypatch, number):
    monkeypatch.setattr(os, "fsync", failing(number))

    assert _durable.sync_folder(tmp_path) is None


@posix
def test_a_folder_that_fails_to_sync_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "fsync", failing(errno.EIO))

    with pytest.raises(OSError, match="Input/output"):
        _durable.sync_folder(tmp_path)


def test_make_folders_names_those_that_hold_a_new_name(tmp_path):
    first = _durable.make_folders(tmp_path / "a" / "b")
    second = _durable.make_folders(tmp_path / "a" / "b")

    assert [[tmp_path, tmp_path / "a"], []] == [first, second]


def test_make_folders_does_not_take_a_file_for_a_folder(tmp_path):
    (tmp_path / "a").write_text("file")

    with pytest.raises(NotADirectoryError):
        _durable.make_folders(tmp_path / "a")


def test_write_all_goes_on_after_a_short_write(tmp_path, monkeypatch):
    real = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: real(descriptor, bytes(data)[:3]))
    descriptor = os.open(tmp_path / "f", os.O_WRONLY | os.O_CREAT)

    _durable.write_all(descriptor, b"0123456789")
    os.close(descriptor)

    assert (tmp_path / "f").read_bytes() == b"0123456789"


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EACCES, errno.EROFS, errno.ENOTEMPTY])
def test_an_os_error_becomes_a_sentence_with_path_words_and_advice(number):
    error = storage_error(OSError(number, "x"), "model.bin", "cannot write")

    assert f"model.bin: cannot write: {os.strerror(number)}" == error.message
    assert error.hint
    assert errno.errorcode[number] == error.context["errno"]


def test_an_os_error_without_a_number_keeps_its_words():
    assert storage_error(OSError("odd"), "f", "cannot read").message == "f: cannot read: odd"
