import logging

import numpy as np
import pytest

from groundwork.errors import ContractBroken
from groundwork.testing.contracts._mod_scenes import Shown, expect_number, expect_numbers, listening


def test_a_logger_of_the_scene_hears_what_its_level_lets_through_and_nothing_afterwards():
    with listening(logging.INFO) as (logger, seen):
        logger.debug("no")
        logger.info("rows: %s", 3)
    logger.info("too late")

    assert seen.texts() == ["rows: 3"]


def test_two_scenes_have_two_loggers():
    with listening() as (one, _), listening() as (other, _):
        assert one is not other


def test_an_argument_counts_how_often_it_is_written_out():
    shown = Shown()

    assert (f"{shown!r}", str(shown), shown.times) == ("Shown()", "Shown()", 2)


@pytest.mark.parametrize(
    ("found", "expected", "sentence"),
    [
        ([1.0], [1.0], "found a list; expected a numpy array"),
        (np.ones((2, 1)), [1.0, 1.0], r"found shape \(2, 1\); expected \(2,\)"),
        (np.array([1.0, 2.0]), [1.0, np.nan], r"found \[1.0, 2.0\]; expected \[1.0, nan\]"),
        (np.zeros(90), np.ones(90), r"\.\.\.; expected \[1.0"),
    ],
)
def test_numbers_that_are_others_are_told(found, expected, sentence):
    with pytest.raises(ContractBroken, match=sentence):
        expect_numbers(found, expected, "a column")


def test_missing_numbers_are_equal():
    expect_numbers(np.array([1.0, np.nan]), [1.0, np.nan], "a column")


def test_one_number_is_compared_within_its_tolerance():
    expect_number(2.0000000001, 2.0, "r2")

    with pytest.raises(ContractBroken, match=r"r2: found nan; expected 2"):
        expect_number(float("nan"), 2.0, "r2")
