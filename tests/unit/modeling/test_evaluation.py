import json
from functools import partial

import numpy as np
import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn import metrics
from sklearn.calibration import calibration_curve

from groundwork.errors import ConfigurationError, InvalidDataError
from groundwork.modeling import evaluation
from groundwork.modeling.evaluation import (
    _blocks,
    choose_threshold,
    curves,
    evaluate_classification,
    evaluate_regression,
    expected_calibration_error,
    permutation_importance,
)

# Few distinct values, so that ties are common.
probabilities = st.one_of(st.sampled_from([0.0, 0.2, 0.5, 0.9, 1.0]), st.floats(0, 1))
pairs = st.lists(st.tuples(st.booleans(), probabilities), min_size=2, max_size=60)
numbers = st.floats(-1e3, 1e3)


def parted(rows):
    outcome, probability = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    assume(outcome.any() and not outcome.all())
    return outcome, probability


@settings(deadline=None, max_examples=15)
@given(pairs, probabilities)
def test_figures_equal_those_of_scikit_learn(rows, threshold):
    outcome, probability = parted(rows)
    called = probability >= threshold

    ours = evaluate_classification(outcome, probability, threshold=threshold)

    expected = {
        "roc_auc": metrics.roc_auc_score(outcome, probability),
        "average_precision": metrics.average_precision_score(outcome, probability),
        "brier": metrics.brier_score_loss(outcome, probability),
        "log_loss": metrics.log_loss(outcome, probability),
        "accuracy": metrics.accuracy_score(outcome, called),
        "precision": metrics.precision_score(outcome, called, zero_division=0),
        "recall": metrics.recall_score(outcome, called),
        "f1": metrics.f1_score(outcome, called, zero_division=0),
    }
    assert {name: ours[name] for name in expected} == pytest.approx(expected, abs=1e-9)
    assert ours["confusion"] == metrics.confusion_matrix(outcome, called).tolist()
    json.dumps(ours, allow_nan=False)


@settings(deadline=None, max_examples=15)
@given(st.lists(st.tuples(numbers, numbers), min_size=2, max_size=40))
def test_regression_figures_equal_those_of_scikit_learn(rows):
    outcome, prediction = np.array(rows).T
    assume(np.ptp(outcome) > 1e-3)

    ours = evaluate_regression(outcome, prediction)

    assert ours["r2"] == pytest.approx(metrics.r2_score(outcome, prediction), rel=1e-6)
    assert ours["rmse"] == pytest.approx(metrics.root_mean_squared_error(outcome, prediction))
    assert ours["mae"] == pytest.approx(metrics.mean_absolute_error(outcome, prediction))
    assert ours["median_error"] == pytest.approx(metrics.median_absolute_error(outcome, prediction))


@settings(deadline=None, max_examples=15)
@given(st.lists(st.tuples(st.booleans(), probabilities, st.integers(0, 6)), min_size=2, max_size=40), probabilities)
def test_weighted_figures_equal_those_of_scikit_learn(rows, threshold):
    outcome, probability, weights = (np.array(column) for column in zip(*rows, strict=True))
    assume(0 < weights @ outcome < weights.sum())
    weights = weights / 4
    called, options = probability >= threshold, {"sample_weight": weights}

    ours = evaluate_classification(outcome, probability, threshold=threshold, weights=weights)

    expected = {
        "roc_auc": metrics.roc_auc_score(outcome, probability, **options),
        "average_precision": metrics.average_precision_score(outcome, probability, **options),
        "brier": metrics.brier_score_loss(outcome, probability, **options),
        "log_loss": metrics.log_loss(outcome, probability, **options),
        "accuracy": metrics.accuracy_score(outcome, called, **options),
        "precision": metrics.precision_score(outcome, called, zero_division=0, **options),
        "recall": metrics.recall_score(outcome, called, **options),
        "f1": metrics.f1_score(outcome, called, zero_division=0, **options),
    }
    assert {name: ours[name] for name in expected} == pytest.approx(expected, abs=1e-9)
    assert np.array(ours["confusion"]) == pytest.approx(metrics.confusion_matrix(outcome, called, **options))
    assert ours["rows"] == np.count_nonzero(weights)


