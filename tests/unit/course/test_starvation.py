"""What a busy machine takes from a process."""

import os
import sys

import pytest

from groundwork.course import _starvation
from groundwork.course._starvation import Starvation


@pytest.fixture
def waited(monkeypatch):
    """Seconds that each thread has waited so far; the test moves them."""
    seconds = {}
    monkeypatch.setattr(Starvation, "_waited", lambda self: {name: int(s * 1e9) for name, s in seconds.items()})
    return seconds


def test_of_those_that_waited_at_once_the_longest_counts(waited):
    waited.update(a=1.0, b=2.0)
    starvation = Starvation(1)

    waited.update(a=1.5, b=2.25)

    assert [0.5, 0.0] == [starvation.look(), starvation.look()]


def test_a_new_one_has_waited_since_it_began(waited):
    starvation = Starvation(1)

    waited.update(new=0.125)

    assert 0.125 == starvation.look()


def test_one_that_ended_is_forgotten(waited):
    waited.update(a=1.0)
    starvation = Starvation(1)

    waited.clear()

    assert 0.0 == starvation.look()


@pytest.mark.skipif(sys.platform != "linux", reason="read in /proc")
def test_linux_tells_it_of_every_thread():
    assert str(os.getpid()) in Starvation(os.getpid())._known


def test_where_the_system_does_not_tell_nothing_was_lost(monkeypatch):
    def refuse(*_):
        raise OSError("no /proc")

    monkeypatch.setattr(_starvation.os, "listdir", refuse)

    assert 0.0 == Starvation(os.getpid()).look()
