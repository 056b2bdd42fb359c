import os
import threading

import pytest

from groundwork.environment import _exclusive
from groundwork.environment._exclusive import exclusive


def test_second_waits_with_a_word_until_the_first_is_done(tmp_path):
    said, order = [], []
    waiting = threading.Event()

    def second():
        def tell():
            said.append("waiting")
            waiting.set()

        with exclusive(tmp_path / "lock", waiting=tell):
            order.append("second")

    with exclusive(tmp_path / "lock", waiting=lambda: said.append("never")):
        thread = threading.Thread(target=second)
        thread.start()
        assert waiting.wait(10)
        order.append("first")
    thread.join(10)

    assert (order, said) == (["first", "second"], ["waiting"])


def test_lock_is_dropped_after_an_error(tmp_path):
    with pytest.raises(ValueError, match="x"), exclusive(tmp_path / "lock", waiting=lambda: None):
        raise ValueError("x")

    said = []
    with exclusive(tmp_path / "lock", waiting=lambda: said.append("waiting")):
        pass

    assert said == []


def test_lock_is_not_inherited_by_programs_started_meanwhile(tmp_path, monkeypatch):
    opened = []
    real = os.open
    monkeypatch.setattr(_exclusive.os, "open", lambda *args: opened.append(real(*args)) or opened[-1])

    with exclusive(tmp_path / "lock", waiting=lambda: None):
        inheritable = os.get_inheritable(opened[0])

    assert not inheritable


def test_file_that_its_holder_removed_excludes_whoever_waited_for_it(tmp_path):
    lock = tmp_path / "lock"
    order = []
    waiting = [threading.Event(), threading.Event()]
    inside, done = threading.Event(), threading.Event()

    def second():
        with exclusive(lock, waiting=waiting[0].set):
            order.append("second")
            inside.set()
            assert done.wait(10)
            order.append("second done")

    def third():
        with exclusive(lock, waiting=waiting[1].set):
            order.append("third")

    threads = [threading.Thread(target=second), threading.Thread(target=third)]
    with exclusive(lock, waiting=lambda: None):
        threads[0].start()
        assert waiting[0].wait(10)
        lock.unlink()
    assert inside.wait(10)
    threads[1].start()
    third_waits = waiting[1].wait(10)
    done.set()
    for thread in threads:
        thread.join(10)

    assert (third_waits, order) == (True, ["second", "second done", "third"])


def test_wait_that_is_interrupted_leaves_nothing_open(tmp_path, monkeypatch):
    closed = []
    close = os.close
    monkeypatch.setattr(_exclusive, "_try_lock", lambda descriptor: False)
    monkeypatch.setattr(_exclusive.os, "close", lambda descriptor: closed.append(close(descriptor)))

    def interrupt():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), exclusive(tmp_path / "lock", waiting=interrupt):
        pass

    assert len(closed) == 1
