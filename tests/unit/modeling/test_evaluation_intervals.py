import json

import numpy as np
import pytest
from sklearn import metrics

from groundwork.errors import ConfigurationError, InvalidDataError
from groundwork.modeling import evaluation
from groundwork.modeling.evaluation import Interval, confidence_interval, confidence_intervals

RANKED = ["roc_auc", "average_precision"]
CLASSES = [*RANKED, "brier", "log_loss", "calibration_error", "accuracy", "precision", "recall", "f1", "base_rate"]
NUMBERS = ["r2", "rmse", "mae", "median_error", "bias"]


def classified(rows, seed=0):
    rng = np.random.default_rng(seed)
    # Two digits, so that ties are common.
    probability = rng.random(rows).round(2)
    return rng.random(rows) < probability, probability


def predicted(rows, seed=0):
    rng = np.random.default_rng(seed)
    outcome = rng.normal(3, 2, rows)
    return outcome, outcome + rng.normal(0, 1, rows)


@pytest.mark.parametrize("metric", CLASSES)
def test_a_named_metric_of_classes_has_the_interval_of_the_same_function_called_on_each_resample(metric):
    outcome, probability = classified(60)

    ours = confidence_interval(metric, outcome, probability, samples=50, threshold=0.4, bins=7)
    slow = confidence_interval(
        lambda seen, said: evaluation.evaluate_classification(seen, said, threshold=0.4, bins=7)[metric],
        outcome,
        probability,
        samples=50,
    )

    assert ours.value == pytest.approx(slow.value, abs=1e-12)
    assert (ours.low, ours.high) == pytest.approx((slow.low, slow.high), abs=1e-12)


@pytest.mark.parametrize("metric", NUMBERS)
def test_a_named_metric_of_numbers_has_the_interval_of_the_same_function_called_on_each_resample(metric):
    outcome, prediction = predicted(41)

    ours = confidence_interval(metric, outcome, prediction, samples=50)
    slow = confidence_interval(
        lambda seen, said: evaluation.evaluate_regression(seen, said)[metric], outcome, prediction, samples=50
    )

    assert (ours.value, ours.low, ours.high) == pytest.approx((slow.value, slow.low, slow.high), abs=1e-12)


@pytest.mark.parametrize("metric", [*CLASSES, *NUMBERS])
def test_weights_are_worth_repeated_rows(metric):
    outcome, prediction = classified(40) if metric in CLASSES else predicted(40)
    weights = np.arange(40) % 4
    whole = np.repeat(np.arange(40), weights)

    weighted = confidence_interval(metric, outcome, prediction, weights=weights, samples=1)

    repeated = confidence_interval(metric, outcome[whole], prediction[whole], samples=1)
    assert weighted.value == pytest.approx(repeated.value, abs=1e-12)


@pytest.mark.parametrize("method", ["percentile", "bca"])
def test_the_interval_of_a_mean_is_the_one_of_the_normal_distribution(method):
    error = np.random.default_rng(3).normal(0, 1, 400)

    found = confidence_interval("bias", np.zeros(400), error, samples=4000, level=0.9, method=method)

    half = 1.645 * error.std() / 20
    assert found.value == pytest.approx(error.mean())
    assert (found.low, found.high) == pytest.approx((error.mean() - half, error.mean() + half), abs=0.01)


@pytest.mark.parametrize("method", ["percentile", "bca"])
def test_nine_of_ten_intervals_of_90_percent_hold_the_truth(method):
    rng = np.random.default_rng(5)
    held = 0
    for _ in range(200):
        error = rng.normal(0, 1, 60)
        found = confidence_interval("mae", np.zeros(60), error, samples=200, level=0.9, method=method)
        held += found.low <= np.sqrt(2 / np.pi) <= found.high

    assert 165 <= held <= 195


