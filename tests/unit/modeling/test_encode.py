import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import preprocessing as peers
from sklearn.model_selection import KFold

from groundwork.errors import ConfigurationError, InvalidDataError
from groundwork.modeling.preprocessing import encode, encoder, group_rare

NAN = float("nan")
CATEGORY = st.sampled_from(["a", "b", "é", "", None])


def columns(least):
    return st.lists(st.tuples(CATEGORY, CATEGORY), min_size=least, max_size=12).map(lambda rows: np.array(rows, object))


PEERS = {
    "onehot": lambda: peers.OneHotEncoder(handle_unknown="ignore", sparse_output=False),
    "ordinal": lambda: peers.OrdinalEncoder(
        handle_unknown="use_encoded_value", unknown_value=NAN, encoded_missing_value=NAN
    ),
}


@settings(deadline=None, max_examples=30)
@given(columns(1), columns(1), st.sampled_from(sorted(PEERS)))
def test_categories_become_what_scikit_learn_makes_of_them(train, test, how):
    # To scikit-learn's ordinal encoder NaN is missing, and None is not.
    missing = [np.where(part == np.array(None), NAN, part) if how == "ordinal" else part for part in (train, test)]
    peer = PEERS[how]().fit(missing[0])
    names = pl.Schema({"x": pl.String, "y": pl.String})

    encoded = encode(train, test, how=how)
    frames = encode(*(pl.DataFrame(part.tolist(), schema=names, orient="row") for part in (train, test)), how=how)

    for part, frame, ours in zip(missing, frames, encoded, strict=True):
        np.testing.assert_allclose(ours, peer.transform(part), rtol=0, atol=1e-9)
        np.testing.assert_array_equal(ours, frame.to_numpy())


@settings(deadline=None, max_examples=30)
@given(columns(4), columns(1), st.data())
def test_target_encoding_is_scikit_learns_with_folds_from_the_seed(train, test, data):
    target = data.draw(st.lists(st.floats(-100, 100, width=16), min_size=len(train), max_size=len(train)))
    peer = peers.TargetEncoder(cv=KFold(3, shuffle=True, random_state=5), target_type="continuous")

    encoded = encode(train, test, how="target", target=target, target_type="continuous", folds=3, seed=5)

    np.testing.assert_allclose(encoded[0], peer.fit_transform(train, target), rtol=0, atol=1e-9)
    np.testing.assert_allclose(encoded[1], peer.fit(train, target).transform(test), rtol=0, atol=1e-9)


def test_a_training_row_does_not_see_its_own_target():
    train = np.array([["a"], ["a"], ["a"], ["b"], ["b"], ["b"]])
    target = np.array([0.0, 1.0, 0.5, 3.0, 4.0, 5.0])
    far = np.array([1000.0, 1.0, 0.5, 3.0, 4.0, 5.0])

    (before,) = encode(train, how="target", target=target, folds=6, target_type="continuous")
    (after,) = encode(train, how="target", target=far, folds=6, target_type="continuous")

    assert before[0] == after[0]
    assert (before[1:] != after[1:]).any()


def test_a_category_that_training_has_not_seen_is_no_error():
    train = pl.DataFrame({"shop": ["a", "b", "a", "b"]})
    test = pl.DataFrame({"shop": ["new", None, "b"]})

    assert [(0.0, 0.0), (0.0, 0.0), (0.0, 1.0)] == encode(train, test)[1].rows()
    assert [None, None, 1.0] == encode(train, test, how="ordinal")[1]["shop"].to_list()
    assert [2.5, 2.5] == encode(train, test, how="target", target=[1.0, 2, 3, 4], folds=2)[1]["shop"].to_list()[:2]


def test_onehot_columns_are_named_by_category_and_come_last():
    frame = pl.DataFrame({"shop": ["b", None], "n": [1, 2]}, schema={"shop": pl.Categorical, "n": pl.Int64})

    (encoded,) = encode(frame)

    assert {"n": [1, 2], "shop_b": [1.0, 0.0], "shop_None": [0.0, 1.0]} == encoded.to_dict(as_series=False)


def test_a_gap_that_training_has_seen_is_a_category_and_for_ordinal_stays_a_gap():
    train = pl.DataFrame({"shop": ["a", None, "b"]})

    assert [0.0, 1.0, 0.0] == encode(train)[0]["shop_None"].to_list()
    assert [0.0, None, 1.0] == encode(train, how="ordinal")[0]["shop"].to_list()


def test_an_array_of_plain_texts_has_places_too():
    train, test = encode(np.array([["b"], ["a"]]), np.array([["c"], ["b"]]), how="ordinal")

    np.testing.assert_array_equal([[1.0], [0.0]], train)
    np.testing.assert_array_equal([[NAN], [1.0]], test)


def test_a_column_missing_everywhere_in_training_has_no_places():
    train = pl.DataFrame({"k": [None, None], "shop": ["a", "b"]}, schema={"k": pl.String, "shop": pl.String})
    test = pl.DataFrame({"k": ["", "a"], "shop": ["b", None]})

    _, encoded = encode(train, test, how="ordinal")

    assert [(None, 1.0), (None, None)] == encoded.rows()
    assert encode(train, how="ordinal", columns=["k"])[0]["k"].is_null().all()


def test_several_classes_have_a_column_each_under_target_encoding():
    (encoded,) = encode(pl.DataFrame({"k": ["a", "b"] * 3}), how="target", target=["x", "y", "z"] * 2, folds=2)

    assert ["k_x", "k_y", "k_z"] == encoded.columns


