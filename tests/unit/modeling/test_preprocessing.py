import datetime as dt

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.errors import ConfigurationError, InvalidDataError
from groundwork.modeling.preprocessing import (
    PreprocessingSettings,
    build_preprocessor,
    feature_frame,
    infer_kinds,
    known_categories,
)

KINDS = {"shop": "categorical", "size": "numeric", "open": "boolean"}


@pytest.fixture
def rows():
    return feature_frame(
        pl.DataFrame({"shop": ["b", "a", None, "b"], "size": [1, None, 3, 8], "open": [True, None, False, True]}), KINDS
    )


def fitted(rows, **how):
    return build_preprocessor(KINDS, PreprocessingSettings(**how), categories=known_categories(rows, KINDS)).fit(rows)


def test_kind_follows_from_the_dtype():
    frame = pl.DataFrame({"n": [1], "f": [1.0], "b": [True], "s": ["x"], "e": [None]}).with_columns(
        c=pl.col("s").cast(pl.Categorical)
    )

    assert infer_kinds(frame, frame.columns) == {
        "n": "numeric",
        "f": "numeric",
        "b": "boolean",
        "s": "categorical",
        "e": "numeric",
        "c": "categorical",
    }


def test_a_date_is_no_feature_until_a_number_is_derived_from_it():
    with pytest.raises(ConfigurationError, match="'day' is Date") as caught:
        infer_kinds(pl.DataFrame({"day": [dt.date(2013, 1, 1)]}), ["day"])

    assert "weekday" in caught.value.hint


def test_an_absent_column_has_no_kind():
    with pytest.raises(ConfigurationError, match="no column 'x'"):
        infer_kinds(pl.DataFrame({"a": [1]}), ["x"])


def test_features_come_in_one_dtype_a_kind_and_infinity_is_missing():
    frame = pl.DataFrame({"shop": [1], "size": [float("inf")], "open": [3]})

    features = feature_frame(frame, KINDS)

    assert features.dtypes == [pl.String, pl.Float64, pl.Float64]
    assert features.rows() == [("1", None, 1.0)]


def test_a_missing_feature_is_named():
    with pytest.raises(InvalidDataError, match="size, open are missing"):
        feature_frame(pl.DataFrame({"shop": ["a"]}), KINDS)


def test_a_feature_that_cannot_be_a_number_is_refused():
    with pytest.raises(InvalidDataError, match="cannot be read"):
        feature_frame(pl.DataFrame({"size": ["many"]}), {"size": "numeric"})


def test_ordinal_codes_leave_missing_and_unknown_as_nan(rows):
    new = feature_frame(pl.DataFrame({"shop": ["new"], "size": [1], "open": [False]}), KINDS)
    transformer = fitted(rows)

    np.testing.assert_array_equal(
        transformer.transform(rows), [[1, 1, 1], [0, np.nan, np.nan], [np.nan, 3, 0], [1, 8, 1]]
    )
    np.testing.assert_array_equal(transformer.transform(new), [[np.nan, 1, 0]])


def test_onehot_gives_each_category_a_column_and_unknown_none(rows):
    new = feature_frame(pl.DataFrame({"shop": ["new"], "size": [1], "open": [False]}), KINDS)

    encoded = fitted(rows, categorical="onehot").transform(new)

    np.testing.assert_array_equal(encoded, [[0, 0, 1, 0]])


def test_rare_categories_become_one():
    frame = feature_frame(pl.DataFrame({"shop": ["a", "a", "a", "b", "c"]}), {"shop": "categorical"})
    how = PreprocessingSettings(min_frequency=2)

    codes = build_preprocessor({"shop": "categorical"}, how, categories={"shop": ["a", "b", "c"]}).fit_transform(frame)

    assert codes[3] == codes[4] != codes[0]


@pytest.mark.parametrize("impute", ["median", "mean"])
@pytest.mark.parametrize("scale", [None, "standard", "robust", "minmax"])
def test_imputed_and_scaled_numbers_have_no_gap(rows, impute, scale):
    matrix = fitted(rows, categorical="onehot", numeric_impute=impute, scale=scale).transform(rows)

    assert np.isfinite(matrix).all()


def test_a_column_missing_everywhere_is_no_error():
    frame = feature_frame(pl.DataFrame({"shop": [None, None]}, schema={"shop": pl.String}), {"shop": "categorical"})
    categories = known_categories(frame, {"shop": "categorical"})

    matrix = build_preprocessor({"shop": "categorical"}, categories=categories).fit_transform(frame)

    assert np.isnan(matrix).all()


@pytest.mark.parametrize(("kinds", "words"), [({}, "no feature"), ({"a": "colour"}, "unknown kinds")])
def test_no_feature_and_unknown_kind_are_refused(kinds, words):
    with pytest.raises(ConfigurationError, match=words):
        build_preprocessor(kinds, categories={})


@settings(deadline=None, max_examples=40)
@given(st.lists(st.sampled_from(["a", "b", "é", "", None]), min_size=1, max_size=30))
def test_a_code_is_the_place_among_the_sorted_categories_and_a_gap_has_none(values):
    kinds = {"shop": "categorical"}
    frame = pl.DataFrame({"shop": values}, schema={"shop": pl.String})
    known = sorted({value for value in values if value is not None})

    codes = build_preprocessor(kinds, categories=known_categories(frame, kinds)).fit_transform(frame)

    np.testing.assert_array_equal(codes[:, 0], [np.nan if value is None else known.index(value) for value in values])
