"""Features that say the same are found, with the measure that fits them."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from groundwork.data import Feature, FeatureRegistry
from groundwork.errors import ConfigurationError, InvalidDataError

CHANCE = np.random.default_rng(0)
NUMBERS = CHANCE.normal(size=500)
FRAME = pl.DataFrame(
    {
        "n": NUMBERS,
        "line": NUMBERS * -1e200,
        "curve": np.exp(NUMBERS * 4),
        "noise": CHANCE.normal(size=500),
        "flat": np.ones(500),
        "city": [["ewr", "jfk", "lga"][at % 3] for at in range(500)],
        "code": [["E", "J", "L"][at % 3] for at in range(500)],
        "half": [["x", "y"][at % 2] for at in range(500)],
        "name": [f"id {at}" for at in range(500)],
        "nested": [[at] for at in range(500)],
        "empty": pl.Series([None] * 500, dtype=pl.Float64),
        "void": pl.Series([None] * 500, dtype=pl.String),
    }
)
NONE = FeatureRegistry()


def pairs(threshold=0.95, frame=FRAME):
    return {(one.left, one.right): one for one in NONE.correlations(frame, frame.columns, threshold)}


def test_pairs_above_the_threshold_are_told_with_their_measures():
    found = pairs()

    assert set(found) == {("n", "line"), ("n", "curve"), ("line", "curve"), ("city", "code")}
    assert found["n", "line"].pearson == pytest.approx(-1)
    assert found["n", "curve"].spearman == pytest.approx(1)
    assert found["n", "curve"].pearson < 0.9
    assert found["city", "code"].cramers_v == pytest.approx(1)
    assert found["city", "code"].to_dict() == {
        "left": "city", "right": "code", "pearson": None, "spearman": None,
        "cramers_v": found["city", "code"].cramers_v, "rows": 500,
    }  # fmt: skip


def test_the_strongest_come_first_and_a_threshold_of_none_tells_all_that_can_be_compared():
    strengths = [one.strength for one in NONE.correlations(FRAME, FRAME.columns, 0)]

    assert strengths == sorted(strengths, reverse=True)
    assert len(strengths) == 6 + 6
    assert pairs(0)["half", "name"].strength == 0


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(*[st.none() | st.integers(-5, 5)] * 2), min_size=3, max_size=30))
def test_numbers_are_compared_as_scipy_does_where_both_have_a_value(rows):
    frame = pl.DataFrame(rows, schema={"a": pl.Int64, "b": pl.Int64}, orient="row")
    both = frame.drop_nulls()
    found = pairs(0, frame)

    if both.height < 3 or both["a"].n_unique() < 2 or both["b"].n_unique() < 2:
        assert found == {}
        return
    one = found["a", "b"]
    assert one.rows == both.height
    assert one.pearson == pytest.approx(stats.pearsonr(both["a"], both["b"]).statistic)
    assert one.spearman == pytest.approx(stats.spearmanr(both["a"], both["b"]).statistic)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(*[st.sampled_from("abcd")] * 2), min_size=3, max_size=40))
def test_categories_are_compared_by_the_corrected_measure(rows):
    frame = pl.DataFrame(rows, schema={"a": pl.String, "b": pl.String}, orient="row")
    table = stats.contingency.crosstab(frame["a"].to_numpy(), frame["b"].to_numpy()).count
    if min(table.shape) < 2:
        assert pairs(0, frame) == {}
        return

    found = pairs(0, frame)["a", "b"].cramers_v

    rows_, columns = table.shape
    squares = stats.chi2_contingency(table, correction=False).statistic / frame.height
    corrected = max(0, squares - (rows_ - 1) * (columns - 1) / (frame.height - 1))
    least = min(n - (n - 1) ** 2 / (frame.height - 1) for n in (rows_, columns)) - 1
    assert found == pytest.approx(min(1, corrected / least) ** 0.5 if least > 0 else 0, abs=1e-6)


def test_features_are_computed_and_columns_stand_beside_them():
    registry = FeatureRegistry([Feature(name="double", dtype="Float64", expression="pl.col('n') * 2")])

    (one,) = registry.correlations(FRAME, ["double@1.0.0", "n", "noise"])

    assert (one.left, one.right, round(one.strength, 9)) == ("double", "n", 1)
    assert registry.correlations(FRAME, "double") == registry.correlations(FRAME) == []


def test_nonsense_is_refused():
    with pytest.raises(ConfigurationError, match="threshold 2 is not from 0 to 1"):
        NONE.correlations(FRAME, [], 2)
    with pytest.raises(InvalidDataError, match="the table has no column 'm'"):
        NONE.correlations(FRAME, ["m"])
