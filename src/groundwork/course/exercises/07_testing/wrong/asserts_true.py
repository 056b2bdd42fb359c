"""Calls everything and asserts what is always true."""

from intake import Batcher, Scaler, clean, fetch

FAILS = (
    "every_test_asserts",
    "it_finds_wrong_cleaning",
    "it_finds_wrong_scaling",
    "it_finds_wrong_fetching",
    "it_finds_wrong_batching",
    "it_finds_wrong_refusals",
)


def test_clean():
    clean([1, None, 30], low=0, high=10)
    assert True


def test_scaler():
    Scaler().fit([1, 3]).transform([1, 3])
    assert 1 + 1 == 2, "arithmetic"


def test_fetch():
    if fetch(lambda: "row") is None:
        assert fetch(lambda: "row") == "row"


def test_batcher():
    assert "a batcher" and (Batcher(2, 60).flush() or True) is not None or True
