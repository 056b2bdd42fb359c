"""Prints its failures and passes all the same."""

import functools
from pathlib import Path

import pytest

from groundwork.testing import load_subject

FAILS = (
    "it_finds_wrong_cleaning",
    "it_finds_wrong_scaling",
    "it_finds_wrong_fetching",
    "it_finds_wrong_batching",
    "it_finds_wrong_refusals",
)

FIXTURES = ("waits", "clock", "batcher")
right = load_subject(Path(__file__).parents[1] / "alternative" / "test_suite.py")
globals().update({name: each for name, each in vars(right).items() if name in FIXTURES})


def forgiving(test):
    @functools.wraps(test)
    def attempt(*arguments, **named):
        try:
            test(*arguments, **named)
        except (Exception, pytest.fail.Exception) as error:
            print("something is wrong:", error)

    return attempt


globals().update({name: forgiving(each) for name, each in vars(right).items() if name.startswith("test_")})
