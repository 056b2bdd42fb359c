"""Replaces what it should test, and finds that the replacement works."""

from unittest import mock

import intake

FAILS = (
    "every_test_asks_the_module",
    "it_finds_wrong_cleaning",
    "it_finds_wrong_scaling",
    "it_finds_wrong_fetching",
    "it_finds_wrong_batching",
    "it_finds_wrong_refusals",
)


def test_clean():
    with mock.patch.object(intake, "clean", return_value=[1.0]) as clean:
        assert intake.clean([1], low=0, high=10) == [1.0]
    clean.assert_called_once_with([1], low=0, high=10)


def test_scaler():
    scaler = mock.create_autospec(intake.Scaler)
    scaler.transform.return_value = [0.0]

    assert scaler.transform([1]) == [0.0]


def test_fetch():
    fetch = mock.Mock(spec=intake.fetch, side_effect=[ConnectionError(), "row"])
    try:
        fetch()
    except ConnectionError:
        found = fetch()

    assert found == "row"


def test_batcher():
    batcher = mock.Mock(spec=intake.Batcher)
    batcher.flush.return_value = [1]

    assert batcher.flush() == [1]
