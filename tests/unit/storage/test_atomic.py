"""atomic_write: the old file or the new one, whole."""

import errno
import os
import stat
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.errors import DurabilityUnknownError, StorageError, UsageError
from groundwork.storage import atomic_write

posix = pytest.mark.skipif(sys.platform == "win32", reason="modes, links and locks of POSIX")


@pytest.fixture
def target(tmp_path):
    path = tmp_path / "model.bin"
    path.write_bytes(b"old")
    return path


def names(path: Path) -> list[str]:
    return sorted(os.listdir(path.parent))


@settings(deadline=None, max_examples=50)
@given(content=st.binary(max_size=4096), pieces=st.integers(1, 5))
def test_any_bytes_come_back_as_written(tmp_path_factory, content, pieces):
    path = tmp_path_factory.mktemp("bytes") / "file"

    with atomic_write(path, durable=False) as file:
        for start in range(pieces):
            file.write(content[start::pieces])

    assert b"".join(content[start::pieces] for start in range(pieces)) == path.read_bytes()


@settings(deadline=None, max_examples=30)
@given(text=st.text(max_size=200))
def test_any_text_comes_back_in_utf8(tmp_path_factory, text):
    path = tmp_path_factory.mktemp("text") / "file"

    with atomic_write(path, "w", newline="", durable=False) as file:
        file.write(text)

    assert text.encode() == path.read_bytes()


def test_nothing_is_visible_before_the_body_has_ended(target):
    with atomic_write(target) as file:
        file.write(b"new")
        file.flush()
        during = target.read_bytes()

    assert (during, target.read_bytes()) == (b"old", b"new")


def test_an_exception_in_the_body_leaves_the_old_file_and_nothing_else(target):
    def interrupted():
        with atomic_write(target) as file:
            file.write(b"x" * 1_000_000)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()

    assert target.read_bytes() == b"old"
    assert names(target) == ["model.bin"]


