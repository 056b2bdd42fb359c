import errno
import os

import pytest

from groundwork.testing import FaultFs


def test_a_full_disk_fails_the_write_that_does_not_fit(tmp_path):
    with FaultFs().full(3) as calls, pytest.raises(OSError, match="No space"):
        (tmp_path / "file").write_bytes(b"12345")

    assert b"123" == (tmp_path / "file").read_bytes()
    assert "write" in [call.name for call in calls]


def test_a_call_fails_as_told(tmp_path):
    with FaultFs().fail("replace", error=errno.EACCES), pytest.raises(PermissionError):
        os.replace(tmp_path / "a", tmp_path / "b")


def test_short_writes_strike_writes_that_are_longer(tmp_path):
    with FaultFs().short_writes(2), open(tmp_path / "file", "wb", buffering=0) as file:
        assert 2 == file.write(b"12345")


def test_folders_are_disks_of_their_own(tmp_path):
    (tmp_path / "a").touch()
    (tmp_path / "folder").mkdir()

    with FaultFs().separate_disks(), pytest.raises(OSError, match=r"\[Errno 18\]"):
        os.rename(tmp_path / "a", tmp_path / "folder" / "a")


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (FaultFs().full(100), "a disk with 100 bytes left: it never struck; the calls were: open, write"),
        (FaultFs().fail("fsync", "fdatasync"), "EIO at fsync or fdatasync, arrival 1: it never struck"),
        (FaultFs().short_writes(100), "writes of at most 100 bytes: it never struck"),
    ],
)
def test_a_fault_that_struck_nothing_fails(tmp_path, broken, said):
    with pytest.raises(AssertionError, match=said), broken:
        (tmp_path / "file").write_bytes(b"12345")