@settings(deadline=None, max_examples=15)
@given(st.lists(st.tuples(numbers, numbers, st.integers(0, 4)), min_size=2, max_size=40))
def test_weighted_regression_figures_equal_those_of_scikit_learn(rows):
    outcome, prediction, weights = np.array(rows).T
    assume(weights.any() and np.ptp(outcome[weights > 0]) > 1e-3)
    options = {"sample_weight": weights}

    ours = evaluate_regression(outcome, prediction, weights=weights)

    assert ours["r2"] == pytest.approx(metrics.r2_score(outcome, prediction, **options), rel=1e-6)
    assert ours["rmse"] == pytest.approx(metrics.root_mean_squared_error(outcome, prediction, **options))
    assert ours["mae"] == pytest.approx(metrics.mean_absolute_error(outcome, prediction, **options))
    repeated = np.repeat(prediction - outcome, weights.astype(int))
    assert ours["median_error"] == pytest.approx(np.median(np.abs(repeated)))
    assert ours["bias"] == pytest.approx(repeated.mean(), abs=1e-9)


@settings(deadline=None, max_examples=15)
@given(pairs, st.integers(1, 20))
def test_the_calibration_error_is_the_one_of_the_bins_of_scikit_learn(rows, bins):
    outcome, probability = (np.array(column) for column in zip(*rows, strict=True))
    # On an edge between two bins scikit-learn takes the lower one, we the upper.
    inner = np.linspace(0, 1, bins + 1)[1:-1]
    assume(not any(np.abs(inner - each).min(initial=1) < 1e-12 for each in probability))

    ours = expected_calibration_error(outcome, probability, bins=bins)

    observed, stated = calibration_curve(outcome, probability, n_bins=bins)
    rows_of_bins = np.bincount(np.searchsorted(inner, probability))
    weights = rows_of_bins[rows_of_bins > 0] / len(rows)
    assert ours == pytest.approx(weights @ np.abs(observed - stated), abs=1e-9)


def test_a_probability_on_an_edge_belongs_to_the_bin_above_and_1_to_the_last():
    found = curves([0, 1, 0, 1], [0.0, 0.5, 0.25, 1.0], bins=4)["calibration"]

    assert [(0.0, 1), (0.25, 1), (0.5, 1), (0.75, 1)] == [(each["low"], each["rows"]) for each in found]


def test_many_rows_have_the_figures_of_few(monkeypatch):
    rng = np.random.default_rng(0)
    probability = rng.random(200_000)
    outcome, numbers = rng.random(200_000) < probability, rng.normal(0, 1, 200_000)
    classes, errors = evaluate_classification(outcome, probability), evaluate_regression(probability, numbers)

    monkeypatch.setattr(_blocks, "_MANY", 100)

    assert classes == evaluate_classification(outcome, probability)
    assert errors == evaluate_regression(probability, numbers)
    assert errors["median_error"] == np.median(np.abs(probability - numbers))
    assert classes["log_loss"] == pytest.approx(metrics.log_loss(outcome, probability), abs=1e-12)


@pytest.mark.parametrize("values", [np.arange(99_999.0), np.r_[np.zeros(10_001), np.arange(40_000.0)], np.arange(7.0)])
def test_the_median_of_sorted_or_tied_values_is_that_of_numpy(values):
    for each in (values, values[::-1].copy(), values[:-1]):
        assert np.median(each) == evaluate_regression(np.zeros(each.size), each)["median_error"]


def test_the_median_is_right_where_the_sample_misses_the_middle():
    # Every tenth value is looked at, and those are all zero.
    values = np.tile(np.r_[0.0, np.arange(1.0, 10.0)], 10_000)

    assert np.median(values) == evaluate_regression(np.zeros(values.size), values)["median_error"]


@pytest.mark.parametrize("kind", [list, pl.Series, lambda values: np.array(values, dtype=np.float32)])
def test_lists_series_and_short_floats_are_taken_alike(kind):
    found = evaluate_classification(kind([0.0, 1.0, 1.0]), kind([0.25, -0.0, 0.75]))

    assert (found["roc_auc"], found["brier"]) == (0.5, pytest.approx((0.25**2 + 1 + 0.25**2) / 3))


def test_a_constant_outcome_has_no_variance_even_if_its_mean_is_rounded():
    assert evaluate_regression([0.1] * 3, [0.1, 0.1, 0.2])["r2"] == 0.0
    assert evaluate_regression([0.1] * 3, [0.1] * 3)["r2"] == 1.0


