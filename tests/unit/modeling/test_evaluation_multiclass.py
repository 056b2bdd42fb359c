import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from groundwork.errors import InvalidDataError
from groundwork.modeling.evaluation import evaluate_classification, evaluate_multiclass

NAMES = ["ant", "bee", "cow"]


def drawn(rows, classes, seed):
    rng = np.random.default_rng(seed)
    # One digit before the sum is made 1, so that ties are common.
    probability = rng.random((rows, classes)).round(1) + 0.1
    return rng.integers(0, classes, rows), probability / probability.sum(axis=1, keepdims=True)


@settings(deadline=None, max_examples=12)
@given(st.integers(2, 40), st.integers(2, 4), st.integers(0, 1000), st.booleans())
def test_figures_of_several_classes_equal_those_of_scikit_learn(rows, classes, seed, weighted):
    outcome, probability = drawn(rows, classes, seed)
    weights = np.random.default_rng(seed).integers(1, 5, rows) / 2 if weighted else None
    called, present = probability.argmax(axis=1), np.unique(outcome)
    options = {"labels": present, "average": "macro", "zero_division": 0, "sample_weight": weights}

    ours = evaluate_multiclass(outcome, probability, weights=weights)

    every = list(range(classes))
    brier = np.average(((probability - np.eye(classes)[outcome]) ** 2).sum(axis=1), weights=weights)
    expected = {
        "accuracy": metrics.accuracy_score(outcome, called, sample_weight=weights),
        "precision_macro": metrics.precision_score(outcome, called, **options),
        "recall_macro": metrics.recall_score(outcome, called, **options),
        "f1_macro": metrics.f1_score(outcome, called, **options),
        "log_loss": metrics.log_loss(outcome, probability, labels=every, sample_weight=weights),
        "brier": brier,
    }
    if present.size == classes > 2:
        expected["roc_auc_macro"] = metrics.roc_auc_score(
            outcome, probability, multi_class="ovr", sample_weight=weights
        )
    elif present.size < classes:
        assert ours["roc_auc_macro"] is None
    assert {name: ours[name] for name in expected} == pytest.approx(expected, abs=1e-9)
    confusion = metrics.confusion_matrix(outcome, called, labels=every, sample_weight=weights)
    assert np.array(ours["confusion"]) == pytest.approx(confusion)
    json.dumps(ours, allow_nan=False)


def test_two_classes_have_the_ranking_figures_of_one_probability():
    outcome, probability = drawn(50, 2, 1)

    found = evaluate_multiclass(outcome, probability)["classes"]["1"]

    alone = evaluate_classification(outcome, probability[:, 1])
    for name in ("roc_auc", "average_precision"):
        assert found[name] == alone[name]


def test_a_class_without_rows_has_no_figures_and_no_part_in_the_means():
    found = evaluate_multiclass(["ant", "bee"], [[0.7, 0.2, 0.1], [0.1, 0.2, 0.7]], classes=NAMES)

    assert {"rows": 0, "precision": 0.0, "recall": None, "f1": None, "roc_auc": None, "average_precision": None} == (
        found["classes"]["cow"]
    )
    assert (found["recall_macro"], found["roc_auc_macro"]) == (0.5, None)
    assert found["confusion"] == [[1, 0, 0], [0, 0, 1], [0, 0, 0]]


def test_one_class_alone_has_recall_and_no_ranking():
    found = evaluate_multiclass([1, 1], [[0.2, 0.8], [0.6, 0.4]])

    assert (found["classes"]["1"]["recall"], found["classes"]["1"]["roc_auc"]) == (0.5, None)
    assert found["accuracy"] == 0.5


def test_classes_may_be_of_mixed_types_and_calibration_is_that_of_the_called_class():
    outcome = np.array(["ant", 2, None], dtype=object)

    found = evaluate_multiclass(outcome, [[0.6, 0.2, 0.2]] * 3, classes=["ant", 2, None])

    assert found["calibration_error"] == pytest.approx(0.6 - 1 / 3)
    assert list(found["classes"]) == ["ant", "2", "None"]


def test_rows_of_no_weight_count_for_nothing():
    outcome, probability = drawn(20, 3, 2)
    weights = np.r_[np.ones(12), np.zeros(8)]

    weighted = evaluate_multiclass(outcome, probability, weights=weights)

    alone = evaluate_multiclass(outcome[:12], probability[:12])
    assert weighted["rows"] == 12
    assert weighted["log_loss"] == pytest.approx(alone["log_loss"])
    assert weighted["classes"]["0"] == pytest.approx(alone["classes"]["0"])


@pytest.mark.parametrize(
    ("outcome", "probability", "classes", "words"),
    [
        ([], np.empty((0, 2)), None, "pass a row for each outcome"),
        ([0], [0.5], None, r"has shape \(1,\)"),
        ([0], [[1.0]], None, r"has shape \(1, 1\)"),
        ([0], [["a", "b"]], None, "not all numbers"),
        ([0], [[0.5, float("nan")]], None, "missing or infinite in 1 places"),
        ([0], [[1.5, -0.5]], None, "1.5 lies outside"),
        ([0], [[0.5, 0.4]], None, "row 0 sum to 0.9, not to 1"),
        ([2], [[0.5, 0.5]], None, r"outcome 2 is none of the classes \[0, 1\]"),
        ([float("nan")], [[0.5, 0.5]], None, "outcome nan is none"),
        ([0, 1], [[0.5, 0.5]], None, "2 outcomes and 1 rows"),
        ([[0]], [[0.5, 0.5]], None, "outcome has shape"),
        (["ant"], [[0.5, 0.5]], NAMES, "must name each of 2 columns"),
        (["ant"], [[0.5, 0.5]], ["ant", "ant"], "must name each of 2 columns"),
    ],
)
def test_what_cannot_be_judged_is_refused_with_the_reason(outcome, probability, classes, words):
    with pytest.raises(InvalidDataError, match=words):
        evaluate_multiclass(outcome, probability, classes=classes)
