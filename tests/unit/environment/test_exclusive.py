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
