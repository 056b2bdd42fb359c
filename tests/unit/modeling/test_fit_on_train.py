"""What is learned comes from the training rows, whatever else is passed."""

import ast
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.utils.validation import check_is_fitted

from groundwork.errors import InvalidDataError, LeakageError
from groundwork.modeling import preprocessing

RNG = np.random.default_rng(3)
N = 24


def table(rows, seed, spread=1.0):
    rng = np.random.default_rng(seed)
    return pl.DataFrame(
        {
            "kind": rng.choice(["a", "b", "c", "d"][: rows // 2 + 1], rows),
            "size": rng.normal(0, spread, rows),
            "count": rng.integers(0, 5, rows),
            "day": [date(2024, 1, 1) + timedelta(days=int(each)) for each in rng.integers(0, 900, rows)],
        }
    ).with_columns(pl.when(pl.col("count") == 3).then(None).otherwise("size").alias("size"))


TRAIN, FAR, NEAR = table(N, 1), table(9, 2, spread=1000.0), table(2, 3)
TARGET = RNG.normal(size=N)
WAYS = {
    "impute mean": (preprocessing.impute, {"how": "mean", "indicator": True}),
    "impute median": (preprocessing.impute, {}),
    "impute most frequent": (preprocessing.impute, {"how": "most_frequent"}),
    "scale standard": (preprocessing.scale, {}),
    "scale robust": (preprocessing.scale, {"how": "robust"}),
    "scale minmax": (preprocessing.scale, {"how": "minmax"}),
    "clip quantile": (preprocessing.clip_outliers, {}),
    "clip iqr": (preprocessing.clip_outliers, {"how": "iqr"}),
    "clip z": (preprocessing.clip_outliers, {"how": "z", "factor": 1.0}),
    "encode onehot": (preprocessing.encode, {}),
    "encode ordinal": (preprocessing.encode, {"how": "ordinal"}),
    "encode target": (preprocessing.encode, {"how": "target", "target": TARGET}),
    "date parts": (preprocessing.date_parts, {"parts": ["month", "elapsed_days"]}),
    "group rare": (preprocessing.group_rare, {"how": "top", "threshold": 2}),
}


@pytest.fixture(params=WAYS, name="way")
def _way(request):
    function, options = WAYS[request.param]
    return lambda *parts: function(*parts, **options)


def test_no_other_part_has_an_influence_on_what_is_learned(way):
    alone = way(TRAIN)[0]

    after_far = way(TRAIN, FAR, NEAR)

    assert_frame_equal(alone, after_far[0], check_exact=True)
    assert_frame_equal(way(TRAIN, NEAR)[1], after_far[2], check_exact=True)


def test_a_row_is_treated_alike_in_whatever_company(way):
    whole = way(TRAIN, FAR)[1]

    one_by_one = [way(TRAIN, FAR[place])[1] for place in range(4)]

    assert_frame_equal(whole[:4], pl.concat(one_by_one), check_exact=True)


def test_what_is_given_stays_as_it_is(way):
    train, far = TRAIN.clone(), FAR.clone()
    drawn = np.random.get_state()[1].tolist()

    way(train, far)

    assert_frame_equal(TRAIN, train)
    assert_frame_equal(FAR, far)
    assert drawn == np.random.get_state()[1].tolist()


def test_a_part_without_rows_has_the_columns_of_the_others(way):
    train, empty = way(TRAIN, FAR.clear())

    assert (0, train.schema) == (empty.height, empty.schema)


def test_training_rows_are_needed(way):
    with pytest.raises(InvalidDataError, match="no rows to learn from"):
        way(TRAIN.clear(), FAR)


def test_columns_that_a_function_is_not_about_stay_and_may_differ(way):
    train, far = TRAIN.with_columns(label=pl.lit([1])), FAR.with_columns(when=pl.lit([2]))

    after = way(train, far)

    assert train["label"].to_list() == after[0]["label"].to_list()
    assert far["when"].to_list() == after[1]["when"].to_list()


def test_a_test_part_that_is_cut_from_the_training_part_is_leakage():
    rows = np.arange(20.0).reshape(10, 2)
    frame = pl.DataFrame({"a": np.arange(10.0), "b": ["x"] * 10})

    for parts in ([rows, rows], [rows, rows[8:]], [rows, rows[:, ::-1]], [frame, frame], [frame, frame[8:]]):
        with pytest.raises(LeakageError, match="part 1 holds rows of the training part"):
            preprocessing.scale(*parts)


def test_parts_of_one_table_without_a_row_in_common_are_fine():
    rows = np.arange(20.0).reshape(10, 2)
    frame = pl.DataFrame({"a": np.arange(10.0)})

    assert (6, 4) == tuple(map(len, preprocessing.scale(rows[:6], rows[6:])))
    assert (5, 5) == tuple(map(len, preprocessing.scale(rows[::2], rows[1::2])))
    assert (6, 4) == tuple(map(len, preprocessing.scale(frame[:6], frame[6:])))


def test_rows_too_interleaved_to_compare_are_taken_for_parts(monkeypatch):
    def too_hard(first, second, max_work):
        raise np.exceptions.TooHardError

    monkeypatch.setattr(np, "shares_memory", too_hard)

    assert 2 == len(preprocessing.scale(np.ones((2, 1)), np.ones((2, 1))))


def test_the_transformer_that_is_given_stays_unfitted():
    given = StandardScaler()

    fitted, (train, test) = preprocessing.fit_on_train(given, np.array([[1.0], [3.0]]), np.array([[5.0]]))

    assert ([[-1.0], [1.0]], [[3.0]]) == (train.tolist(), test.tolist())
    np.testing.assert_array_equal(test, fitted.transform([[5.0]]))
    with pytest.raises(NotFittedError):
        check_is_fitted(given)


def test_a_fitted_transformer_is_fitted_anew():
    given = StandardScaler().fit([[1000.0], [3000.0]])

    fitted, _ = preprocessing.fit_on_train(given, np.array([[1.0], [3.0]]))

    assert (2000.0, 2.0) == (given.mean_[0], fitted.mean_[0])


def test_columns_of_a_frame_are_found_by_name():
    train = pl.DataFrame({"a": [0.0, 2.0], "b": [0.0, 20.0]})

    _, (_, test) = preprocessing.fit_on_train(
        preprocessing.scaler(), train, pl.DataFrame({"b": [10.0], "more": ["x"], "a": [1.0]})
    )

    assert [{"a": 0.0, "b": 0.0}] == test.to_dicts()


def test_a_pipeline_learns_each_step_from_the_training_rows():
    steps = make_pipeline(preprocessing.OutlierClipper(low=0.0, high=0.5), preprocessing.scaler("minmax"))

    _, (train, test) = preprocessing.fit_on_train(steps, np.array([[0.0], [1.0], [50.0]]), np.array([[9.0], [-9.0]]))

    assert [[0.0], [1.0], [1.0]] == train.tolist()
    assert [[1.0], [0.0]] == test.tolist()


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        (([1.0, 2.0],), "the training part is a list"),
        ((np.ones((2, 1)), pl.DataFrame({"a": [1.0]})), "part 1 is a DataFrame, the training part a ndarray"),
        ((np.ones(3),), r"the training part has the shape \(3,\)"),
        ((np.ones((2, 1)), np.ones((2, 3))), "part 1 has 3 columns, the training part 1"),
        ((pl.DataFrame({"a": [1.0], "b": [1.0]}), pl.DataFrame({"a": [1.0]})), "the columns b are missing"),
    ],
)
def test_parts_that_do_not_go_together_are_refused(parts, words):
    with pytest.raises(InvalidDataError, match=words):
        preprocessing.fit_on_train(StandardScaler(), *parts)


