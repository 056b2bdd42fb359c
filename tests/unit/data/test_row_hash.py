"""Hashes of rows: equal rows alike, others not, the same everywhere."""

import datetime
import decimal
import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.data._row_hash import collision_probability, row_hashes
from groundwork.errors import InvalidDataError

EXPECTED = [(7239883356857368184, 3200142389880417953), (10612602135368916824, 10758759128357222434)]


def hashes(frame):
    return list(zip(*(lane.tolist() for lane in row_hashes(frame)), strict=True))


def test_the_hash_is_the_same_in_every_version():
    frame = pl.DataFrame({"a": [1, None], "b": ["x", "longer than a word"], "c": [0.5, math.nan]})

    assert hashes(frame) == EXPECTED


values = {
    "whole": st.integers(-(2**63), 2**63 - 1),
    "fraction": st.floats(),
    "text": st.text(max_size=20),
    "bytes": st.binary(max_size=20),
    "truth": st.booleans(),
    "list": st.lists(st.none() | st.sampled_from(["", "a", "aa"]), max_size=3),
}
schema = {
    "whole": pl.Int64,
    "fraction": pl.Float64,
    "text": pl.String,
    "bytes": pl.Binary,
    "truth": pl.Boolean,
    "list": pl.List(pl.String),
}
rows = st.lists(st.tuples(*(st.none() | each for each in values.values())), min_size=1, max_size=12)


@settings(deadline=None, max_examples=50)
@given(rows, st.integers(1, 12))
def test_rows_share_a_hash_exactly_where_polars_finds_them_equal(rows, size):
    frame = pl.DataFrame([*rows, *rows[::2]], schema=schema, orient="row")

    found = [each for piece in frame.iter_slices(size) for each in hashes(piece)]

    at = frame.with_row_index("at").select(pl.col("at").min().over(frame.columns))["at"].to_list()
    firsts: dict[tuple, int] = {}
    assert [firsts.setdefault(each, place) for place, each in enumerate(found)] == at


@pytest.mark.parametrize(
    "values",
    [
        [1, 2, None, 0],
        [datetime.date(2013, 1, 1), datetime.date(2013, 1, 2), None],
        [datetime.timedelta(1), None, datetime.timedelta(0)],
        [datetime.time(1), None, datetime.time(0)],
        [decimal.Decimal("1.5"), None, decimal.Decimal("0.0")],
        [b"", b"\0", b"\0\0", None, b"1234567", b"12345678", b"12345678\0"],
        ["", "\0", "\0\0", None, "abcdefg", "abcdefgh", "abcdefgh\0", "é", "hgfedcba", "abcdefghhgfedcba"],
        [[1], [1, None], [None, 1], [], None, [None], [2]],
        [[[1]], [[1], []], [[], [1]], [[]], []],
        [{"a": 1, "b": None}, {"a": None, "b": 1}, {"a": 1, "b": 1}],
    ],
)
def test_different_values_have_different_hashes(values):
    found = hashes(pl.DataFrame({"v": values}))

    assert len(set(found)) == len(values)


@pytest.mark.parametrize("dtype", [pl.Categorical, pl.Enum(["a", "b"]), pl.String])
def test_categories_are_what_their_text_is(dtype):
    assert hashes(pl.DataFrame({"v": pl.Series(["a", "b", None], dtype=dtype)})) == hashes(
        pl.DataFrame({"v": ["a", "b", None]})
    )


@pytest.mark.parametrize("dtype", [pl.UInt64, pl.Int128, pl.Int8, pl.Float32, pl.Array(pl.Int8, 2), pl.Null])
def test_every_type_is_hashed(dtype):
    cells = {pl.Array(pl.Int8, 2): [[1, 2], [2, 1], [1, 2]], pl.Null: [None, None, None]}.get(dtype, [1, 2, 1])

    found = hashes(pl.DataFrame({"v": pl.Series(cells, dtype=dtype)}))

    assert found[0] == found[2]
    assert (found[0] == found[1]) == (dtype == pl.Null)


def test_moved_values_make_another_row():
    frame = pl.DataFrame({"a": [1, 2, None, 7], "b": [2, 1, 7, None]})

    assert len(set(hashes(frame))) == 4


def test_many_columns_keep_their_missing_values_apart():
    frame = pl.DataFrame({f"c{at}": [None if at == row else 0 for row in range(130)] for at in range(130)})

    assert len(set(hashes(frame))) == 130


def test_each_half_is_spread_evenly():
    count = 200_000
    frame = pl.DataFrame({"a": np.arange(count) % 400, "b": np.arange(count) // 400})

    for lane in row_hashes(frame):
        for half in (lane >> np.uint64(32), lane & np.uint64(2**32 - 1)):
            # Of so many random numbers of 32 bits about 4.7 are there already.
            assert count - len(np.unique(half)) < 20


def test_python_objects_are_refused():
    with pytest.raises(InvalidDataError, match="column v holds Python objects"):
        row_hashes(pl.DataFrame({"v": pl.Series([object()], dtype=pl.Object)}))


def test_the_chance_of_a_mistake_is_bounded():
    assert collision_probability(10**9) == pytest.approx(1.5e-21, rel=0.05)


def test_signs_and_powers_of_two_do_not_cancel_each_other():
    steps = [sign * 2.0**power * (1 + part * 2**-21) for sign in (1, -1) for power in range(-6, 7) for part in (0, 1)]
    grid = pl.DataFrame([(x, y) for x in steps for y in steps], schema=["x", "y"], orient="row")

    assert grid.height == len(set(hashes(grid)))


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.integers(0, 63), min_size=1, max_size=2), st.lists(st.integers(0, 63), max_size=3), st.integers(0, 99)
)
def test_rows_that_differ_by_any_few_bits_differ_in_both_lanes(first, second, seed):
    values = np.random.default_rng(seed).integers(0, 2**64, (1000, 2), np.uint64)
    flipped = values ^ np.array([sum({1 << bit for bit in bits}) for bits in (first, second)], np.uint64)

    one, other = (row_hashes(pl.DataFrame(each, schema=["x", "y"])) for each in (values, flipped))

    assert [0, 0] == [int((a == b).sum()) for a, b in zip(one, other, strict=True)]


@pytest.mark.parametrize(
    "columns",
    [
        {"id": range(1000), "flag": [0] * 1000, "meta": [{"id": at} for at in range(1000)]},
        {"src": [5, 7], "flag": [False, False], "dst": [{"id": 7}, {"id": 5}]},
        {"src": [5, 7], "dst": [{"id": 7}, {"id": 5}]},
        {"a": [{"x": {"y": at}, "z": {"y": at}} for at in range(100)]},
        {"a": [[at] for at in range(100)], "b": [{"a": [at]} for at in range(100)]},
    ],
)
def test_a_struct_never_takes_back_what_its_neighbours_say(columns):
    frame = pl.DataFrame({name: list(cells) for name, cells in columns.items()})

    assert frame.height == len(set(hashes(frame)))
