"""FileLock: exclusive, and gone with its process."""

import errno
import os
import sys
from pathlib import Path

import pytest

from groundwork.errors import Locked, StorageError
from groundwork.storage import FileLock, _lock


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "lock"


def test_one_of_two_gets_the_lock(path):
    first, second = FileLock(path), FileLock(path)

    assert [first.acquire(), second.acquire()] == [True, False]


def test_a_lock_cannot_be_taken_twice_even_by_its_holder(path):
    lock = FileLock(path)

    assert [lock.acquire(), lock.acquire()] == [True, False]


def test_a_released_lock_is_free_again(path):
    first, second = FileLock(path), FileLock(path)
    first.acquire()

    first.release()
    first.release()

    assert second.acquire()


def test_held_tells_the_state_and_does_not_change_it(path):
    lock = FileLock(path)

    seen = [FileLock.held(path), lock.acquire(), FileLock.held(path), FileLock.held(path)]
    lock.release()

    assert [*seen, FileLock.held(path)] == [False, True, True, True, False]


def test_with_raises_locked_and_names_the_holder(path):
    with FileLock(path), pytest.raises(Locked, match=f"process {os.getpid()} holds") as caught, FileLock(path):
        pass

    assert caught.value.hint


def test_with_lets_go_after_an_error(path):
    with pytest.raises(ZeroDivisionError), FileLock(path):
        raise ZeroDivisionError

    assert not FileLock.held(path)


def test_a_holder_that_left_no_number_is_another_process(path):
    lock = FileLock(path)
    lock.acquire()
    path.write_text("garbage")

    with pytest.raises(Locked, match="another process holds"), FileLock(path):
        pass


def test_a_lock_that_is_forgotten_is_let_go(path):
    lock = FileLock(path)
    lock.acquire()

    del lock

    assert not FileLock.held(path)


def test_a_glance_by_held_does_not_make_an_acquirer_fail(path, monkeypatch):
    answers = iter([False, False, True])
    monkeypatch.setattr(_lock, "lock_descriptor", lambda descriptor, wait=False: next(answers))
    monkeypatch.setattr(_lock.time, "sleep", lambda seconds: None)

    assert FileLock(path).acquire()


def test_a_lock_file_that_cannot_be_made_is_named(path):
    path.parent.write_text("a file")

    with pytest.raises(StorageError, match="lock: cannot lock"):
        FileLock(path).acquire()


def test_a_file_system_without_locks_is_an_error_not_a_lock(path, monkeypatch):
    def refuse(descriptor, *, wait=False):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(_lock, "lock_descriptor", refuse)

    with pytest.raises(StorageError, match="cannot lock"):
        FileLock(path).acquire()


def test_held_can_look_at_a_lock_that_it_may_only_read(path, monkeypatch):
    lock = FileLock(path)
    lock.acquire()
    real = os.open

    def readonly(name, flags, *mode):
        if flags & os.O_RDWR:
            raise PermissionError(errno.EACCES, "no")
        return real(name, flags, *mode)

    monkeypatch.setattr(os, "open", readonly)

    assert FileLock.held(path)


def test_exclusive_gives_up_when_the_system_does(tmp_path, monkeypatch):
    monkeypatch.setattr(_lock, "lock_descriptor", lambda descriptor, wait=False: False)

    with pytest.raises(Locked, match="too long"), _lock.exclusive(tmp_path / "lock"):
        pass


@pytest.mark.skipif(sys.platform == "win32", reason="fork")
def test_a_forked_child_lets_go_of_its_copy(path):
    lock = FileLock(path)
    lock.acquire()

    _lock._forget_all()  # what the child runs; here it lets go of ours

    assert not FileLock.held(path)


@pytest.mark.skipif(sys.platform == "win32", reason="descriptors are not inherited there")
def test_a_started_program_does_not_inherit_the_lock(path):
    lock = FileLock(path)
    lock.acquire()

    assert not os.get_inheritable(lock._descriptor)


@pytest.mark.skipif(sys.platform == "win32", reason="stands in for Windows")
def test_waiting_for_too_long_is_said_as_windows_says_it(tmp_path, monkeypatch):
    import fcntl

    def give_up(descriptor, operation):
        raise OSError(errno.EDEADLK, os.strerror(errno.EDEADLK))

    monkeypatch.setattr(fcntl, "flock", give_up)

    with pytest.raises(Locked, match="too long"), _lock.exclusive(tmp_path / "lock"):
        pass