@pytest.mark.parametrize(
    ("target", "words"),
    [([1.0], "2 rows but 1 target"), ([1.0, None], "missing in 1 of 2"), ([1.0, float("nan")], "missing in 1 of 2")],
)
def test_a_target_has_one_value_a_training_row(target, words):
    with pytest.raises(InvalidDataError, match=words):
        preprocessing.fit_on_train(preprocessing.encoder("target"), np.array([["a"], ["b"]]), target=target)


def test_what_a_transformer_cannot_take_is_told_with_its_cause():
    with pytest.raises(InvalidDataError, match="StandardScaler cannot take these rows") as caught:
        preprocessing.fit_on_train(StandardScaler(), np.array([["a"]]))

    assert isinstance(caught.value.__cause__, ValueError)


def test_a_mistake_of_the_transformer_itself_is_not_hidden():
    def broken(rows):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        preprocessing.fit_on_train(FunctionTransformer(broken), np.ones((2, 1)))


def test_the_door_opens_without_scikit_learn():
    folder = Path(preprocessing.__file__).parent
    needing = {"_clip", "_dates", "_estimator", "_rare"}

    imports = {path.stem: imported(path) for path in folder.glob("*.py")}

    assert needing == {name for name, its in imports.items() if "sklearn" in {each.split(".")[0] for each in its}}
    assert needing.isdisjoint(each.rpartition(".")[2] for each in imports["__init__"])


def imported(path):
    top = ast.parse(path.read_text("utf-8")).body
    return {node.module for node in top if isinstance(node, ast.ImportFrom)} | {
        alias.name for node in top if isinstance(node, ast.Import) for alias in node.names
    }
