import itertools
import json
import math
import pickle
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn import metrics

from groundwork.errors import ConfigurationError, InvalidDataError
from groundwork.modeling.evaluation import (
    ClassificationAccumulator,
    RegressionAccumulator,
    evaluate_classification,
    evaluate_regression,
)
from groundwork.modeling.evaluation._exact import PLACES, ratio, square_units, units

probabilities = st.one_of(st.sampled_from([0.0, -0.0, 0.2, 0.5, 0.9, 1.0]), st.floats(0, 1))
rows_of_classes = st.lists(st.tuples(st.booleans(), probabilities), min_size=2, max_size=40)
rows_of_numbers = st.lists(st.tuples(st.floats(-1e9, 1e9), st.floats(-1e9, 1e9)), min_size=2, max_size=40)
finite = st.floats(allow_nan=False, allow_infinity=False)


def batches(rows, cuts):
    """The rows of two columns cut at some places, the batches in another order."""
    ends = sorted({cut % len(rows) for cut in cuts} | {0, len(rows)})
    parts = [rows[begin:end] for begin, end in itertools.pairwise(ends)]
    return [np.array(part).T for part in parts[::-1]]


def taken(kind, parts, **options):
    found = kind(**options)
    for part in parts:
        found.add(*part)
    return found


@settings(deadline=None, max_examples=30)
@given(rows_of_classes, st.lists(st.integers(0, 100), max_size=5), st.sampled_from([None, 8]))
def test_batches_in_any_order_and_any_merging_give_the_same_state_to_the_last_bit(rows, cuts, score_bins):
    whole = taken(ClassificationAccumulator, [np.array(rows).T], score_bins=score_bins)
    parts = batches(rows, cuts)

    one_by_one = taken(ClassificationAccumulator, parts, score_bins=score_bins)
    merged = ClassificationAccumulator(score_bins=score_bins)
    for part in parts:
        merged.merge(taken(ClassificationAccumulator, [part], score_bins=score_bins))

    assert whole.to_dict() == one_by_one.to_dict() == merged.to_dict()
    assert len(rows) == merged.rows


@settings(deadline=None, max_examples=30)
@given(rows_of_numbers, st.lists(st.integers(0, 100), max_size=5))
def test_batches_of_numbers_merge_to_the_last_bit_too(rows, cuts):
    whole = taken(RegressionAccumulator, [np.array(rows).T])
    merged = RegressionAccumulator()

    for part in batches(rows, cuts):
        merged.merge(taken(RegressionAccumulator, [part]))

    assert whole.to_dict() == merged.to_dict()
    assert whole.result() == merged.result()


@settings(deadline=None, max_examples=30)
@given(rows_of_classes, probabilities, st.integers(1, 20))
def test_figures_of_batches_are_those_of_all_rows(rows, threshold, bins):
    outcome, probability = np.array(rows).T
    assume(0 < outcome.sum() < outcome.size)

    found = taken(ClassificationAccumulator, batches(rows, [3, 7]), threshold=threshold, bins=bins).result()

    expected = evaluate_classification(outcome, probability, threshold=threshold, bins=bins)
    exact = ("roc_auc", "average_precision", "accuracy", "precision", "recall", "f1", "confusion", "rows", "threshold")
    assert {name: expected[name] for name in exact} == {name: found[name] for name in exact}
    assert set(expected) == set(found)
    for name in ("brier", "log_loss", "calibration_error", "base_rate"):
        assert found[name] == pytest.approx(expected[name], abs=1e-12)


@settings(deadline=None, max_examples=30)
@given(rows_of_numbers)
def test_figures_of_batches_of_numbers_are_those_of_all_rows(rows):
    outcome, prediction = np.array(rows).T
    assume(np.ptp(outcome) > 1e-3 * max(1.0, np.abs(outcome).max()))

    found = taken(RegressionAccumulator, batches(rows, [3, 7])).result()

    expected = evaluate_regression(outcome, prediction)
    assert set(expected) - set(found) == {"median_error"}
    for name, value in found.items():
        assert value == pytest.approx(expected[name], rel=1e-9, abs=1e-6)


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(finite, st.integers(0, 2)), max_size=30))
def test_sums_are_those_of_fractions(rows):
    values = np.array([row[0] for row in rows])

    found = units(values, np.array([row[1] for row in rows], dtype=np.int64), 3)

    expected = [sum((Fraction(value) for value, part in rows if part == each), Fraction(0)) for each in range(3)]
    assert expected == [Fraction(each, 1 << PLACES) for each in found]


@settings(deadline=None, max_examples=30)
@given(st.lists(st.floats(-1e150, 1e150).filter(lambda value: value == 0 or abs(value) > 1e-100), max_size=10))
def test_squares_are_those_of_fractions(values):
    expected = sum((Fraction(value) ** 2 for value in values), Fraction(0))

    assert expected == Fraction(square_units(np.array(values)), 1 << PLACES)


def test_a_sum_of_many_blocks_is_that_of_fsum():
    values = np.random.default_rng(0).normal(0, 1e6, 300_000)

    assert math.fsum(values) == ratio(units(values)[0], 1 << PLACES)


def test_variance_survives_a_mean_that_dwarfs_it():
    # Squares of 1e9 swallow a variance of 1 in float64.
    outcome = 1e9 + np.random.default_rng(0).normal(0, 1, 500)

    found = taken(RegressionAccumulator, [(outcome, outcome + 0.5)]).result()

    assert found["r2"] == pytest.approx(metrics.r2_score(outcome - 1e9, outcome - 1e9 + 0.5), abs=1e-12)