def test_an_exception_in_the_body_of_a_first_write_leaves_no_file(tmp_path):
    with pytest.raises(ZeroDivisionError), atomic_write(tmp_path / "new") as file:
        file.write(b"x" * (1 // 0))

    assert os.listdir(tmp_path) == []


def test_an_exception_in_a_body_that_has_detached_the_file_comes_through(target):
    with pytest.raises(ZeroDivisionError), atomic_write(target, "w") as file:
        file.detach()
        raise ZeroDivisionError

    assert (b"old", ["model.bin"]) == (target.read_bytes(), names(target))


@posix
def test_a_process_without_standard_input_leaves_nothing_beside_the_old_file(target):
    held = os.dup(0)
    os.close(0)  # the next file that is opened gets this number
    try:
        with pytest.raises(ZeroDivisionError), atomic_write(target) as file:
            number = file.fileno()
            raise ZeroDivisionError
    finally:
        os.dup2(held, 0)
        os.close(held)

    assert (0, b"old", ["model.bin"]) == (number, target.read_bytes(), names(target))


def test_an_os_error_of_the_bodys_own_is_not_blamed_on_the_target(target):
    with pytest.raises(FileNotFoundError), atomic_write(target):
        target.with_name("missing").read_bytes()

    assert names(target) == ["model.bin"]


def test_a_body_may_close_the_file_early(target):
    with atomic_write(target, "w") as file:
        file.write("new")
        file.close()

    assert target.read_text() == "new"


def test_missing_parents_are_made(tmp_path):
    with atomic_write(tmp_path / "a" / "b" / "c", "w", encoding="latin-1") as file:
        file.write("é")

    assert (tmp_path / "a" / "b" / "c").read_bytes() == b"\xe9"


@pytest.mark.parametrize("point", ["before_write", "write", "before_fsync", "before_replace"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EDQUOT])
def test_a_refusal_before_the_rename_keeps_the_old_file_and_says_what_to_do(target, arm, point, number):
    arm(f"storage.atomic_write.{point}", number)

    with pytest.raises(StorageError) as caught, atomic_write(target) as file:
        file.write(b"new")

    assert target.read_bytes() == b"old"
    assert names(target) == ["model.bin"]
    assert str(target) in caught.value.message
    assert os.strerror(number) in caught.value.message
    assert caught.value.hint
    assert not isinstance(caught.value, DurabilityUnknownError)


@posix
@pytest.mark.parametrize("call", ["open", "fsync", "replace", "fchmod", "fstat"])
def test_a_system_call_that_fails_once_loses_nothing(target, monkeypatch, call):
    real = getattr(os, call)

    def fail_first(*args, **kwargs):
        monkeypatch.setattr(os, call, real)
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, call, fail_first)

    try:
        with atomic_write(target) as file:
            file.write(b"new")
    except StorageError as error:
        outcome = (b"old", str(target) in error.message)
    else:
        outcome = (b"new", True)

    assert (target.read_bytes(), True) == outcome
    assert names(target) == ["model.bin"]


def test_a_refusal_after_the_rename_says_that_durability_is_unknown(target, arm):
    arm("storage.atomic_write.after_replace", errno.EIO)

    with pytest.raises(DurabilityUnknownError, match="in place"), atomic_write(target) as file:
        file.write(b"new")

    assert target.read_bytes() == b"new"
    assert names(target) == ["model.bin"]


def test_an_interrupt_after_the_rename_keeps_the_new_file(target, arm):
    def interrupt():
        raise KeyboardInterrupt

    arm("storage.atomic_write.after_replace", interrupt)

    with pytest.raises(KeyboardInterrupt), atomic_write(target) as file:
        file.write(b"new")

    assert target.read_bytes() == b"new"


@posix
@pytest.mark.parametrize(("durable", "syncs"), [(True, 2), (False, 0)])
def test_a_durable_write_syncs_file_and_folder_and_another_nothing(target, monkeypatch, durable, syncs):
    synced = []
    monkeypatch.setattr(os, "fsync", synced.append)

    with atomic_write(target, durable=durable) as file:
        file.write(b"new")

    assert syncs == len(synced)


@posix
def test_each_new_parent_is_synced_too(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(os, "fsync", synced.append)

    with atomic_write(tmp_path / "a" / "b" / "c"):
        pass

    assert len(synced) == 4


@posix
def test_a_new_file_gets_the_mode_that_the_umask_leaves(tmp_path):
    old = os.umask(0o027)
    try:
        with atomic_write(tmp_path / "file"):
            pass
    finally:
        os.umask(old)

    assert (tmp_path / "file").stat().st_mode & 0o7777 == 0o640


@posix
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o666, 0o755])
def test_the_mode_of_a_replaced_file_is_kept(target, mode):
    target.chmod(mode)

    with atomic_write(target) as file:
        file.write(b"new")

    assert mode == target.stat().st_mode & 0o7777


@posix
def test_what_replaces_a_private_file_is_private_while_it_is_written(target):
    target.chmod(0o600)

    with atomic_write(target):
        (temporary,) = target.parent.glob(".*.gw-tmp")
        mode = temporary.stat().st_mode & 0o7777

    assert mode == 0o600


@posix
def test_a_symbolic_link_stays_a_link_and_its_target_is_replaced(target):
    link = target.with_name("link")
    link.symlink_to(target.name)

    with atomic_write(link) as file:
        file.write(b"new")

    assert (link.is_symlink(), target.read_bytes()) == (True, b"new")


@posix
def test_a_dangling_link_gets_its_target(tmp_path):
    (tmp_path / "link").symlink_to("sub/file")

    with atomic_write(tmp_path / "link", "w") as file:
        file.write("new")

    assert (tmp_path / "sub" / "file").read_text() == "new"