@pytest.mark.parametrize(("prediction", "expected"), [([2.0, 2.0], 1.0), ([2.0, 3.0], 0.0)])
def test_r2_of_a_constant_outcome_is_one_if_met_and_else_zero(prediction, expected):
    assert evaluate_regression([2.0, 2.0], prediction)["r2"] == expected


def test_calibration_error_is_the_mean_gap_weighted_by_rows():
    # Three rows say 0.9 and two of them happen, one says 0.1 and does not.
    error = expected_calibration_error([1, 1, 0, 0], [0.9, 0.9, 0.9, 0.1], bins=10)

    assert error == pytest.approx((3 * abs(0.9 - 2 / 3) + 1 * 0.1) / 4)


def test_calibration_needs_one_class_only():
    assert expected_calibration_error([1, 1], [1.0, 1.0]) == 0.0


@settings(deadline=None, max_examples=20)
@given(pairs)
def test_no_other_threshold_has_a_better_f1(rows):
    outcome, probability = parted(rows)

    chosen = choose_threshold(outcome, probability)

    assert f1(outcome, probability >= chosen) == max(f1(outcome, probability >= each) for each in probability)


def f1(outcome, called):
    return 2 * (outcome & called).sum() / (outcome.sum() + called.sum())


@pytest.mark.parametrize(("by", "expected"), [("f1", 0.4), ("youden", 0.4), ("accuracy", 0.4)])
def test_a_clean_cut_is_found_by_every_rule(by, expected):
    assert choose_threshold([0, 0, 1, 1], [0.1, 0.3, 0.4, 0.9], by=by) == expected


def test_an_unknown_rule_is_refused():
    with pytest.raises(ConfigurationError, match="by 'luck'"):
        choose_threshold([0, 1], [0.1, 0.9], by="luck")


def test_curves_are_thin_rise_and_keep_both_ends():
    rng = np.random.default_rng(0)
    probability = rng.random(5_000)
    outcome = rng.random(5_000) < probability

    found = curves(outcome, probability)

    roc = found["roc"]
    assert len(roc["false_positive_rate"]) <= 200
    assert (roc["false_positive_rate"][0], roc["true_positive_rate"][0]) == (0.0, 0.0)
    assert (roc["false_positive_rate"][-1], roc["true_positive_rate"][-1]) == (1.0, 1.0)
    assert roc["true_positive_rate"] == sorted(roc["true_positive_rate"])
    assert len(found["precision_recall"]["recall"]) <= 200
    assert sum(found["scores"]["positive"]) == outcome.sum()
    assert sum(each["rows"] for each in found["calibration"]) == 5_000
    area = np.trapezoid(roc["true_positive_rate"], roc["false_positive_rate"])
    assert area == pytest.approx(metrics.roc_auc_score(outcome, probability), abs=1e-3)
    json.dumps(found, allow_nan=False)


@pytest.mark.parametrize(
    ("outcome", "probability", "words"),
    [
        ([], [], "outcome is empty"),
        ([0, 1], [0.5], r"outcome \(2,\) and probability \(1,\)"),
        ([0, 1], [0.5, float("nan")], "missing or infinite in 1 of 2"),
        ([0, None], [0.5, 0.5], "missing or infinite"),
        ([0, 1], [0.5, 1.5], "1.5 lies outside"),
        ([0, 2], [0.5, 0.5], "outcome 2.0 is neither"),
        ([1, 1], [0.5, 0.5], "all 2 outcomes are 1"),
        (["yes", "no"], [0.5, 0.5], "not all numbers"),
        ([[0], [1]], [0.5, 0.5], "has shape"),
    ],
)
def test_what_cannot_be_judged_is_refused_with_the_reason(outcome, probability, words):
    with pytest.raises(InvalidDataError, match=words):
        evaluate_classification(outcome, probability)