def test_bca_moves_the_interval_of_a_skewed_figure_towards_its_tail():
    error = np.random.default_rng(2).exponential(1, 30) ** 2

    plain, corrected = (
        confidence_interval("mae", np.zeros(30), error, samples=4000, method=method) for method in ("percentile", "bca")
    )

    assert corrected.low > plain.low
    assert corrected.high > plain.high


def test_bca_agrees_with_scipy():
    from scipy.stats import bootstrap

    error = np.random.default_rng(2).exponential(1, 50)

    ours = confidence_interval("mae", np.zeros(50), error, samples=20_000, method="bca")

    theirs = bootstrap((error,), np.mean, n_resamples=20_000, method="BCa", rng=np.random.default_rng(1))
    limits = theirs.confidence_interval
    assert (ours.low, ours.high) == pytest.approx((limits.low, limits.high), abs=0.02)


def test_bca_of_what_cannot_vary_is_the_value():
    found = confidence_interval("bias", [1.0, 2.0, 3.0], [2.0, 3.0, 4.0], method="bca", samples=20)

    assert found == Interval(1.0, 1.0, 1.0, 0.95)


def test_rows_that_go_together_give_a_wider_interval_than_rows_on_their_own():
    error = np.repeat(np.random.default_rng(0).normal(0, 1, 30), 20)
    groups = [f"day {row // 20}" for row in range(600)]

    alone = confidence_interval("bias", np.zeros(600), error)
    together = confidence_interval("bias", np.zeros(600), error, groups=groups)

    assert together.value == alone.value
    assert together.high - together.low > 3 * (alone.high - alone.low)


def test_groups_of_one_row_are_rows():
    outcome, probability = classified(50)

    one_by_one = confidence_interval("roc_auc", outcome, probability, groups=np.arange(50), samples=50)

    assert one_by_one == confidence_interval("roc_auc", outcome, probability, samples=50)


def test_the_seed_decides_and_the_global_state_is_left_alone():
    outcome, probability = classified(80)
    before = np.random.get_state()[1].tolist()

    first, again, other = (
        confidence_interval("f1", outcome, probability, samples=100, seed=seed) for seed in (1, 1, 2)
    )

    assert first == again
    assert first != other
    assert before == np.random.get_state()[1].tolist()


def test_several_metrics_have_the_intervals_that_each_has_alone():
    outcome, probability = classified(80)

    found = confidence_intervals(CLASSES, outcome, probability, samples=40, seed=3)

    assert found == {name: confidence_interval(name, outcome, probability, samples=40, seed=3) for name in CLASSES}


def test_two_models_of_the_same_rows_are_compared_on_the_same_draws():
    outcome, prediction = predicted(100)

    same = confidence_interval("mae", outcome, prediction, against=prediction)
    better = confidence_interval("mae", outcome, prediction, against=prediction + 5)

    assert same == Interval(0.0, 0.0, 0.0, 0.95)
    assert better.high < 0


def test_a_function_may_judge_what_no_named_metric_does():
    outcome, prediction = np.array(["a", "b", "b", "c"] * 10), np.array(["a", "b", "c", "c"] * 10)

    found = confidence_interval(metrics.balanced_accuracy_score, outcome, prediction, samples=60)

    assert found.value == pytest.approx(metrics.balanced_accuracy_score(outcome, prediction))
    assert found.low < found.value < found.high


def test_an_interval_comes_back_from_json():
    found = confidence_interval("bias", [1.0, 2.0, 3.0], [1.1, 2.3, 3.2], samples=10)

    assert Interval.from_dict(json.loads(json.dumps(found.to_dict()))) == found