@posix
def test_a_circle_of_links_is_an_error_and_stays(tmp_path):
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")

    with pytest.raises(StorageError, match="symbolic links"), atomic_write(tmp_path / "a"):
        pass

    assert (tmp_path / "a").is_symlink()


@pytest.mark.parametrize("make", [os.mkdir, pytest.param(getattr(os, "mkfifo", None), marks=posix)])
def test_only_a_plain_file_is_replaced(tmp_path, make):
    make(tmp_path / "thing")

    with pytest.raises(UsageError, match="only a plain file"), atomic_write(tmp_path / "thing"):
        pass


def test_a_file_where_a_parent_should_be_is_named(target):
    with pytest.raises(StorageError, match=r"model\.bin"), atomic_write(target / "below"):
        pass


def test_a_name_of_the_greatest_length_can_be_written(tmp_path):
    path = tmp_path / ("n" * 255)

    with atomic_write(path, "w") as file:
        file.write("x")

    assert path.read_text() == "x"


@pytest.mark.parametrize("mode", ["a", "r", "r+b", "wt"])
def test_other_modes_are_refused(target, mode):
    with pytest.raises(UsageError, match="mode"), atomic_write(target, mode):
        pass


def test_a_binary_file_has_no_encoding(target):
    with pytest.raises(UsageError, match="encoding"), atomic_write(target, "wb", encoding="utf-8"):
        pass


def test_an_unknown_encoding_leaves_nothing_behind(target):
    with pytest.raises(LookupError), atomic_write(target, "w", encoding="nonsense"):
        pass

    assert names(target) == ["model.bin"]


@pytest.mark.parametrize("mode", ["xb", "x"])
def test_mode_x_makes_a_new_file_and_refuses_to_replace(tmp_path, mode):
    path = tmp_path / "file"

    with atomic_write(path, mode) as file:
        file.write("new" if mode == "x" else b"new")

    with pytest.raises(UsageError, match="exists already") as caught, atomic_write(path, mode):
        pass
    assert (caught.value.code, path.read_text(), names(path)) == ("file_exists", "new", ["file"])


def test_mode_x_yields_to_a_file_that_came_meanwhile(tmp_path):
    path = tmp_path / "file"

    with pytest.raises(UsageError, match="exists already"), atomic_write(path, "x"):
        path.write_text("theirs")

    assert (path.read_text(), names(path)) == ("theirs", ["file"])


@posix
def test_the_next_write_takes_away_what_a_killed_writer_left(target):
    target.with_name(".model.bin.0.gw-tmp").write_bytes(b"half")

    with atomic_write(target) as file:
        file.write(b"new")

    assert names(target) == ["model.bin"]


@posix
def test_what_a_living_writer_is_writing_is_left_alone(target):
    with atomic_write(target) as first:
        first.write(b"first")
        with atomic_write(target) as second:
            second.write(b"second")
        between = target.read_bytes()

    assert (between, target.read_bytes()) == (b"second", b"first")
    assert names(target) == ["model.bin"]


@posix
def test_a_link_in_the_place_of_the_temporary_file_is_not_followed(target, tmp_path):
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    target.with_name(".model.bin.0.gw-tmp").symlink_to(victim)

    with atomic_write(target) as file:
        file.write(b"new")

    assert (victim.read_bytes(), target.read_bytes()) == (b"precious", b"new")


@posix
def test_a_file_system_without_locks_is_still_written_atomically(target, monkeypatch):
    def refuse(descriptor, *, wait=False):
        raise OSError(errno.EOPNOTSUPP, "no locks")

    monkeypatch.setattr("groundwork.storage._temporary.lock_descriptor", refuse)
    target.with_name(".model.bin.0.gw-tmp").write_bytes(b"perhaps alive")

    with atomic_write(target) as file:
        file.write(b"new")

    assert (target.read_bytes(), names(target)) == (b"new", [".model.bin.0.gw-tmp", "model.bin"])


