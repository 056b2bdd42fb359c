"""What is seen of a long command while it runs."""

import re

import pytest

from groundwork.cli import _learn_count
from groundwork.cli._learn_count import _Count, counting
from groundwork.testing import VirtualClock


@pytest.fixture
def clock():
    return VirtualClock()


def test_a_terminal_shows_a_bar_at_each_that_is_done(clock, capsys):
    count = _Count(4, terminal=True, clock=clock.monotonic)

    clock.advance(3)
    count.tell("writes_the_bytes")
    count.remove()

    line = f"{'#' * 5}{'.' * 15}  1/4  3 s  writes_the_bytes"
    assert f"\r{line}\r{' ' * len(line)}\r" == capsys.readouterr().err


def test_a_shorter_line_leaves_nothing_of_a_longer_one(clock, capsys):
    count = _Count(4, terminal=True, clock=clock.monotonic)

    count.tell("writes_the_bytes")
    count.tell("short")

    assert capsys.readouterr().err.endswith(f"2/4  0 s  short{' ' * len('writes_the_')}")


def test_a_narrow_terminal_has_one_line_of_it(clock, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "30")
    count = _Count(4, terminal=True, clock=clock.monotonic)

    count.tell("writes_the_bytes")

    assert f"\r{'#' * 5}{'.' * 15}  1/4  0" == capsys.readouterr().err


def test_elsewhere_a_line_now_and_then_says_how_far_it_is(clock, capsys):
    count = _Count(4, terminal=False, clock=clock.monotonic)

    count.tell("writes_the_bytes")
    clock.advance(10)
    count.show()
    count.remove()

    assert "1 of 4 after 10 s\n" == capsys.readouterr().err


def test_it_is_shown_while_nothing_is_done_too(monkeypatch, capsys):
    monkeypatch.setattr(_learn_count, "_ELSEWHERE_S", 0.001)

    with counting(17):
        shown = ""
        while not shown:
            shown = capsys.readouterr().err

    assert re.match(r"0 of 17 after \d+ s\n", shown)


def test_a_short_command_says_nothing_elsewhere(capsys):
    with counting(1) as tell:
        tell("x")

    assert "" == capsys.readouterr().err
