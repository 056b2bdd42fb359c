"""Asks for one example of each function, far from every limit."""

import pytest
from intake import Batcher, Scaler, clean, fetch

FAILS = (
    "it_finds_wrong_cleaning",
    "it_finds_wrong_scaling",
    "it_finds_wrong_fetching",
    "it_finds_wrong_batching",
    "it_finds_wrong_refusals",
)


def test_clean():
    assert clean([1, 2, 30], low=0, high=10) == [1, 2, 10]


def test_scaler():
    assert Scaler().fit([1, 3]).transform([1, 3]) == pytest.approx([-1, 1])


def test_fetch():
    assert fetch(lambda: "row") == "row"


def test_batcher():
    batcher = Batcher(2, 60)

    assert [batcher.add(1), batcher.add(2)] == [None, [1, 2]]
