import json
from random import getstate

import numpy as np
import polars as pl
import pytest
from scipy.sparse import coo_array
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.ensemble import BaggingClassifier, HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.model_selection import KFold, cross_val_predict, cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

from groundwork.data import BatchLoader, Dataset
from groundwork.errors import ConfigurationError, InvalidDataError, TrainingFailedError, UsageError
from groundwork.modeling import PreprocessingSettings
from groundwork.modeling.training import Folds, train
from groundwork.testing import VirtualClock

ROWS = 120
RNG = np.random.default_rng(11)
X = RNG.normal(size=(ROWS, 3))
DELAY = X[:, 0] + RNG.normal(0, 0.5, ROWS)
LATE = DELAY > 0.6
BAND = np.digitize(DELAY, [-0.4, 0.4])
FRAME = pl.DataFrame(X, schema=["a", "b", "c"]).with_columns(
    late=LATE, weight=RNG.uniform(0.5, 2, ROWS), site=np.arange(ROWS) % 8, day=np.arange(ROWS) // 10
)
ONEHOT = PreprocessingSettings(categorical="onehot")


class Arrow:
    """A table of another library."""

    def __arrow_c_stream__(self, requested_schema=None):
        return FRAME.__arrow_c_stream__(requested_schema)


def logistic(**how):
    return train(LogisticRegression(), X, **{"target": LATE, **how})


def test_a_name_a_class_and_an_object_give_the_same_model():
    forms = ["sklearn.linear_model.Ridge", Ridge, Ridge(alpha=7)]

    found = [train(each, X, target=DELAY, params={"alpha": 2.0}).estimator.coef_.tolist() for each in forms]

    assert found[0] == found[1] == found[2] == Ridge(alpha=2.0).fit(X, DELAY).coef_.tolist()


def test_an_object_is_never_changed():
    model = BaggingClassifier(DecisionTreeClassifier(max_depth=2), n_estimators=2)
    before = repr(clone(model))

    fitted = train(model, X, target=LATE, seed=5).estimator

    assert before == repr(model)
    assert not hasattr(model, "estimators_")
    assert (5, 5) == (fitted.random_state, fitted.estimator.random_state)


def test_a_seed_that_an_object_brings_stays():
    assert 3 == train(RandomForestClassifier(2, random_state=3), X, target=LATE, seed=5).estimator.random_state
    assert (
        None is train(RandomForestClassifier(2), X, target=LATE, params={"random_state": None}).estimator.random_state
    )


def test_neither_numpy_s_nor_python_s_global_state_is_touched():
    before, python = np.random.get_state()[1].tolist(), getstate()

    train(RandomForestClassifier(3), X, target=LATE, folds=Folds("stratified", 2), validation=0.3)

    assert before == np.random.get_state()[1].tolist()
    assert python == getstate()


def test_an_unknown_parameter_of_an_object_names_the_nearest():
    with pytest.raises(ConfigurationError, match="Ridge has no parameter 'alpa'") as caught:
        train(Ridge(), X, target=DELAY, params={"alpa": 1})

    assert "did you mean 'alpha'?" == caught.value.hint


def test_what_is_no_estimator_is_refused():
    with pytest.raises(UsageError, match="dict is no estimator"):
        train({}, X, target=LATE)


@pytest.mark.parametrize("table", [FRAME, FRAME.lazy(), Dataset.scan(FRAME), Arrow()], ids=lambda t: type(t).__name__)
def test_any_table_is_taken_and_the_target_is_named(table):
    trained = train(LogisticRegression(), table, target="late", features=["a", "b", "c"])

    expected = LogisticRegression(random_state=0).fit(X, LATE)
    np.testing.assert_allclose(expected.coef_, trained.estimator["estimator"].coef_)
    assert {"a": "numeric", "b": "numeric", "c": "numeric"} == trained.settings["features"]
    assert (ROWS, 0) == (trained.rows, trained.seed)


def test_features_are_all_columns_that_are_nothing_else():
    folds = Folds("stratified-group", 2, group="site")

    trained = train(LogisticRegression(), FRAME, target="late", weight="weight", folds=folds)

    assert ["a", "b", "c", "day"] == list(trained.settings["features"])


