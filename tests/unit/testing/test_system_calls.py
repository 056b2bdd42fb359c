import errno
import io
import os
import tempfile
from pathlib import Path

import pytest

from groundwork.testing import failing, full_disk, load_subject, separate_disks, short_writes, system_calls


def by_open(path, data):
    with open(path, "wb") as file:
        file.write(data)


def by_descriptor(path, data):
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o666)
    os.write(descriptor, data)
    os.close(descriptor)


def by_pathlib(path, data):
    path.write_bytes(data)


def by_text(path, data):
    with io.open(path, "w", encoding="ascii", newline="") as file:  # noqa: UP020 - the other name of open
        assert file.mode == "w"
        file.write(data.decode())


def by_raw_file(path, data):
    with open(path, "wb", buffering=0) as file:
        file.write(data)


def by_update(path, data):
    with open(path, "w+b") as file:
        file.write(data)
        file.seek(0)
        assert data == file.read()


def by_tempfile(path, data):
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(data)
    os.rename(file.name, path)


class OwnFile(io.FileIO):
    """Made before anybody watched."""


def by_own_file(path, data):
    with io.BufferedWriter(OwnFile(path, "w")) as file:
        file.write(data)


WAYS = [by_open, by_descriptor, by_pathlib, by_text, by_raw_file, by_update, by_tempfile, by_own_file]


@pytest.mark.parametrize("write", WAYS)
def test_a_write_is_seen_whichever_way_it_is_made(write, tmp_path):
    with system_calls() as calls:
        write(tmp_path / "x", b"content")

    assert (tmp_path / "x").read_bytes() == b"content"
    assert [call.size for call in calls if call.name == "write"] == [7]
    assert {(tmp_path / "x").stat().st_ino} == {call.inode[1] for call in calls if call.name == "write"}


@pytest.mark.parametrize("write", WAYS)
def test_a_full_disk_is_an_error_whichever_way_is_written(write, tmp_path):
    with pytest.raises(OSError, match="No space") as caught, system_calls(full_disk(0)):
        write(tmp_path / "x", b"content")

    assert caught.value.errno == errno.ENOSPC


def test_a_full_disk_takes_what_fits_first(tmp_path):
    with pytest.raises(OSError, match="No space"), system_calls(full_disk(3)):
        by_open(tmp_path / "x", b"content")

    assert (tmp_path / "x").read_bytes() == b"con"


def test_buffered_files_carry_a_short_write_on_and_a_bare_call_does_not(tmp_path):
    with system_calls(short_writes(2)):
        by_open(tmp_path / "whole", b"content")
        by_descriptor(tmp_path / "cut", b"content")

    assert ((tmp_path / "whole").read_bytes(), (tmp_path / "cut").read_bytes()) == (b"content", b"co")


def test_everything_is_as_before_afterwards_also_after_an_error():
    before = (open, io.open, io.FileIO, os.write, os.replace, OwnFile.__bases__)

    with pytest.raises(RuntimeError), system_calls():
        raise RuntimeError

    assert before == (open, io.open, io.FileIO, os.write, os.replace, OwnFile.__bases__)


def test_a_rename_names_both_ends_its_file_and_the_folder_that_it_changes(tmp_path):
    (tmp_path / "a").write_bytes(b"")
    inode = (tmp_path / "a").stat().st_ino

    with system_calls() as calls:
        os.replace(tmp_path / "a", tmp_path / "b")

    [call] = calls
    assert ("replace", str(tmp_path / "a"), str(tmp_path / "b")) == (call.name, call.path, call.target)
    assert (inode, tmp_path.stat().st_ino) == (call.inode[1], call.folder[1])


def test_names_that_the_subject_bound_on_import_are_watched_too(tmp_path):
    (tmp_path / "mine.py").write_text("from os import unlink as away\n")
    subject = load_subject(tmp_path / "mine.py")
    (tmp_path / "x").write_bytes(b"")

    with system_calls(subject=subject) as calls:
        subject.away(tmp_path / "x")

    assert [call.name for call in calls] == ["unlink"]
    assert subject.away is os.unlink


def test_reading_is_nobodys_business(tmp_path):
    (tmp_path / "x").write_bytes(b"content")

    with system_calls() as calls:
        (tmp_path / "x").read_text()
        os.close(os.open(tmp_path, os.O_RDONLY))

    assert calls == []


def test_truncation_and_syncs_are_seen(tmp_path):
    with system_calls() as calls, open(tmp_path / "x", "wb") as file:
        file.truncate(5)
        os.fsync(file)
        os.sync()
        os.truncate(file.fileno(), 3)

    assert [call.name for call in calls] == ["open", "ftruncate", "fsync", "sync", "truncate"]


def test_only_the_call_that_was_chosen_fails(tmp_path):
    hook = failing("unlink", error=errno.EIO, at=2)

    with system_calls(hook):
        Path(tmp_path / "a").touch()
        os.unlink(tmp_path / "a")
        with pytest.raises(OSError, match="Input/output"):
            os.unlink(tmp_path / "b")
        with pytest.raises(FileNotFoundError):
            os.unlink(path=tmp_path / "b")


def test_a_lasting_fault_stays_and_a_spared_file_does_not_count(tmp_path):
    with open(tmp_path / "a", "wb") as spared, open(tmp_path / "b", "wb") as other:
        status = os.fstat(spared.fileno())
        hook = failing("fsync", error=errno.EIO, lasting=True, spare=(status.st_dev, status.st_ino))
        with system_calls(hook):
            os.fsync(spared.fileno())
            for _ in range(2):
                with pytest.raises(OSError, match="Input/output"):
                    os.fsync(other.fileno())


def test_folders_are_disks_of_their_own_when_told_so(tmp_path):
    (tmp_path / "inner").mkdir()
    (tmp_path / "a").touch()

    with system_calls(separate_disks()):
        os.replace(tmp_path / "a", tmp_path / "b")
        with pytest.raises(OSError, match="cross-device"):
            os.replace(tmp_path / "b", tmp_path / "inner" / "b")