def test_rare_categories_can_be_one_column():
    (encoded,) = encode(pl.DataFrame({"k": ["a", "a", "b", "c"]}), min_frequency=2)

    assert {"k_a": [1, 1, 0, 0], "k_infrequent_sklearn": [0, 0, 1, 1]} == encoded.to_dict(as_series=False)


def test_a_new_column_takes_the_place_of_no_other():
    with pytest.raises(InvalidDataError, match="'k_a'"):
        encode(pl.DataFrame({"k": ["a"], "k_a": [1]}))


def test_a_gap_and_the_text_none_are_not_mistaken_for_each_other():
    with pytest.raises(InvalidDataError, match="'k_None' has more than one"):
        encode(pl.DataFrame({"k": ["None", None]}))


def test_more_folds_than_rows_are_refused():
    with pytest.raises(InvalidDataError, match="n_splits=5"):
        encode(pl.DataFrame({"k": ["a", "b"]}), how="target", target=[1.0, 2.0])


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"how": "hash"}, "the encoding is 'hash'"),
        ({"how": "target"}, "without a target"),
        ({"target": [1]}, "with a target"),
        ({"how": "target", "target": [1], "target_type": "number"}, "the type of the target is 'number'"),
        ({"how": "target", "target": [1], "folds": 1}, "folds is 1"),
        ({"min_frequency": 0}, "min_frequency is 0"),
        ({"columns": "k"}, "columns is 'k'; it must be a list"),
    ],
)
def test_options_that_do_not_go_together_are_refused(how, words):
    with pytest.raises(ConfigurationError, match=words):
        encode(pl.DataFrame({"k": ["a"]}), **how)


def test_before_scikit_learn_1_9_the_encoder_draws_the_folds_itself(monkeypatch):
    class Older:
        def __init__(self, *, target_type, smooth, cv, random_state=None):
            self.given = {"cv": cv, "random_state": random_state}

    monkeypatch.setattr(peers, "TargetEncoder", Older)

    assert {"cv": 4, "random_state": 9} == encoder("target", folds=4, seed=9).given


@settings(deadline=None, max_examples=30)
@given(st.lists(st.sampled_from("abcd"), min_size=1, max_size=20), st.integers(1, 6))
def test_what_is_rare_by_count_is_what_scikit_learn_calls_infrequent(values, threshold):
    train = np.array(values, dtype=object).reshape(-1, 1)
    peer = peers.OneHotEncoder(min_frequency=threshold).fit(train)
    rare = set(() if peer.infrequent_categories_[0] is None else peer.infrequent_categories_[0])

    (grouped,) = group_rare(train, how="count", threshold=threshold)

    assert ["other" if value in rare else value for value in values] == grouped[:, 0].tolist()


@pytest.mark.parametrize(
    ("how", "kept"),
    [
        ({"how": "share", "threshold": 0.3}, {"a", "b"}),
        ({"how": "share", "threshold": 0.5}, {"a"}),
        ({"how": "share"}, {"a", "b", "c", "d"}),
        ({"how": "count", "threshold": 2}, {"a", "b"}),
        ({"how": "count"}, set()),
        ({"how": "top", "threshold": 3}, {"a", "b", "c"}),
        ({"how": "top"}, {"a", "b", "c", "d"}),
    ],
)
def test_what_is_kept_is_what_training_has_often_enough(how, kept):
    train = pl.DataFrame({"k": ["a"] * 5 + ["b"] * 3 + ["d", "c"] + [None] * 9})
    test = pl.DataFrame({"k": ["d", "c", "b", "a", "new", None]})

    _, grouped = group_rare(train, test, **how)

    expected = [value if value in kept or value is None else "other" for value in test["k"].to_list()]
    assert expected == grouped["k"].to_list()


def test_a_share_that_is_met_exactly_is_enough_whatever_floats_make_of_it():
    train = pl.DataFrame({"k": ["a"] * 7 + ["b"] * 93})

    assert "a" == group_rare(train, threshold=0.07)[0]["k"][0]


def test_numbers_are_grouped_under_a_number_and_keep_their_type():
    frame = pl.DataFrame({"zip": [10, 10, 20, None]})

    (grouped,) = group_rare(frame, how="count", threshold=2, other=-1, columns=["zip"])

    assert ([10, 10, -1, None], pl.Int64) == (grouped["zip"].to_list(), grouped["zip"].dtype)


def test_an_array_of_texts_is_grouped_as_objects():
    train = np.array([["a"], ["a"], [None], [NAN]], dtype=object)

    _, test = group_rare(train, np.array([["b"], ["a"]]), how="count", threshold=2)

    assert [["other"], ["a"]] == test.tolist()


def test_a_column_missing_everywhere_stays_missing():
    frame = pl.DataFrame({"k": [None, None]}, schema={"k": pl.String})

    assert frame.equals(group_rare(frame)[0])


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"how": "few"}, "'few'"),
        ({"threshold": 1.5}, "a share of 1.5"),
        ({"how": "count", "threshold": 0}, "the threshold is 0"),
        ({"how": "top", "threshold": 1.5}, "the threshold is 1.5"),
        ({"how": "count", "threshold": float("nan")}, "the threshold is nan"),
    ],
)
def test_thresholds_that_make_no_sense_are_refused(how, words):
    with pytest.raises(ConfigurationError, match=words):
        group_rare(pl.DataFrame({"k": ["a"]}), **how)


@pytest.mark.parametrize(("values", "other"), [([1, 2], "other"), (["a", "b"], -1)])
def test_texts_and_numbers_do_not_mix(values, other):
    with pytest.raises(InvalidDataError):
        group_rare(pl.DataFrame({"k": values}), other=other, columns=["k"])