@pytest.mark.parametrize(("prediction", "expected"), [([2.1, 2.1], 1.0), ([2.1, 3.0], 0.0)])
def test_r2_of_a_constant_outcome_is_that_of_all_rows(prediction, expected):
    assert taken(RegressionAccumulator, [([2.1, 2.1], prediction)]).result()["r2"] == expected


@settings(deadline=None, max_examples=30)
@given(rows_of_classes, st.integers(1, 12))
def test_binned_ranking_figures_are_as_near_as_they_say(rows, score_bins):
    outcome, probability = np.array(rows).T
    assume(0 < outcome.sum() < outcome.size)

    found = taken(ClassificationAccumulator, batches(rows, [5]), score_bins=score_bins).result()

    for name in ("roc_auc", "average_precision"):
        assert abs(found[name] - evaluate_classification(outcome, probability)[name]) <= found[f"{name}_error"] + 1e-12


def test_ten_thousand_bins_lose_next_to_nothing():
    rng = np.random.default_rng(0)
    probability = rng.random(20_000)
    outcome = rng.random(20_000) < probability

    found = taken(ClassificationAccumulator, [(outcome, probability)], score_bins=10_000).result()

    assert found["roc_auc"] == pytest.approx(metrics.roc_auc_score(outcome, probability), abs=1e-4)
    assert found["roc_auc_error"] < 1e-4
    assert found["average_precision_error"] < 2e-3


@pytest.mark.parametrize("score_bins", [None, 20])
def test_an_accumulator_comes_back_from_json_and_from_pickle_and_goes_on(score_bins):
    rng = np.random.default_rng(1)
    outcome, probability = rng.integers(0, 2, 50), rng.random(50).round(1)
    whole = taken(ClassificationAccumulator, [(outcome, probability)], score_bins=score_bins, threshold=0.3)
    part = taken(ClassificationAccumulator, [(outcome[:30], probability[:30])], score_bins=score_bins, threshold=0.3)

    told = json.loads(json.dumps(part.to_dict(), allow_nan=False))
    for again in (ClassificationAccumulator.from_dict(told), pickle.loads(pickle.dumps(part))):
        again.add(outcome[30:], probability[30:])

        assert again.to_dict() == whole.to_dict()
        assert again.result() == whole.result()


def test_an_accumulator_of_numbers_comes_back_from_json():
    part = taken(RegressionAccumulator, [([1.0, 2.0], [-1.5, 0.25])])

    again = RegressionAccumulator.from_dict(json.loads(json.dumps(part.to_dict())))

    assert again.to_dict() == part.to_dict()
    assert again.result() == part.result()


def test_nothing_taken_in_comes_back_from_json_as_nothing():
    empty = ClassificationAccumulator.from_dict(ClassificationAccumulator().to_dict())

    empty.add([0, 1], [0.2, 0.8])

    assert empty.result()["roc_auc"] == 1.0


@pytest.mark.parametrize("kind", [ClassificationAccumulator, RegressionAccumulator])
def test_an_empty_batch_is_nothing_and_no_rows_at_all_are_refused(kind):
    found = kind()

    found.add([], [])

    assert 0 == found.rows
    with pytest.raises(InvalidDataError, match="no rows were added"):
        found.result()


def test_a_batch_may_be_of_one_class_but_the_whole_may_not():
    found = taken(ClassificationAccumulator, [([1, 1], [0.4, 0.6])])

    with pytest.raises(InvalidDataError, match="all 2 outcomes are 1"):
        found.result()

    found.add([0], [0.5])
    assert found.result()["roc_auc"] == 0.5


@pytest.mark.parametrize(
    ("kind", "batch", "words"),
    [
        (ClassificationAccumulator, ([0, 1], [0.5, float("nan")]), "missing or infinite"),
        (ClassificationAccumulator, ([], [0.5]), "is empty"),
        (RegressionAccumulator, ([0.0], [1e200]), "too large to be squared"),
        (RegressionAccumulator, ([0.0, float("inf")], [0.0, 0.0]), "missing or infinite"),
    ],
)
def test_a_batch_that_cannot_be_judged_leaves_nothing_behind(kind, batch, words):
    found = kind()

    with pytest.raises(InvalidDataError, match=words):
        found.add(*batch)

    assert kind().to_dict() == found.to_dict()


def test_other_settings_do_not_merge():
    with pytest.raises(ConfigurationError, match="do not merge"):
        ClassificationAccumulator(threshold=0.4).merge(ClassificationAccumulator())


@pytest.mark.parametrize("kinds", [(ClassificationAccumulator, RegressionAccumulator), (RegressionAccumulator, dict)])
def test_other_kinds_do_not_merge(kinds):
    one, other = kinds

    with pytest.raises(ConfigurationError, match=f"a {other.__name__} does not merge into a {one.__name__}"):
        one().merge(other())


@pytest.mark.parametrize("options", [{"bins": 0}, {"score_bins": 0}])
def test_no_bins_are_refused(options):
    with pytest.raises(ConfigurationError, match="bins is"):
        ClassificationAccumulator(**options)


@pytest.mark.parametrize(
    ("kind", "described"),
    [
        (ClassificationAccumulator, {"kind": "regression"}),
        (ClassificationAccumulator, {"kind": "classification", "settings": {}}),
        (RegressionAccumulator, {}),
        (RegressionAccumulator, {"kind": "regression", "rows": 1, "sums": ["x"]}),
    ],
)
def test_what_is_no_accumulator_is_refused(kind, described):
    with pytest.raises(InvalidDataError, match="accumulator"):
        kind.from_dict(described)


def test_a_mean_beyond_float64_is_refused():
    with pytest.raises(InvalidDataError, match="too large for a float64"):
        ratio(1 << (PLACES + 1100), 1 << PLACES)
