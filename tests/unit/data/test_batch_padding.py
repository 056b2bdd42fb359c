"""Padding: nothing cut, nothing guessed."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.data import BatchLoader
from groundwork.data._batch_padding import Padding
from groundwork.errors import ConfigurationError, InvalidDataError

TOKENS = pl.DataFrame({"tokens": [[5, 6], [], None, [7]]}, schema={"tokens": pl.List(pl.Int32)})


def test_lists_are_filled_up_to_the_longest_and_lengths_and_mask_stand_beside():
    padded = Padding({"tokens": -1}, TOKENS.schema)(TOKENS)

    assert padded.to_dict(as_series=False) == {
        "tokens": [[5, 6], [-1, -1], [-1, -1], [7, -1]],
        "tokens_length": [2, 0, 0, 1],
        "tokens_mask": [[True, True], [False, False], [False, False], [True, False]],
    }
    assert padded.schema["tokens"] == pl.Array(pl.Int32, 2)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.none() | st.lists(st.integers(-9, 9), max_size=6), max_size=12))
def test_what_the_mask_shows_is_what_was_there(lists):
    frame = pl.DataFrame({"x": lists}, schema={"x": pl.List(pl.Int64)})

    padded = Padding({"x": 0}, frame.schema)(frame)

    shown = [
        [value for value, there in zip(values, mask, strict=True) if there]
        for values, mask in padded.select("x", "x_mask").rows()
    ]
    assert shown == [values or [] for values in lists]
    assert padded["x_length"].to_list() == [len(values or []) for values in lists]


@pytest.mark.parametrize(
    ("dtype", "lists", "fill", "expected"),
    [
        (pl.Float32, [[1.5], [2.5, 3.5]], 0.0, [[1.5, 0.0], [2.5, 3.5]]),
        (pl.Boolean, [[True], [True, False]], False, [[True, False], [True, False]]),
        (pl.UInt8, [[1], [2, 3]], 255, [[1, 255], [2, 3]]),
    ],
)
def test_numbers_and_booleans_keep_their_type(dtype, lists, fill, expected):
    frame = pl.DataFrame({"x": lists}, schema={"x": pl.List(dtype)})

    padded = Padding({"x": fill}, frame.schema)(frame)

    assert padded["x"].to_list() == expected
    assert padded.schema["x"] == pl.Array(dtype, 2)


@pytest.mark.parametrize("fill", [-1.5, "x", None, 2**70])
def test_a_value_that_does_not_fit_is_refused(fill):
    with pytest.raises(ConfigurationError, match="cannot pad tokens, whose values are Int32"):
        Padding({"tokens": fill}, TOKENS.schema)


@pytest.mark.parametrize(
    ("schema", "error", "words"),
    [
        ({"tokens": pl.List(pl.String)}, ConfigurationError, "cannot be padded"),
        ({"tokens": pl.Int64}, ConfigurationError, "cannot be padded"),
        ({"other": pl.List(pl.Int64)}, InvalidDataError, "no column 'tokens'"),
        ({"tokens": pl.List(pl.Int64), "tokens_mask": pl.Int64}, ConfigurationError, "tokens_mask"),
    ],
)
def test_what_cannot_be_padded_is_refused(schema, error, words):
    with pytest.raises(error, match=words):
        Padding({"tokens": 0}, pl.DataFrame(schema=schema).schema)


def test_a_missing_value_within_a_list_is_an_error():
    frame = pl.DataFrame({"tokens": [[1], [2, None]]})

    with pytest.raises(InvalidDataError, match=r"1 values within the lists of tokens are missing, as in \[2, None\]"):
        Padding({"tokens": 0}, frame.schema)(frame)


def test_a_loader_pads_each_batch_to_its_own_longest():
    frame = pl.DataFrame({"tokens": [[1], [2, 3], [4, 5, 6], [7]]})

    widths = [batch["tokens"].dtype.size for batch in BatchLoader(frame, 2, pad={"tokens": 0})]

    assert [2, 3] == widths