def test_a_sparse_matrix_is_taken():
    trained = train(LogisticRegression(), coo_array(X), target=LATE, folds=Folds("random", 2))

    np.testing.assert_allclose(
        LogisticRegression(random_state=0).fit(X, LATE).coef_, trained.estimator.coef_, atol=1e-5
    )


@pytest.mark.parametrize("names", [(False, True), ("ok", "late"), (7, 3)])
@pytest.mark.parametrize(
    "model", [LogisticRegression(), RandomForestClassifier(3), HistGradientBoostingClassifier(max_iter=3)]
)
def test_balanced_classes_come_to_the_same_as_scikit_learn_s(model, names):
    target = np.where(LATE, names[1], names[0])

    trained = train(model, X, target=target, class_weight="balanced", seed=2)

    plain = np.where(LATE, 1, 0)  # of texts boosting with class_weight fails
    own = clone(model).set_params(class_weight="balanced", random_state=2).fit(X, plain)
    late = trained.estimator.classes_.tolist().index(names[1])
    np.testing.assert_allclose(own.predict_proba(X)[:, 1], trained.estimator.predict_proba(X)[:, late], atol=1e-6)
    assert pytest.approx(ROWS / 2 / LATE.sum()) == trained.settings["class_weight"][names[1]]


def test_weights_of_rows_and_classes_multiply():
    weight = FRAME["weight"].to_numpy()

    trained = logistic(weight=weight, class_weight={True: 3})

    own = LogisticRegression(random_state=0).fit(X, LATE, sample_weight=weight * np.where(LATE, 3.0, 1.0))
    np.testing.assert_array_equal(own.coef_, trained.estimator.coef_)
    assert {False: 1.0, True: 3.0} == trained.settings["class_weight"]


@pytest.mark.parametrize(
    ("model", "how", "words"),
    [
        (LinearRegression(), {"class_weight": "balanced"}, "LinearRegression is no classifier"),
        (KNeighborsClassifier(), {"class_weight": "balanced"}, "takes neither class_weight nor sample_weight"),
        (KNeighborsClassifier(), {"weight": "weight"}, "KNeighborsClassifier takes no sample_weight"),
        (LogisticRegression(class_weight="balanced"), {"class_weight": {True: 2}}, "class_weight is given twice"),
        (LogisticRegression(), {"class_weight": "equal"}, "'equal' is not known"),
        (LogisticRegression(), {"class_weight": {"late": 2}}, "names 'late', which is no class"),
        (LogisticRegression(), {"class_weight": {True: 0}}, "weight of class True is 0; it must be"),
        (LogisticRegression(), {"scoring": ["roc"]}, "there is no scorer 'roc'"),
        (LogisticRegression(), {"features": ["a", "late"]}, "'late' is the target"),
        (LogisticRegression(), {"features": []}, "there is no feature"),
        (LogisticRegression(), {"target": "lat"}, "no column 'lat' to be the target"),
        (LogisticRegression(), {"features": "ab"}, "features is 'ab'; it must be a list"),
        (LogisticRegression(), {"folds": 5}, "folds is 5; it must be Folds"),
        (LogisticRegression(), {"early_stopping": True}, "early_stopping is True; it must be EarlyStopping"),
    ],
)
def test_what_cannot_be_done_is_refused_before_the_first_fit(model, how, words):
    with pytest.raises(ConfigurationError, match=words):
        train(model, FRAME, **{"target": "late", **how})


@pytest.mark.parametrize(
    ("how", "error", "words"),
    [
        ({"features": ["a"]}, ConfigurationError, "a matrix has no named features"),
        ({"settings": ONEHOT}, ConfigurationError, "a matrix is not preprocessed"),
        ({"target": "late"}, ConfigurationError, "target 'late' names a column"),
        ({"weight": [1.0]}, InvalidDataError, "120 rows but 1 values of weight"),
        ({"weight": ["x"] * ROWS}, InvalidDataError, "the weights are String"),
        ({"weight": [-1.0] * ROWS}, InvalidDataError, "one is -1.0"),
        ({"weight": [0.0] * ROWS}, InvalidDataError, "not all zero; one is 0.0"),
        ({"target": [True] * ROWS}, InvalidDataError, "one class only, True"),
        ({"validation": 1.5}, ConfigurationError, "leave no train rows"),
        ({"validation": True}, ConfigurationError, "validation is True"),
    ],
)
def test_a_matrix_that_makes_no_sense_is_refused(how, error, words):
    with pytest.raises(error, match=words):
        logistic(**how)