def test_few_resamples_without_a_figure_are_left_out_and_many_are_refused():
    outcome = np.zeros(100)
    outcome[:4] = 1
    probability = np.linspace(0, 1, 100)

    rare = confidence_interval("roc_auc", outcome, probability, samples=300)

    assert 0 <= rare.low <= rare.high <= 1
    for metric in ("roc_auc", "average_precision"):
        # A third of the draws are all of the one class, or all of the other.
        for outcome in ([1, 0, 0, 0], [0, 1, 1, 1]):
            with pytest.raises(InvalidDataError, match=rf"{metric} is undefined in \d+ of 300 resamples"):
                confidence_interval(metric, outcome, [0.5, 0.1, 0.2, 0.3], samples=300)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"outcome": []}, "outcome is empty"),
        ({"outcome": [1]}, "1 row; an interval needs at least 2"),
        ({"outcome": [1, 0, float("nan")]}, "missing or infinite in 1 of 3"),
        ({"outcome": [1, 1, 1]}, "all 3 outcomes are 1"),
        ({"outcome": [0, 0, 0], "metric": "recall"}, "recall of all rows is undefined"),
        ({"metric": "r2", "outcome": [2, 2, 2]}, "r2 of all rows is undefined"),
        ({"metric": metrics.accuracy_score, "prediction": [1]}, "3 outcomes and 1 predictions"),
        ({"metric": lambda outcome, prediction: float("nan")}, "<lambda> of all rows is undefined"),
        ({"groups": ["a", "a", "a"]}, "1 group; an interval needs at least 2"),
        ({"groups": ["a", "b"]}, "must name the group of each of 3 rows"),
        ({"groups": ["a", None, "b"]}, "a row belongs to no group"),
        ({"groups": [1.0, float("nan"), 2.0]}, "a row belongs to no group"),
        ({"weights": [1, -1, 1]}, "weight -1.0 is negative"),
        ({"weights": [0, 0, 0]}, "all 3 weights are 0"),
        ({"weights": [1, 1]}, r"weights \(2,\)"),
        ({"weights": [0, 1, 0]}, "all 1 outcomes are 0"),
    ],
)
def test_rows_that_give_no_interval_are_refused(options, words):
    asked = {"metric": "roc_auc", "outcome": [1, 0, 1], "prediction": [0.9, 0.4, 0.5], **options}
    if len(asked["outcome"]) != 3:
        asked["prediction"] = asked["prediction"][: len(asked["outcome"])]

    with pytest.raises(InvalidDataError, match=words):
        confidence_interval(asked.pop("metric"), asked.pop("outcome"), asked.pop("prediction"), samples=10, **asked)


@pytest.mark.parametrize(
    ("metric", "options", "words"),
    [
        ("luck", {}, "no metric 'luck'"),
        ("f1", {"samples": 0}, "samples is 0"),
        ("f1", {"level": 95}, "level 95"),
        ("f1", {"method": "guess"}, "no method 'guess'"),
        ("calibration_error", {"bins": 0}, "bins is 0"),
        (metrics.accuracy_score, {"weights": [1, 1]}, "takes no weights"),
    ],
)
def test_options_that_make_no_sense_are_refused(metric, options, words):
    with pytest.raises(ConfigurationError, match=words):
        confidence_interval(metric, [0, 1], [0.0, 1.0], **options)


def test_many_rows_are_drawn_one_resample_at_a_time(monkeypatch):
    from groundwork.modeling.evaluation import _draws

    outcome, probability = classified(50)
    at_once = confidence_interval("roc_auc", outcome, probability, samples=30, method="bca")

    monkeypatch.setattr(_draws, "_AT_ONCE", 60)

    assert confidence_interval("roc_auc", outcome, probability, samples=30, method="bca") == at_once


def test_a_resample_of_one_value_has_no_r2_however_it_was_rounded():
    outcome = np.array([0.1] * 3 + [0.3] * 3)
    prediction = outcome + np.linspace(-0.1, 0.1, 6)

    def explained(seen, said):
        return np.nan if np.ptp(seen) == 0 else evaluation.evaluate_regression(seen, said)["r2"]

    ours, slow = (confidence_interval(metric, outcome, prediction, samples=500) for metric in ("r2", explained))

    assert (ours.low, ours.high) == pytest.approx((slow.low, slow.high))
