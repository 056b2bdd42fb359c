from functools import partial
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from groundwork.errors import ContractBroken
from groundwork.testing import Crash, moment_from
from groundwork.testing._moment import describe, moment_of


class Foreign:
    """Of an implementation: nothing of it may be called."""

    def __repr__(self):
        raise AssertionError("it was asked")

    __str__ = __len__ = __iter__ = __repr__


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "None"),
        (0.5, "0.5"),
        ("a\n", r"'a\n'"),
        ("x" * 100, f"{'x' * 20!r}... (100 characters)"),
        (b"x" * 100, f"{b'x' * 20!r}... (100 bytes)"),
        (10**100, f"{str(10**100)[:12]}... (101 digits)"),
        ((1,), "(1,)"),
        (list(range(100)), "[0, 1, 2, 3, 4, 5, 6, 7, ... (100 in all)]"),
        ([[[[1]]]], "[[[[...]]]]"),
        ({"a": [1]}, "{'a': [1]}"),
        ({n: n for n in range(9)}, "{0: 0, 1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 6, 7: 7, ... (9 in all)}"),
        ({1}, "{1}"),
        (set(), "set()"),
        (range(3), "range(0, 3)"),
        (Path("folder", "a.json"), "'a.json'"),
        (KeyError("column"), "KeyError('column')"),
        (ConnectionError, "ConnectionError"),
        (partial(min, 1, key=len), "min(1, key=<builtin_function_or_method>)"),
        (np.array([1.5, 2.0]), "array [1.5, 2]"),
        (np.float64(0.5), "0.5"),
        (np.zeros((2, 9)), "array [0, 0, 0, ...] of shape (2, 9)"),
        (pl.DataFrame({"a": [1, 2]}), "table of 2 rows (a=[1, 2])"),
        (pl.DataFrame({"a": range(9)}), "table of 9 rows (a=[0, 1, ...])"),
        (pl.Series([1]), "column [1]"),
        (Crash("fsync", 3, Path()), "killed before call 3, fsync"),
        (len, None),
    ],
)
def test_data_are_described_on_a_line_and_nothing_else_is_asked(value, text):
    assert text == describe(value)


def test_of_what_is_no_data_only_the_class_is_named():
    assert "[<Foreign>]" == describe([Foreign()])
    assert (None, None) == (describe(Foreign()), describe(Foreign))


def test_the_moment_has_each_function_of_the_check_that_was_running():
    def check(limit):
        def holds(items):
            raise ContractBroken(f"{items} of {limit}")

        holds([1])

    try:
        check(2)
    except ContractBroken as broken:
        moment = moment_of(broken, check)

    assert [{"limit": "2"}, {"items": "[1]", "limit": "2"}] == [variables for _, variables in moment]
    assert moment[0][0] > moment[1][0]


def test_permission_bits_are_written_as_people_write_them():
    def check(bits, mask):
        raise ContractBroken(f"{bits} {mask}")

    try:
        check(0o640, 0o022)
    except ContractBroken as broken:
        [(_, variables)] = moment_of(broken, check)

    assert {"bits": "0640", "mask": "022"} == variables


def test_what_another_process_tells_is_cut_down_to_what_a_moment_is():
    told = [[3, {"rows": "7", "n": 7}], [4, None], "x", [5], [True, {}], [6, {"text": "\x1b[2Jgone\n"}]]

    assert [(3, {"rows": "7"}), (6, {"text": "?[2Jgone?"})] == moment_from(told)
    assert [] == moment_from(None) == moment_from("moment")
    assert {} == moment_from([[1, {"long": "x" * 10**6}]])[0][1]