def test_an_array_of_one_dimension_is_no_matrix():
    with pytest.raises(InvalidDataError, match=r"has shape \(120,\)"):
        train(LogisticRegression(), X[:, 0], target=LATE)


def test_a_batch_loader_is_sent_to_the_other_function():
    with pytest.raises(ConfigurationError, match="gives batches") as caught:
        train(LogisticRegression(), BatchLoader(FRAME, 10), target="late")

    assert "train_batches" in caught.value.hint


def test_validation_rows_are_scored_by_the_metrics_of_gates():
    trained = train(LogisticRegression(), FRAME[:80], target="late", features=["a", "b"], validation=FRAME[80:], seed=1)

    own = LogisticRegression(random_state=1).fit(X[:80, :2], LATE[:80])
    expected = np.mean((own.predict(X[80:, :2])) == LATE[80:])
    assert pytest.approx(expected) == trained.scores["validation"]["accuracy"]
    assert {"roc_auc", "brier", "log_loss", "f1"} < trained.scores["validation"].keys()
    assert not {"rows", "threshold", "base_rate"} & trained.scores["validation"].keys()


@pytest.mark.parametrize(
    ("model", "target", "metrics"),
    [
        (LogisticRegression(), BAND, {"accuracy", "log_loss"}),
        (LinearSVC(), LATE, {"accuracy"}),
        (LinearRegression(), DELAY, {"r2", "rmse", "mae", "median_error", "bias"}),
    ],
)
def test_each_kind_of_model_has_its_metrics(model, target, metrics):
    assert metrics == train(model, X, target=target, validation=0.3).scores["validation"].keys()


def test_log_loss_of_many_classes_is_scikit_learn_s():
    from sklearn.metrics import log_loss

    trained = train(LogisticRegression(), X[:80], target=BAND[:80], validation=(X[80:], BAND[80:]))

    expected = log_loss(BAND[80:], trained.estimator.predict_proba(X[80:]))
    assert pytest.approx(expected) == trained.scores["validation"]["log_loss"]


def test_cross_validation_equals_scikit_learn_s():
    trained = train(Ridge(), X, target=DELAY, folds=Folds("random", 4), scoring=["r2", "neg_max_error"], seed=6)

    folds = KFold(4, shuffle=True, random_state=6)
    for name in ("r2", "neg_max_error"):
        expected = cross_val_score(Ridge(random_state=6), X, DELAY, cv=folds, scoring=name)
        told = trained.scores["cross_validation"][name]
        np.testing.assert_allclose(expected, told["folds"])
        figures = [expected.mean(), expected.std(ddof=1), expected.min(), expected.max()]
        assert pytest.approx(figures) == [told[each] for each in ("mean", "std", "min", "max")]
    predicted = cross_val_predict(Ridge(random_state=6), X, DELAY, cv=folds)
    np.testing.assert_allclose(predicted, trained.out_of_fold["prediction"])
    np.testing.assert_array_equal(Ridge().fit(X, DELAY).coef_, trained.estimator.coef_)


def test_predictions_out_of_fold_stand_in_the_order_of_the_rows():
    trained = train(LogisticRegression(), FRAME, target="late", folds=Folds("time", 3, column="day"))

    found = trained.out_of_fold
    assert (ROWS, ["fold", "prediction", "probability"]) == (found.height, found.columns)
    assert [None, 0, 1, 2] == found["fold"].unique(maintain_order=True).to_list()
    assert 30 == found["prediction"].null_count() == found["probability"].null_count()
    called = found.drop_nulls()
    assert called["prediction"].to_list() == (called["probability"] > 0.5).to_list()