@posix
def test_a_writer_whose_file_was_swept_before_it_was_locked_takes_another(target, monkeypatch):
    from groundwork.storage import _temporary

    real, calls = _temporary.lock_descriptor, []

    def lose_once(descriptor, *, wait=False):
        calls.append(descriptor)
        if len(calls) == 1:
            target.with_name(".model.bin.0.gw-tmp").unlink()
        return real(descriptor, wait=wait)

    monkeypatch.setattr(_temporary, "lock_descriptor", lose_once)

    with atomic_write(target) as file:
        file.write(b"new")

    assert (target.read_bytes(), names(target)) == (b"new", ["model.bin"])


def refuse_chown(monkeypatch, *theirs):
    """Let these of a file's ids be somebody else's, whom the system does not let us give a file to."""
    real = os.fstat

    def fstat(descriptor):
        status = list(real(descriptor))
        for place in theirs:
            status[place] += 1
        return os.stat_result(status)

    def refuse(descriptor, uid, gid):
        raise PermissionError(errno.EPERM, "no")

    monkeypatch.setattr(os, "fstat", fstat)
    monkeypatch.setattr(os, "fchown", refuse)


@posix
def test_a_group_that_cannot_be_kept_gains_nothing(target, monkeypatch):
    target.chmod(0o664)
    refuse_chown(monkeypatch, stat.ST_GID)

    with atomic_write(target) as file:
        file.write(b"new")

    assert target.stat().st_mode & 0o7777 == 0o644


@pytest.mark.skipif(sys.platform != "linux", reason="extended attributes of Linux")
def test_extended_attributes_are_kept(target):
    try:
        os.setxattr(target, "user.origin", b"here")
    except OSError:
        pytest.skip("this file system has no extended attributes")

    with atomic_write(target) as file:
        file.write(b"new")

    assert os.getxattr(target, "user.origin") == b"here"


@posix
@pytest.mark.parametrize("when", ["unlink", "lstat"])
def test_a_stale_file_that_vanishes_or_cannot_be_removed_does_not_stop_a_write(target, monkeypatch, when):
    stale = target.with_name(".model.bin.0.gw-tmp")
    stale.write_bytes(b"half")
    real = getattr(os, when)

    def interfered(path, **kwargs):
        if os.fspath(path) == str(stale) and stale.exists():
            if when == "lstat":
                os.unlink(path)
            else:
                raise PermissionError(errno.EPERM, "no")
        return real(path, **kwargs)

    monkeypatch.setattr(os, when, interfered)

    with atomic_write(target) as file:
        file.write(b"new")

    assert target.read_bytes() == b"new"


@posix
def test_what_several_writers_left_that_were_killed_together_is_taken_away(target):
    for slot in (0, 1, 3):
        target.with_name(f".model.bin.{slot}.gw-tmp").write_bytes(b"half")

    with atomic_write(target) as file:
        file.write(b"new")

    assert names(target) == ["model.bin"]


@posix
def test_a_writer_that_gives_up_leaves_a_later_writers_temporary_file_alone(target, monkeypatch):
    real, others = os.close, []

    def close(descriptor):
        # The lock is let go here; another writer takes the same name at once.
        real(descriptor)
        if not others:
            others.append(atomic_write(target))
            others[0].__enter__().write(b"theirs")

    with pytest.raises(ZeroDivisionError), atomic_write(target):
        monkeypatch.setattr(os, "close", close)
        raise ZeroDivisionError
    others[0].__exit__(None, None, None)

    assert (target.read_bytes(), names(target)) == (b"theirs", ["model.bin"])


def test_a_body_that_goes_on_after_a_refused_write_publishes_nothing(target, arm):
    from groundwork import _failpoints

    arm("storage.atomic_write.write", errno.ENOSPC)

    with pytest.raises(StorageError, match="No space left"), atomic_write(target) as file:
        try:
            file.write(b"x" * 1_000_000)
        except StorageError:
            _failpoints.disarm("storage.atomic_write.write")
            file.write(b"the rest")

    assert (target.read_bytes(), names(target)) == (b"old", ["model.bin"])