@pytest.mark.parametrize(
    ("outcome", "prediction", "words"),
    [
        ([1.0], [1.0, 2.0], "must have one shape"),
        ([], [], "outcome is empty"),
        ([1.0, None], [1.0, 2.0], "outcome is missing or infinite in 1 of 2"),
        ([1.0, 2.0], [1.0, float("inf")], "prediction is missing or infinite in 1 of 2"),
        ([1.0, 2.0], [1.0, -1e200], "prediction -1e\\+200 is too large to be squared"),
    ],
)
def test_numbers_that_cannot_be_judged_are_refused_with_the_reason(outcome, prediction, words):
    with pytest.raises(InvalidDataError, match=words):
        evaluate_regression(outcome, prediction)


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        ([1, 1], r"outcome \(3,\) and weights \(2,\)"),
        ([1, -2, 1], "weight -2.0 is negative"),
        ([0, 0, 0], "all 3 weights are 0"),
        ([1, float("nan"), 1], "weights is missing"),
        ([1, 0, 1], "all 2 outcomes are 0"),
    ],
)
def test_weights_that_weigh_nothing_are_refused(weights, words):
    with pytest.raises(InvalidDataError, match=words):
        evaluate_classification([0, 1, 0], [0.2, 0.5, 0.8], weights=weights)


@pytest.mark.parametrize("bins", [0, -1])
def test_no_bins_are_refused(bins):
    with pytest.raises(ConfigurationError, match=f"bins is {bins}"):
        evaluate_classification([0, 1], [0.2, 0.8], bins=bins)


def test_a_threshold_that_is_no_number_is_refused():
    for ask in (evaluate_classification, partial(evaluation.confidence_interval, "f1")):
        with pytest.raises(ConfigurationError, match="threshold is NaN"):
            ask([0, 1], [0.2, 0.8], threshold=float("nan"))
    with pytest.raises(ConfigurationError, match="threshold is NaN"):
        evaluation.ClassificationAccumulator(threshold=float("nan"))


def test_the_door_tells_what_is_behind_it():
    assert set(evaluation.__all__) == set(dir(evaluation))
    assert all(callable(getattr(evaluation, name)) for name in evaluation.__all__)
    with pytest.raises(AttributeError, match="no attribute 'luck'"):
        evaluation.luck  # noqa: B018


class Copy:
    """Says what its feature ``a`` says."""

    def prepare(self, frame):
        return frame.select("a", "b")

    def score_features(self, features):
        return features["a"].to_numpy()


@pytest.fixture
def table():
    rng = np.random.default_rng(1)
    return pl.DataFrame({"a": rng.random(500), "b": rng.random(500), "c": 1})


def test_only_what_the_model_uses_is_important(table):
    outcome = (table["a"] > 0.5).to_numpy()

    found = permutation_importance(Copy(), table, outcome)

    assert [each["column"] for each in found] == ["a", "b"]
    assert found[0]["mean"] == pytest.approx(0.5, abs=0.1)
    assert found[1] == {"column": "b", "mean": 0.0, "std": 0.0}


def test_importance_of_a_regressor_is_the_drop_in_r2(table):
    found = permutation_importance(Copy(), table, table["a"].to_numpy(), columns=["a"], repeats=2)

    assert found[0]["mean"] == pytest.approx(2.0, abs=0.3)


def test_a_regressor_of_noughts_and_ones_may_predict_beyond_them(table):
    wide = table.with_columns(pl.col("a") * 3 - 1)

    found = permutation_importance(Copy(), wide, (wide["a"] > 0.5).to_numpy(), columns=["a"])
    constant = permutation_importance(Copy(), wide, np.zeros(500), columns=["a"])

    assert found[0]["mean"] == pytest.approx(0.5, abs=0.1)
    assert constant == [{"column": "a", "mean": 0.0, "std": 0.0}]


def test_the_same_seed_gives_the_same_importance_of_a_sample(table):
    outcome = (table["a"] > 0.5).to_numpy()

    first, again = (permutation_importance(Copy(), table, outcome, seed=4, rows=100) for _ in range(2))

    assert first == again


def test_importance_of_what_is_no_feature_is_refused(table):
    with pytest.raises(ConfigurationError, match="'c'"):
        permutation_importance(Copy(), table, (table["a"] > 0.5).to_numpy(), columns=["c"])


def test_curves_of_few_rows_keep_every_point():
    found = curves([0, 1, 1], [0.2, 0.4, 0.9])

    assert found["roc"] == {"false_positive_rate": [0.0, 0.0, 0.0, 1.0], "true_positive_rate": [0.0, 0.5, 1.0, 1.0]}
    assert found["precision_recall"]["precision"] == [1.0, 1.0, pytest.approx(2 / 3, abs=1e-6)]