def test_a_class_that_a_fold_lacks_gets_no_probability_there():
    band = np.array([0, 1, 2] * 4)
    groups = np.where(band == 2, 0, 1 + np.arange(12) // 3 % 2)  # all of class 2 lie in one group

    trained = train(
        DecisionTreeClassifier(),
        X[:12],
        target=band,
        folds=Folds("group", 3, group=groups),
        scoring={"rows": lambda model, features, outcome: len(outcome)},
    )

    found = trained.out_of_fold
    assert ["fold", "prediction", "probability_0", "probability_1", "probability_2"] == found.columns
    lacking = found.filter(pl.Series(band == 2))
    assert [0.0] == lacking["probability_2"].unique().to_list()
    np.testing.assert_allclose(1.0, found.select(pl.sum_horizontal("^probability_.*$")).to_series())


def test_a_fold_that_fails_is_named():
    target = np.arange(12) == 3

    with pytest.raises(InvalidDataError, match=r"fold 1 of 3: .*one class"):
        train(LogisticRegression(), X[:12], target=target, folds=Folds("time", 3, column=np.arange(12)))


def test_a_metric_that_is_not_defined_is_never_nan():
    with pytest.raises(InvalidDataError, match="odd is nan on"):
        logistic(folds=Folds(), scoring={"odd": lambda *given: float("nan")})
    with pytest.raises(InvalidDataError, match="roc_auc is not defined here"):
        train(LogisticRegression(), X, target=BAND, validation=0.3, scoring="roc_auc")


def test_preprocessing_is_learned_from_the_rows_to_learn_from_alone():
    frame = FRAME.with_columns(a=pl.when(pl.col("day") < 6).then("a").otherwise(1e9))
    settings = PreprocessingSettings(scale="minmax")

    trained = train(
        LogisticRegression(), frame[:60], target="late", features=["a"], settings=settings, validation=frame[60:]
    )

    scaler = trained.estimator["preprocess"].named_transformers_["numeric"]["scale"]
    assert X[:60, 0].max() == scaler.data_max_[0]


def test_early_stopping_in_a_fold_parts_off_rows_of_that_fold():
    from groundwork.modeling.training import EarlyStopping

    seen = []

    def score(model, features, outcome):
        seen.append(len(outcome))
        return 0.0

    train(
        "sklearn.linear_model.SGDClassifier",
        X,
        target=LATE,
        folds=Folds("stratified", 2),
        validation=0.5,
        early_stopping=EarlyStopping(patience=1, scoring=score),
        scoring="accuracy",
    )

    # two rounds each: of the two folds, whose 60 rows are halved, and of the model itself
    assert [30, 30, 30, 30, 60, 60] == seen


def test_validation_rows_given_say_when_to_stop_in_every_fold():
    from groundwork.modeling.training import EarlyStopping

    seen = []

    def score(model, features, outcome):
        seen.append(len(outcome))
        return 0.0

    train(
        "sklearn.linear_model.SGDClassifier",
        X[:100],
        target=LATE[:100],
        folds=Folds("stratified", 2),
        validation=(X[100:], LATE[100:]),
        early_stopping=EarlyStopping(patience=1, scoring=score),
        scoring="accuracy",
    )

    assert [20] * 6 == seen


class Timed(ClassifierMixin, BaseEstimator):
    def __init__(self, clock=None, size=0):
        self.clock, self.size = clock, size

    def fit(self, features, outcome):
        self.clock.advance(4)
        self.classes_ = np.unique(outcome)
        return self

    def predict(self, features):
        return np.full(len(features), self.classes_[0])


def test_the_record_is_json_and_has_no_model_in_it():
    clock = VirtualClock()

    trained = train(Timed, X, target=BAND, params={"clock": clock, "size": np.int64(3)}, validation=0.2, clock=clock)

    record = json.loads(json.dumps(trained.to_dict()))
    assert {"scores", "history", "seconds", "seed", "settings", "rows"} == record.keys()
    assert 4.0 == record["seconds"]
    assert f"{__name__}.Timed".rpartition(".")[2] == record["settings"]["estimator"].rpartition(".")[2]
    assert "VirtualClock" in record["settings"]["params"]["clock"]
    assert 3 == record["settings"]["params"]["size"]


def test_a_failure_of_a_fold_is_of_training_with_its_cause():
    with pytest.raises(TrainingFailedError, match=r"fold 1 of 2: LogisticRegression failed on 60 rows") as caught:
        train(LogisticRegression(), np.full_like(X, np.nan), target=LATE, folds=Folds("stratified", 2))

    assert TrainingFailedError is type(caught.value.__cause__)


def test_gaps_that_an_estimator_cannot_take_are_told_with_what_fills_them():
    gappy = FRAME.with_columns(a=pl.when(LATE).then(pl.col("a")))

    with pytest.raises(TrainingFailedError, match="contains NaN") as caught:
        train(LogisticRegression(), gappy, target="late", features=["a", "b"])

    assert "numeric_impute" in caught.value.hint
