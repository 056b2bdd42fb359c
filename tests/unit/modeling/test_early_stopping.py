import json

import numpy as np
import pytest
from sklearn.ensemble import (
    AdaBoostClassifier,
    AdaBoostRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
)
from sklearn.linear_model import LogisticRegression, SGDClassifier, SGDRegressor
from sklearn.neural_network import MLPClassifier
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from groundwork.errors import ConfigurationError, InvalidDataError
from groundwork.modeling.training import EarlyStopping, train

RNG = np.random.default_rng(5)
X = RNG.normal(size=(160, 3))
LATE = X[:, 0] + RNG.normal(0, 1.0, 160) > 0.3
DELAY = X[:, 0] + RNG.normal(0, 1.0, 160)
LEARN, JUDGE = slice(0, 110), slice(110, 160)
VALIDATION = (X[JUDGE], LATE[JUDGE])


def fit(model, wish, target=LATE, **how):
    return train(
        model, X[LEARN], target=target[LEARN], validation=(X[JUDGE], target[JUDGE]), early_stopping=wish, seed=1, **how
    )


@pytest.mark.parametrize(
    ("model", "way"),
    [
        (HistGradientBoostingClassifier(max_iter=12, min_samples_leaf=5), "native"),
        (HistGradientBoostingRegressor(max_iter=12, min_samples_leaf=5), "native"),
        (SGDClassifier(loss="log_loss", max_iter=9), "partial_fit"),
        (SGDClassifier(max_iter=9, early_stopping=True), "partial_fit"),
        (SGDRegressor(max_iter=9), "partial_fit"),
        (MLPClassifier((3,), max_iter=6), "partial_fit"),
        (GradientBoostingClassifier(n_estimators=12, n_iter_no_change=2), "warm_start"),
        (GradientBoostingRegressor(n_estimators=12), "warm_start"),
        (RandomForestClassifier(n_estimators=8), "warm_start"),
        (AdaBoostClassifier(n_estimators=8), "staged"),
        (AdaBoostRegressor(DecisionTreeRegressor(max_depth=2), n_estimators=8), "staged"),
    ],
    ids=lambda each: type(each).__name__,
)
def test_the_model_of_the_best_round_comes_out_and_the_way_is_told(model, way):
    wish = EarlyStopping(patience=3)
    target = DELAY if "Regressor" in type(model).__name__ else LATE

    trained = fit(model, wish, target)

    told = trained.settings["early_stopping"]
    scores = [each["score"] for each in trained.history]
    assert way == told["way"]
    assert told["said"].startswith(f"{way}: ")
    assert scores.index(max(scores)) + 1 == told["best_round"]
    assert told["stopped"] == (len(scores) - told["best_round"] >= 3)
    # native judges by half the squared error; all others as the wish itself does
    scale = 0.5 if way == "native" and target is DELAY else 1
    assert pytest.approx(max(scores)) == scale * wish.scorer(trained.estimator, X[JUDGE], target[JUDGE])
    json.dumps(trained.to_dict())


@pytest.mark.parametrize("model", [GradientBoostingRegressor(), RandomForestClassifier(), SGDRegressor()])
def test_a_model_stopped_early_is_the_one_that_so_many_rounds_give(model):
    target = LATE if "Classifier" in type(model).__name__ else DELAY
    wish = EarlyStopping(patience=2, max_rounds=9)

    first = fit(model, wish, target)
    best = first.settings["early_stopping"]["best_round"]
    again = fit(model, EarlyStopping(patience=100, max_rounds=best), target)

    np.testing.assert_array_equal(first.estimator.predict(X), again.estimator.predict(X))


@pytest.mark.parametrize(
    "model",
    [HistGradientBoostingClassifier(), SGDClassifier(), RandomForestClassifier(), AdaBoostClassifier()],
    ids=lambda model: type(model).__name__,
)
def test_no_more_rounds_are_made_than_asked_for(model):
    trained = fit(model, EarlyStopping(patience=50, max_rounds=2))

    told = trained.settings["early_stopping"]
    assert (2, False) == (told["rounds"], told["stopped"])
    assert f"{told['way']}: made all 2 rounds, kept round {told['best_round']}" == told["said"].split(", fitted")[0]


