"""Near duplicates of numbers: by rounding, and by a tolerance that knows no borders."""

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.data import NearNumbers, _near_numbers, near_groups, near_pairs
from groundwork.errors import ConfigurationError, InvalidDataError

NUMBERS = st.one_of(
    st.none(),
    st.sampled_from([math.nan, math.inf, -math.inf, 1e300, 1e300 * 1.5, -0.0, 0.0]),
    st.integers(-20, 20).map(lambda tenths: tenths / 10),
)
ROWS = st.lists(st.tuples(NUMBERS, NUMBERS, st.sampled_from(["a", "b", None])), max_size=14)
SCHEMA = {"x": pl.Float64, "y": pl.Float64, "kind": pl.String}


def table(rows):
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def close(one, other, tolerance):
    if one is None or other is None:
        return one is other
    if math.isnan(one) or math.isnan(other):
        return math.isnan(one) and math.isnan(other)
    return one == other or abs(one - other) <= tolerance * (1 + 1e-9)


def connected(rows, near):
    first = list(range(len(rows)))
    for _ in rows:
        for one in range(len(rows)):
            for other in range(one):
                if near(rows[one], rows[other]):
                    first[one] = first[other] = min(first[one], first[other])
    return first


@settings(deadline=None, max_examples=50)
@given(ROWS, st.sampled_from([0.1, 0.25, 0.3]), st.booleans())
def test_groups_are_what_the_tolerance_connects(rows, tolerance, dense):
    near = NearNumbers(["x", "y"], tolerance={"y": 2 * tolerance, "x": tolerance}, equal="kind")

    with pytest.MonkeyPatch.context() as patch:
        if dense:
            # The way through the grid, in small steps, which only crowded data take.
            patch.setattr(_near_numbers, "_MOST_LISTED", -1)
            patch.setattr(_near_numbers, "_FEW", 2)
            patch.setattr(_near_numbers, "_MOST_AT_ONCE", 3)
            patch.setattr(_near_numbers, "_SLAB", 2)
        groups = near_groups(table(rows), near)

    def alike(one, other):
        return close(one[0], other[0], tolerance) and close(one[1], other[1], 2 * tolerance) and one[2] == other[2]

    assert connected(rows, alike) == groups.tolist()


@settings(deadline=None, max_examples=50)
@given(ROWS)
def test_pairs_are_near_and_connect_the_groups(rows):
    near = NearNumbers("x", tolerance=0.2)
    frame = table(rows)

    pairs, groups = near_pairs(frame, near), near_groups(frame, near)

    for left, right, similarity in pairs.iter_rows():
        assert left < right
        assert close(rows[left][0], rows[right][0], 0.2)
        gap = 0.0 if similarity == 1 else abs(rows[left][0] - rows[right][0])
        assert pytest.approx(1 - gap / 0.2, abs=1e-9) == similarity
    told = {frozenset(pair) for pair in pairs.select("left", "right").rows()}
    numbered = list(enumerate(rows))
    assert connected(numbered, lambda one, other: frozenset((one[0], other[0])) in told) == groups.tolist()


@settings(deadline=None, max_examples=50)
@given(st.lists(NUMBERS, max_size=20), st.integers(-1, 2))
def test_decimals_group_what_rounds_to_the_same(values, decimals):
    frame = pl.DataFrame({"x": values}, schema={"x": pl.Float64})

    groups = near_groups(frame, NearNumbers("x", decimals=decimals))

    keys = [value if value is None or value > 1e299 else str(np.round(value, decimals) + 0.0) for value in values]
    assert [keys.index(key) for key in keys] == groups.tolist()


def test_a_border_of_rounding_parts_rows_and_a_tolerance_does_not():
    frame = pl.DataFrame({"x": [0.1249, 0.1251, 0.7, 0.8]})

    assert [0, 1, 2, 3] == near_groups(frame, NearNumbers("x", decimals=2)).tolist()
    assert [0, 0, 2, 3] == near_groups(frame, NearNumbers("x", tolerance=0.001)).tolist()
    assert [0, 0, 2, 2] == near_groups(frame, NearNumbers("x", tolerance=0.1)).tolist()


def test_whole_numbers_are_exact_by_decimals():
    frame = pl.DataFrame({"x": [2**53, 2**53 + 1, 2**53, None, None], "y": [15, 25, 14, 1, 4]})

    assert [0, 1, 0, 3, 3] == near_groups(frame, NearNumbers("x", decimals=0)).tolist()
    assert [0, 0, 2, 3, 3] == near_groups(frame, NearNumbers("y", decimals=-1)).tolist()
    assert [(0, 2, 1.0), (3, 4, 1.0)] == near_pairs(frame, NearNumbers("x", decimals=0)).rows()


def test_crowded_numbers_are_grouped_without_their_pairs():
    rng = np.random.default_rng(0)
    near = np.concatenate([rng.uniform(0, 1, 4000), rng.uniform(2, 3, 4000), [1.5, 5.0]])
    frame = pl.DataFrame({"x": near})

    groups = near_groups(frame, NearNumbers("x", tolerance=0.5 + 1e-3))

    assert [0, 8001] == sorted(set(groups.tolist()))
    with pytest.raises(InvalidDataError, match=r"some [\d,]+ pairs of rows are within the tolerance of x"):
        near_pairs(frame, NearNumbers("x", tolerance=0.5))


def test_settings_may_be_numpy_numbers_and_a_column_may_be_all_missing():
    frame = pl.DataFrame({"x": [1.0, 1.04, 2.0], "empty": [None] * 3})

    assert [0, 0, 2] == near_groups(frame, NearNumbers("x", decimals=np.int64(1))).tolist()
    assert [0, 0, 2] == near_groups(frame, NearNumbers("x", tolerance=np.float32(0.1))).tolist()
    assert [0, 0, 0] == near_groups(frame, NearNumbers("empty", tolerance=1)).tolist()
    assert [0, 0, 0] == near_groups(frame, NearNumbers("empty", decimals=1)).tolist()


def test_a_table_without_rows_has_no_groups():
    frame = table([])

    assert [] == near_groups(frame, NearNumbers("x", tolerance=1)).tolist()
    assert [] == near_groups(frame, NearNumbers(["x", "y"], decimals=1)).tolist()
    assert 0 == near_pairs(frame, NearNumbers("x", tolerance=1)).height


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, "decimals or a tolerance"),
        ({"decimals": 1, "tolerance": 1}, "not both"),
        ({"decimals": 1.5}, "decimals 1.5"),
        ({"decimals": 16}, "decimals 16"),
        ({"tolerance": 0}, "tolerance 0 of column x"),
        ({"tolerance": math.nan}, "tolerance nan"),
        ({"tolerance": 10**400}, "tolerance 10000"),
        ({"tolerance": "1"}, "tolerance '1'"),
        ({"tolerance": {"z": 1}}, "tolerance names z, and columns are x"),
        ({"tolerance": {}}, "no column"),
    ],
)
def test_settings_that_make_no_sense_are_named(settings, words):
    with pytest.raises(ConfigurationError, match=words):
        NearNumbers("x", **settings)
