import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.errors import ConfigurationError, InvalidDataError
from groundwork.modeling.evaluation import CostThreshold, choose_threshold, cost_threshold

prices = st.integers(-5, 20)
rows = st.lists(st.tuples(st.booleans(), st.sampled_from([0.0, 0.2, 0.3, 0.7, 1.0])), min_size=1, max_size=30)


def cost_at(threshold, outcome, probability, cost):
    called = probability >= threshold
    return np.mean([cost[int(seen)][int(call)] for seen, call in zip(outcome, called, strict=True)])


@settings(deadline=None, max_examples=30)
@given(rows, st.lists(prices, min_size=4, max_size=4))
def test_no_other_threshold_costs_less(rows, prices):
    outcome, probability = np.array(rows, dtype=np.float64).T
    cost = [prices[:2], prices[2:]]

    found = cost_threshold(outcome, probability, cost)

    others = [cost_at(threshold, outcome, probability, cost) for threshold in [*probability, 2.0]]
    assert min(others) == pytest.approx(found.expected_cost)
    assert cost_at(found.threshold, outcome, probability, cost) == pytest.approx(found.expected_cost)
    assert cost_at(2.0, outcome, probability, cost) == pytest.approx(found.cost_of_none)
    assert cost_at(0.0, outcome, probability, cost) == pytest.approx(found.cost_of_all)
    assert cost_at(found.thresholds[0], outcome, probability, cost) == pytest.approx(found.costs[0])


def test_equal_prices_choose_as_accuracy_does():
    rng = np.random.default_rng(0)
    probability = rng.random(300)
    outcome = rng.random(300) < probability

    found = cost_threshold(outcome, probability, [[0, 1], [1, 0]])

    assert found.threshold == choose_threshold(outcome, probability, by="accuracy")


def test_of_true_probabilities_the_threshold_is_the_one_of_the_prices():
    rng = np.random.default_rng(0)
    probability = rng.random(100_000)
    outcome = rng.random(100_000) < probability

    found = cost_threshold(outcome, probability, [[0, 1], [4, 0]])

    assert found.calibrated_threshold == 0.2
    assert found.threshold == pytest.approx(0.2, abs=0.03)
    assert found.expected_cost < found.cost_of_all < found.cost_of_none


def test_the_curve_rises_is_thin_and_holds_the_threshold():
    rng = np.random.default_rng(0)
    probability = rng.random(5_000)

    found = cost_threshold(rng.random(5_000) < probability, probability, [[0, 1], [3, -2]])

    assert len(found.thresholds) == len(found.costs) <= 201
    assert list(found.thresholds) == sorted(found.thresholds)
    assert found.costs[found.thresholds.index(found.threshold)] == found.expected_cost == min(found.costs)


def test_alarms_dearer_than_anything_call_none():
    found = cost_threshold([0, 1], [0.3, 1.0], [[0, 1000], [1, 999]])

    assert found.threshold > 1.0
    assert found.expected_cost == found.cost_of_none == 0.5


@pytest.mark.parametrize("cost", [[[0, 0], [1, 0]], [[0, 1], [0, 0]], [[0, 1], [0, 5]]])
def test_a_call_that_always_or_never_pays_has_no_threshold_of_its_own(cost):
    assert cost_threshold([0, 1], [0.2, 0.8], cost).calibrated_threshold is None


def test_weights_are_worth_repeated_rows():
    outcome, probability = np.array([0, 1, 0, 1]), np.array([0.1, 0.4, 0.6, 0.9])
    weights = [3, 1, 5, 0]

    weighted = cost_threshold(outcome, probability, [[0, 1], [3, 0]], weights=weights)

    whole = np.repeat(np.arange(4), weights)
    assert weighted == cost_threshold(outcome[whole], probability[whole], [[0, 1], [3, 0]])


def test_one_class_alone_has_a_cheapest_threshold():
    assert cost_threshold([1, 1], [0.2, 0.8], [[0, 1], [3, 0]]).threshold == 0.2


def test_a_threshold_comes_back_from_json():
    found = cost_threshold([0, 1, 1], [0.2, 0.5, 0.8], [[0, 1], [3, 0]])

    assert CostThreshold.from_dict(json.loads(json.dumps(found.to_dict()))) == found


@pytest.mark.parametrize(
    "cost", [[[0, 1]], [0, 1, 1, 0], [["a", 1], [1, 0]], [[0, float("nan")], [1, 0]], [[0], [1, 2]]]
)
def test_prices_of_another_shape_are_refused(cost):
    with pytest.raises(ConfigurationError, match="two rows of two numbers"):
        cost_threshold([0, 1], [0.2, 0.8], cost)


def test_no_rows_are_refused():
    with pytest.raises(InvalidDataError, match="is empty"):
        cost_threshold([], [], [[0, 1], [1, 0]])


def test_of_two_cheapest_thresholds_it_is_the_higher():
    outcome, probability = [1, 0, 1], [0.9, 0.5, 0.4]

    found = cost_threshold(outcome, probability, [[0, 1], [1, 0]])

    assert (0.9, 1 / 3) == (found.threshold, pytest.approx(found.expected_cost))
