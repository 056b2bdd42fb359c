import numpy as np
import pytest

from groundwork.project._fit import fit


def test_points_are_few_spread_over_what_was_observed_and_belong_together():
    outcome = np.random.default_rng(0).permutation(10_000).astype(float)

    points = fit(outcome, 2 * outcome)["fit"]

    assert 500 == len(points["observed"])
    assert (0.0, 9999.0) == (points["observed"][0], points["observed"][-1])
    assert [2 * each for each in points["observed"]] == points["predicted"]


@pytest.mark.parametrize("rows", [1, 2, 7])
def test_of_few_rows_all_are_points(rows):
    outcome = np.arange(float(rows))

    assert outcome.tolist() == fit(outcome, outcome)["fit"]["observed"]


def test_every_error_is_counted_and_a_wild_one_does_not_stretch_the_axis():
    outcome = np.zeros(5_000)
    prediction = np.random.default_rng(0).normal(size=5_000)
    prediction[0] = 1e9

    errors = fit(outcome, prediction)["errors"]

    assert 5_000 == sum(errors["counts"])
    assert errors["edges"][-1] < 10
    assert len(errors["counts"]) + 1 == len(errors["edges"])