@posix
def test_a_file_made_private_while_its_successor_is_written_stays_private(target):
    target.chmod(0o644)

    with atomic_write(target) as file:
        file.write(b"new")
        target.chmod(0o600)

    assert target.stat().st_mode & 0o7777 == 0o600


@posix
def test_an_owner_that_cannot_be_kept_lends_no_rights(target, monkeypatch):
    target.chmod(0o6755)
    refuse_chown(monkeypatch, stat.ST_UID, stat.ST_GID)

    with atomic_write(target) as file:
        file.write(b"new")

    assert target.stat().st_mode & 0o7777 == 0o755


@posix
def test_an_owner_is_kept_even_where_the_group_cannot_be(target, monkeypatch):
    owners = []

    def change(descriptor, uid, gid):
        if gid != -1:
            raise PermissionError(errno.EPERM, "no")
        owners.append(uid)

    target.chmod(0o4755)
    refuse_chown(monkeypatch, stat.ST_UID, stat.ST_GID)
    monkeypatch.setattr(os, "fchown", change)

    with atomic_write(target) as file:
        file.write(b"new")

    assert ([target.stat().st_uid], 0o4755) == (owners, target.stat().st_mode & 0o7777)


@posix
def test_a_mode_that_is_right_already_is_not_set_again(target, monkeypatch):
    def refuse(descriptor, mode):
        raise PermissionError(errno.EPERM, "a file system without modes")

    target.chmod(0o600)
    monkeypatch.setattr(os, "fchmod", refuse)

    with atomic_write(target) as file:
        file.write(b"new")

    assert target.read_bytes() == b"new"


@posix
def test_a_link_to_the_folder_may_change_during_the_write(target, tmp_path):
    (tmp_path / "next").mkdir()
    (tmp_path / "first").mkdir()
    latest = tmp_path / "latest"
    latest.symlink_to("first")

    with atomic_write(latest / "file") as file:
        file.write(b"new")
        latest.unlink()
        latest.symlink_to("next")

    assert (os.listdir(tmp_path / "first"), os.listdir(tmp_path / "next")) == (["file"], [])


@posix
def test_each_write_follows_the_links_as_they_are_then(tmp_path, monkeypatch):
    monkeypatch.setattr("groundwork.storage._temporary._FOLDERS_KNOWN", 1)
    monkeypatch.setattr("groundwork.storage._temporary._folders", {})
    latest = tmp_path / "latest"
    for run in ("first", "next", "next"):
        (tmp_path / run).mkdir(exist_ok=True)
        latest.unlink(missing_ok=True)
        latest.symlink_to(run)
        with atomic_write(latest / "file", "w") as file:
            file.write(run)

    assert [(tmp_path / run / "file").read_text() for run in ("first", "next")] == ["first", "next"]


@posix
def test_a_relative_path_means_the_folder_in_which_the_write_began(tmp_path, monkeypatch):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        monkeypatch.chdir(tmp_path / folder)
        with atomic_write("file", "w") as file:
            os.chdir(tmp_path)
            file.write(folder)

    assert [(tmp_path / folder / "file").read_text() for folder in ("a", "b")] == ["a", "b"]


@pytest.mark.parametrize("path", ["folder/", "a\0b"])
def test_a_path_that_names_no_file_is_refused(path):
    with pytest.raises(UsageError, match="does not name a file"), atomic_write(path):
        pass


@posix
def test_a_close_that_is_refused_keeps_the_old_file_where_nothing_is_synced(target, monkeypatch):
    def refuse(descriptor):
        monkeypatch.undo()
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(StorageError, match="No space left"), atomic_write(target, durable=False) as file:
        file.write(b"new")
        monkeypatch.setattr(os, "dup", refuse)

    assert (target.read_bytes(), names(target)) == (b"old", ["model.bin"])
