import numpy as np
import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from sklearn.impute import SimpleImputer

from groundwork.errors import ConfigurationError, InvalidDataError
from groundwork.modeling.preprocessing import impute, imputer

NUMBER = st.one_of(st.just(float("nan")), st.floats(-1e6, 1e6, width=32), st.sampled_from([0.0, 1.0]))
MATRIX = npst.arrays(np.float64, st.tuples(st.integers(1, 6), st.just(2)), elements=NUMBER)
NAN = float("nan")


@settings(deadline=None, max_examples=30)
@given(MATRIX, MATRIX, st.sampled_from(["mean", "median", "most_frequent"]), st.booleans())
def test_numbers_are_filled_as_scikit_learn_fills_them(train, test, how, indicator):
    peer = SimpleImputer(strategy=how, add_indicator=indicator, keep_empty_features=True).fit(train)

    filled = impute(train, test, how=how, indicator=indicator)
    frames = impute(*map(pl.from_numpy, (train, test)), how=how, indicator=indicator)

    for part, frame, ours in zip((train, test), frames, filled, strict=True):
        np.testing.assert_allclose(ours, peer.transform(part), rtol=0, atol=1e-9)
        np.testing.assert_array_equal(ours, frame.to_numpy())


@settings(deadline=None, max_examples=30)
@given(st.lists(st.sampled_from(["a", "b", "é", "None", None]), min_size=1, max_size=12))
def test_texts_are_filled_as_scikit_learn_fills_them(values):
    assume(any(value is not None for value in values))
    train = np.array(values, dtype=object).reshape(-1, 1)
    peer = SimpleImputer(strategy="most_frequent", missing_values=None)

    (filled,) = impute(train, how="most_frequent")

    assert peer.fit_transform(train).tolist() == filled.tolist()


def test_most_frequent_keeps_the_type_of_texts_and_booleans():
    size = pl.Enum(["small", "large"])
    frame = pl.DataFrame(
        {"text": ["b", "a", None], "open": [None, True, False], "size": [None, "small", "small"]},
        schema={"text": pl.Categorical, "open": pl.Boolean, "size": size},
    )

    (filled,) = impute(frame, how="most_frequent")

    assert frame.schema == filled.schema
    assert [("b", False, "small"), ("a", True, "small"), ("a", False, "small")] == filled.rows()


def test_indicators_come_last_and_only_for_columns_with_gaps_in_training():
    train = pl.DataFrame({"text": ["x", None], "full": [1, 2], "gap": [None, 4]})
    test = pl.DataFrame({"text": ["y", "y"], "full": [None, 5], "gap": [6, None]})

    _, filled = impute(train, test, how="most_frequent", indicator=True)

    assert {
        "text": ["y", "y"],
        "full": [1.0, 5.0],
        "gap": [6.0, 4.0],
        "missingindicator_gap": [0.0, 1.0],
        "missingindicator_text": [0.0, 0.0],
    } == filled.to_dict(as_series=False)


def test_a_column_missing_everywhere_becomes_the_empty_value_of_its_kind():
    schema = {"number": pl.Int64, "null": pl.Null, "text": pl.String, "open": pl.Boolean}
    frame = pl.DataFrame({name: [None, None] for name in schema}, schema=schema)

    (filled,) = impute(frame, how="most_frequent")

    assert [(0.0, 0.0, "", False)] * 2 == filled.rows()


def test_a_mean_or_median_is_for_numbers_and_leaves_the_rest_alone():
    frame = pl.DataFrame({"n": [1, None, 3], "text": ["a", None, "b"], "open": [True, None, False]})

    (filled,) = impute(frame, how="mean")

    assert [(1.0, "a", True), (2.0, None, None), (3.0, "b", False)] == filled.rows()


def test_a_constant_fills_columns_of_its_own_kind():
    frame = pl.DataFrame({"n": [1, None], "text": ["a", None]})

    assert [(1.0, "a"), (-1.0, None)] == impute(frame, how="constant", fill_value=-1)[0].rows()
    assert [(1, "a"), (None, "none")] == impute(frame, how="constant", fill_value="none")[0].rows()


def test_an_array_of_texts_takes_none_and_nan_for_gaps():
    train = np.array([["a", "z"], [None, "z"], ["a", NAN]], dtype=object)

    filled, other = impute(train, np.array([["q", "z"]]), how="constant", fill_value="?")

    assert [["a", "z"], ["?", "z"], ["a", "?"]] == filled.tolist()
    assert [["q", "z"]] == other.tolist()


def test_an_array_of_objects_may_hold_numbers():
    train = np.array([[1, None], [3, 5]], dtype=object)

    assert [[1.0, 5.0], [3.0, 5.0]] == impute(train, how="most_frequent")[0].tolist()


def test_only_the_named_columns_are_filled():
    frame = pl.DataFrame({"a": [1.0, None], "b": [None, 1.0]})

    (filled,) = impute(frame, columns=["b"])

    assert [(1.0, 1.0), (None, 1.0)] == filled.rows()


def test_nothing_to_fill_is_no_mistake():
    frame = pl.DataFrame({"text": ["a"]})

    assert frame.equals(impute(frame)[0])


@pytest.mark.parametrize(
    ("part", "how", "words"),
    [
        (np.array([["a"]]), {"how": "median"}, "does not hold numbers"),
        (np.array([["a", 1.0]], dtype=object), {"how": "most_frequent"}, "not all texts"),
        (np.array([[np.inf]]), {}, "column '0' holds infinite numbers"),
        (pl.DataFrame({"x": [-np.inf]}), {}, "column 'x' holds infinite numbers"),
        (pl.DataFrame({"x": ["a"]}), {"columns": ["x"]}, "column 'x' is String, not a number"),
        (pl.DataFrame({"x": [1]}), {"how": "constant", "fill_value": "a", "columns": ["x"]}, "cannot be filled"),
    ],
)
def test_what_cannot_be_filled_is_refused(part, how, words):
    with pytest.raises(InvalidDataError, match=words):
        impute(part, **how)


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"how": "modus"}, "the imputation is 'modus'"),
        ({"how": "constant"}, "without a fill_value"),
        ({"how": "mean", "fill_value": 3}, "with the fill_value 3"),
    ],
)
def test_options_that_do_not_go_together_are_refused(how, words):
    with pytest.raises(ConfigurationError, match=words):
        imputer(**how)


def test_columns_of_an_array_have_no_names():
    with pytest.raises(ConfigurationError, match="have no names"):
        impute(np.ones((2, 2)), columns=["a"])
