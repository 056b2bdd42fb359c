import numpy as np
import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler

from groundwork.errors import ConfigurationError, InvalidDataError
from groundwork.modeling.preprocessing import clip_outliers, scale

NAN, INF = float("nan"), float("inf")
NUMBER = st.one_of(st.just(NAN), st.floats(-1e3, 1e3, width=32), st.sampled_from([0.0, 1.0]))
MATRIX = npst.arrays(np.float64, st.tuples(st.integers(1, 8), st.just(2)), elements=NUMBER)
SCALERS = {"standard": StandardScaler, "robust": RobustScaler, "minmax": MinMaxScaler}


@settings(deadline=None, max_examples=30)
@given(MATRIX, MATRIX, st.sampled_from(sorted(SCALERS)))
def test_numbers_are_scaled_as_scikit_learn_scales_them(train, test, how):
    assume(not np.isnan(train).all(axis=0).any())
    peer = SCALERS[how]().fit(train)

    scaled = scale(train, test, how=how)
    frames = scale(*map(pl.from_numpy, (train, test)), how=how)

    for part, frame, ours in zip((train, test), frames, scaled, strict=True):
        np.testing.assert_allclose(ours, peer.transform(part), rtol=1e-9, atol=1e-9)
        np.testing.assert_array_equal(ours, frame.to_numpy())


@pytest.mark.parametrize("how", SCALERS)
def test_one_row_and_a_constant_column_become_zero(how):
    one, test = scale(np.array([[7.0]]), np.array([[9.0]]), how=how)

    assert ([[0.0]], [[2.0]]) == (one.tolist(), test.tolist())
    assert [0.0, 0.0] == scale(pl.DataFrame({"a": [3, 3]}), how=how)[0]["a"].to_list()


@pytest.mark.parametrize("how", SCALERS)
def test_a_column_missing_everywhere_in_training_is_missing_in_all_parts(how):
    train = pl.DataFrame({"void": [None, NAN], "a": [1.0, 3.0]}, schema={"void": pl.Float64, "a": pl.Float64})
    test = pl.DataFrame({"void": [5.0], "a": [2.0]})

    _, frame = scale(train, test, how=how)
    first, array = scale(train.to_numpy(), test.to_numpy(), how=how)

    assert {"void": [None], "a": [frame["a"][0]]} == frame.to_dict(as_series=False)
    np.testing.assert_array_equal([[NAN, frame["a"][0]]], array)
    assert np.isnan(first[:, 0]).all()
    assert np.isnan(scale(np.array([[NAN]]), how=how)[0]).all()


def test_a_gap_in_a_frame_stays_null_whether_it_was_null_or_nan():
    (scaled,) = scale(pl.DataFrame({"a": [0.0, None, NAN, 2.0], "n": [0, None, 2, 4], "text": ["a", "b", "c", "d"]}))

    assert [-1.0, None, None, 1.0] == scaled["a"].to_list()
    assert (1, pl.Float64) == (scaled["n"].null_count(), scaled["n"].dtype)
    assert ["a", "b", "c", "d"] == scaled["text"].to_list()


@pytest.mark.parametrize("parts", [([[INF]],), ([[1.0]], [[-INF]])])
def test_infinite_numbers_have_no_scale(parts):
    with pytest.raises(InvalidDataError, match="column '0' holds infinite") as caught:
        scale(*map(np.array, parts))

    assert "clip_outliers" in caught.value.hint


def test_a_scale_that_does_not_exist_is_told_with_the_nearest():
    with pytest.raises(ConfigurationError, match="the scale is 'robst'") as caught:
        scale(np.ones((1, 1)), how="robst")

    assert "did you mean 'robust'?" == caught.value.hint


@settings(deadline=None, max_examples=30)
@given(
    npst.arrays(np.float64, st.tuples(st.integers(1, 8), st.just(1)), elements=NUMBER | st.sampled_from([INF, -INF])),
    st.sampled_from(["quantile", "iqr", "z"]),
)
def test_bounds_are_those_of_the_finite_training_numbers(train, how):
    finite = train[np.isfinite(train)]
    assume(finite.size)
    probe = np.array([[-1e9], [1e9], [-INF], [INF], [NAN]])
    quartiles = np.percentile(finite, [25, 75])
    low, high = {
        "quantile": np.percentile(finite, [1, 99]),
        "iqr": quartiles + 1.5 * (quartiles[1] - quartiles[0]) * np.array([-1, 1]),
        "z": np.mean(finite) + 3 * np.std(finite) * np.array([-1, 1]),
    }[how]
    if not low < high:
        low, high = finite.min(), finite.max()

    clipped, bounds = clip_outliers(train, probe, how=how)

    np.testing.assert_allclose(bounds[:, 0], [low, high, low, high, NAN], rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(clipped, np.clip(train, low, high), rtol=1e-9, atol=1e-9)


def test_a_column_that_is_mostly_zero_keeps_what_training_has_seen():
    rare = np.array([[0.0]] * 9 + [[5.0]])

    train, test = clip_outliers(rare, np.array([[3.0], [80.0]]), how="iqr")

    assert rare.tolist() == train.tolist()
    assert [[3.0], [5.0]] == test.tolist()


def test_a_column_without_a_number_has_no_bounds():
    _, test = clip_outliers(np.array([[NAN], [INF]]), np.array([[INF], [3.0]]))

    assert [[INF], [3.0]] == test.tolist()


def test_a_frame_is_clipped_where_it_holds_numbers():
    frame = pl.DataFrame({"n": [0, 1, 2, 3, 400], "text": list("abcde"), "open": [True] * 5})

    (clipped,) = clip_outliers(frame, how="iqr")

    assert [0.0, 1.0, 2.0, 3.0, 6.0] == clipped["n"].to_list()
    assert frame.drop("n").equals(clipped.drop("n"))


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"how": "zscore"}, "'zscore'"),
        ({"low": 0.9, "high": 0.1}, "0.9 and 0.1"),
        ({"high": 1.5}, "0.01 and 1.5"),
        ({"how": "z", "factor": 0}, "the factor is 0"),
    ],
)
def test_bounds_that_make_no_sense_are_refused(how, words):
    with pytest.raises(ConfigurationError, match=words):
        clip_outliers(np.ones((2, 1)), **how)