def test_a_boosting_that_stops_by_itself_has_so_many_stages():
    trained = train(
        AdaBoostClassifier(DecisionTreeClassifier(), n_estimators=5),
        X[LEARN],
        target=LATE[LEARN],
        validation=VALIDATION,
        early_stopping=EarlyStopping(),
    )

    assert [1] == [each["round"] for each in trained.history]


def test_parameters_that_were_not_asked_to_change_stay():
    model = HistGradientBoostingClassifier(max_iter=9, min_samples_leaf=5, tol=1e-3, n_iter_no_change=7)

    fitted = fit(model, EarlyStopping(patience=2)).estimator

    assert (1e-3, 7, "loss") == (fitted.tol, fitted.n_iter_no_change, fitted.scoring)
    assert (
        GradientBoostingClassifier().warm_start
        is fit(GradientBoostingClassifier(n_estimators=3), EarlyStopping(patience=1)).estimator.warm_start
    )


def test_a_gain_that_is_too_small_does_not_count():
    patient = fit(SGDRegressor(max_iter=9), EarlyStopping(patience=2), DELAY)
    strict = fit(SGDRegressor(max_iter=9), EarlyStopping(patience=2, min_gain=1e6), DELAY)

    assert patient.settings["early_stopping"]["best_round"] > 1
    assert 1 == strict.settings["early_stopping"]["best_round"]
    assert 3 == len(strict.history)


def test_the_seed_decides_the_order_of_the_rows_in_each_pass():
    def learned(seed):
        model = SGDRegressor(shuffle=False, random_state=0)
        given = {"target": DELAY[LEARN], "validation": (X[JUDGE], DELAY[JUDGE]), "seed": seed}
        return train(model, X[LEARN], early_stopping=EarlyStopping(max_rounds=2), **given).estimator.coef_.tolist()

    assert learned(1) == learned(1) != learned(2)


@pytest.mark.parametrize("model", [SGDClassifier(max_iter=4), HistGradientBoostingClassifier(max_iter=4)])
def test_a_named_scorer_judges_the_rounds(model):
    trained = fit(model, EarlyStopping(patience=2, scoring="balanced_accuracy"))

    assert "balanced_accuracy" == trained.settings["early_stopping"]["scoring"]
    assert all(0 <= each["score"] <= 1 for each in trained.history)


def test_a_function_judges_the_rounds():
    def known(model, features, outcome):
        return -float(model.t_)

    trained = fit(SGDClassifier(max_iter=9), EarlyStopping(patience=2, scoring=known))

    assert ("known", 1) == tuple(trained.settings["early_stopping"][name] for name in ("scoring", "best_round"))


def test_a_class_that_only_validation_has_is_refused():
    seen = LATE[LEARN].astype(int)
    other = np.where(LATE[JUDGE], 7, 0)

    with pytest.raises(InvalidDataError, match="class 7 is among the rows to judge by"):
        train(
            SGDClassifier(max_iter=3),
            X[LEARN],
            target=seen,
            validation=(X[JUDGE], other),
            early_stopping=EarlyStopping(),
        )


def test_an_estimator_without_rounds_is_refused_before_it_is_fitted():
    with pytest.raises(ConfigurationError, match="LogisticRegression is not fitted in rounds"):
        fit(LogisticRegression(), EarlyStopping())


def test_rows_to_judge_by_must_be_given():
    with pytest.raises(ConfigurationError, match="needs rows that are not learned from"):
        train(SGDClassifier(), X, target=LATE, early_stopping=EarlyStopping())


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"patience": 0}, "patience 0 is no number of rounds"),
        ({"patience": True}, "patience True"),
        ({"max_rounds": 1.5}, "max_rounds 1.5"),
        ({"min_gain": -1}, "min_gain -1"),
        ({"min_gain": "x"}, "min_gain 'x'"),
    ],
)
def test_what_makes_no_sense_is_refused(how, words):
    with pytest.raises(ConfigurationError, match=words):
        EarlyStopping(**how)


def test_a_misspelt_scorer_is_told_before_the_first_round():
    with pytest.raises(ConfigurationError, match="no scorer 'balanced_acuracy'") as caught:
        fit(SGDClassifier(), EarlyStopping(scoring="balanced_acuracy"))

    assert "balanced_accuracy" in caught.value.hint
