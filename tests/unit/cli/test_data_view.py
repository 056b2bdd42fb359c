"""Tables of data on a terminal."""

import types

import pytest

from groundwork.cli import _data_view
from groundwork.cli._data_view import clean, many, number, reading, share, show_table, spark, working


def test_columns_are_aligned_and_the_last_is_cut_to_what_fits(capsys):
    show_table(("a", "n", "what"), [("x", "1", "y" * 300), ("long", "23", "z")], right=(1,))

    head, first, second = capsys.readouterr().out.splitlines()
    assert "a      n  what" == head
    assert (200, "…") == (len(first), first[-1])
    assert "long  23  z" == second


@pytest.mark.parametrize("width", [40, 60, 80])
def test_no_line_is_wider_than_the_terminal(capsys, monkeypatch, width):
    monkeypatch.setattr(_data_view, "Console", lambda **_: types.SimpleNamespace(is_terminal=True, width=width))

    show_table(("column", "type", "what"), [("n" * 50, "Int64", "y" * 90), ("x", "t" * 30, "z")])

    lines = capsys.readouterr().out.splitlines()
    assert width == max(map(len, lines))
    assert "…" in lines[1]


@pytest.mark.parametrize(
    ("value", "shown"),
    [(2013, "2013"), (12_345, "12,345"), (12_345.67, "12,345.7"), (0.5, "0.5"), (None, ""), (True, "True"), ("x", "x")],
)
def test_numbers_are_written_for_people(value, shown):
    assert shown == number(value)


def test_shares_and_counts_are_written_for_people():
    assert ["<0.1%", "2.5%", "12%", "0%"] == [share(1, 10_000), share(25, 1000), share(12, 100), share(1, 0)]
    assert ["1 row", "2 rows"] == [many(1, "row"), many(2, "row")]


def test_what_a_terminal_would_obey_is_taken_out():
    assert "a·[31m·é" == clean("a\x1b[31m\né")


def test_a_histogram_is_a_line_of_blocks_where_they_can_be_shown(monkeypatch):
    monkeypatch.setenv("PYTHONIOENCODING", "utf-8")

    assert spark([0, 1, 8, 4]) in (" ▂█▅", "")
    assert spark([1] * 20) in ("█" * 10, "")
    assert spark([1] * 31) in ("█" * 10 + "▃", "")


def test_off_a_terminal_nothing_is_shown(capsys):
    with reading("reading") as progress, working("working"):
        assert progress is None

    assert ("", "") == capsys.readouterr()
