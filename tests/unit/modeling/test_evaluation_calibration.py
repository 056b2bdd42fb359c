import json

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest
from sklearn.calibration import calibration_curve

from groundwork.errors import ConfigurationError, InvalidDataError
from groundwork.modeling.evaluation import evaluate_calibration, expected_calibration_error


def drawn(rows, seed=0):
    rng = np.random.default_rng(seed)
    probability = rng.random(rows)
    return rng.random(rows) < probability, probability


@settings(deadline=None, max_examples=15)
@given(
    st.lists(st.tuples(st.booleans(), st.floats(0, 1)), min_size=1, max_size=40),
    st.integers(1, 8),
    st.sampled_from(["width", "count"]),
)
def test_the_bins_are_those_of_scikit_learn(rows, bins, by):
    outcome, probability = (np.array(column) for column in zip(*rows, strict=True))
    inner = np.linspace(0, 1, bins + 1)[1:-1]
    assume(by == "count" or not any(np.abs(inner - each).min(initial=1) < 1e-12 for each in probability))

    found = evaluate_calibration(outcome, probability, bins=bins, by=by)

    strategy = {"width": "uniform", "count": "quantile"}[by]
    observed, stated = calibration_curve(outcome, probability, n_bins=bins, strategy=strategy)
    assert [each["observed"] for each in found["bins"]] == pytest.approx(observed.tolist(), abs=1e-12)
    assert [each["stated"] for each in found["bins"]] == pytest.approx(stated.tolist(), abs=1e-12)
    assert sum(each["rows"] for each in found["bins"]) == len(rows)
    json.dumps(found, allow_nan=False)


def test_by_width_the_error_is_the_expected_calibration_error():
    outcome, probability = drawn(500)

    found = evaluate_calibration(outcome, probability, bins=7)

    assert found["error"] == pytest.approx(expected_calibration_error(outcome, probability, bins=7), abs=1e-12)
    assert found["bias"] == pytest.approx(probability.mean() - outcome.mean(), abs=1e-12)
    assert found["largest_gap"] == max(abs(each["stated"] - each["observed"]) for each in found["bins"])


def test_the_ends_of_a_frequency_are_those_of_wilson():
    outcome, probability = drawn(60)

    for each in evaluate_calibration(outcome, probability, bins=3, level=0.9)["bins"]:
        hits = round(each["observed"] * each["rows"])
        ends = binomtest(hits, each["rows"]).proportion_ci(0.9, "wilson")
        assert (each["observed_low"], each["observed_high"]) == pytest.approx((ends.low, ends.high), abs=1e-9)


def test_true_probabilities_are_inside_and_exaggerated_ones_outside():
    outcome, probability = drawn(5_000)

    honest = evaluate_calibration(outcome, probability, by="count", level=0.999)
    sure = evaluate_calibration(outcome, probability ** np.where(probability > 0.5, 0.2, 5), by="count", level=0.999)

    assert honest["outside"] == 0.0
    assert sure["outside"] > 0.5


def test_weights_are_worth_repeated_rows():
    outcome, probability = drawn(40)
    weights = np.arange(40) % 4
    whole = np.repeat(np.arange(40), weights)

    weighted = evaluate_calibration(outcome, probability, bins=5, weights=weights)

    repeated = evaluate_calibration(outcome[whole], probability[whole], bins=5)
    for one, other in zip(weighted["bins"], repeated["bins"], strict=True):
        assert one == pytest.approx(other)
    assert weighted["error"] == pytest.approx(repeated["error"])


@pytest.mark.parametrize("options", [{"level": 95}, {"by": "luck"}, {"bins": 0}])
def test_options_that_make_no_sense_are_refused(options):
    with pytest.raises(ConfigurationError, match=next(iter(options))):
        evaluate_calibration([0, 1], [0.2, 0.8], **options)


def test_rows_that_cannot_be_judged_are_refused():
    with pytest.raises(InvalidDataError, match="missing or infinite"):
        evaluate_calibration([0, 1], [0.2, None])
