import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.modeling import evaluation
from groundwork.project._compare_metrics import Figures, affordable, compared_metrics
from groundwork.project._config_sections import METRICS

COARSE = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 8)), min_size=2, max_size=40).filter(
    lambda rows: {0, 1} == {outcome for outcome, _ in rows}
)


def rows_of(drawn):
    outcome, step = np.array(drawn, float).T
    return outcome, step / 8


def compared(before, after, task="regression", *, groups=None, paired=True, samples=200, level=0.95, seed=0):
    figures = [Figures(task, outcome, predicted, 0.5) for outcome, predicted in (before, after)]
    codes = groups or (np.arange(before[0].size), np.arange(after[0].size))
    found = compared_metrics(*figures, codes, METRICS[task], paired=paired, samples=samples, level=level, seed=seed)
    return {each.name: each for each in found}


@settings(deadline=None, max_examples=30)
@given(drawn=COARSE, threshold=st.sampled_from([0.0, 0.25, 0.3, 0.5, 1.0]))
def test_of_rows_drawn_once_the_figures_are_those_of_the_evaluation(drawn, threshold):
    outcome, stated = rows_of(drawn)

    figures = Figures("classification", outcome, stated, threshold).of(np.ones(outcome.size))

    expected = evaluation.evaluate_classification(outcome, stated, threshold=threshold)
    assert {name: expected[name] for name in METRICS["classification"]} == pytest.approx(figures, abs=1e-12)


@settings(deadline=None, max_examples=30)
@given(drawn=COARSE, seed=st.integers(0, 9))
def test_a_row_drawn_twice_counts_as_two_rows(drawn, seed):
    outcome, stated = rows_of(drawn)
    weight = np.random.default_rng(seed).integers(0, 3, outcome.size)
    times = np.repeat(np.arange(outcome.size), weight)
    if len(set(outcome[times])) < 2:
        return

    figures = Figures("classification", outcome, stated, 0.5).of(weight.astype(float))

    expected = evaluation.evaluate_classification(outcome[times], stated[times], threshold=0.5)
    assert {name: expected[name] for name in METRICS["classification"]} == pytest.approx(figures, abs=1e-12)


def test_a_regressions_figures_are_those_of_the_evaluation_of_the_rows_drawn():
    rng = np.random.default_rng(0)
    outcome, predicted, weight = rng.normal(size=50), rng.normal(size=50), rng.integers(0, 3, 50)
    times = np.repeat(np.arange(50), weight)

    figures = Figures("regression", outcome, predicted, None).of(weight.astype(float))

    expected = evaluation.evaluate_regression(outcome[times], predicted[times])
    assert {name: expected[name] for name in METRICS["regression"]} == pytest.approx(figures, abs=1e-12)


@pytest.mark.parametrize("task", METRICS)
def test_the_interval_of_a_difference_is_the_one_that_the_evaluation_gives(task):
    rng = np.random.default_rng(0)
    one, two = (rng.random(120).round(2) for _ in range(2))  # two digits, so that ties are common
    outcome = (rng.random(120) < one).astype(float)

    found = compared((outcome, one), (outcome, two), task, samples=500)

    expected = evaluation.confidence_intervals(list(METRICS[task]), outcome, two, against=one, samples=500)
    for name, interval in expected.items():
        assert (interval.low, interval.high) == pytest.approx(found[name].interval, abs=1e-12)


def test_equal_runs_differ_by_nothing_in_any_draw():
    rng = np.random.default_rng(0)
    run = rng.normal(size=60), rng.normal(size=60)

    found = compared(run, run)

    assert [(0.0, (0.0, 0.0), "same")] * 3 == [(one.difference, one.interval, one.verdict) for one in found.values()]


def test_pairing_sees_what_two_samples_do_not():
    rng = np.random.default_rng(0)
    outcome = rng.normal(size=300)
    noise = rng.normal(size=300)
    before, after = (outcome, outcome + noise), (outcome, outcome + 1.05 * noise)

    paired, unpaired = compared(before, after), compared(before, after, paired=False)

    assert ("worse", "same") == (paired["rmse"].verdict, unpaired["rmse"].verdict)
    assert paired["rmse"].difference == unpaired["rmse"].difference


def test_less_of_an_error_and_more_of_a_score_are_better():
    rng = np.random.default_rng(0)
    outcome = rng.normal(size=200)
    good, bad = (outcome, outcome + 0.1 * rng.normal(size=200)), (outcome, outcome + 2 * rng.normal(size=200))

    assert {"r2": "better", "mae": "better", "rmse": "better"} == {
        name: one.verdict for name, one in compared(bad, good).items()
    }
    assert {"r2": "worse", "mae": "worse", "rmse": "worse"} == {
        name: one.verdict for name, one in compared(good, bad).items()
    }


def test_rows_that_depend_on_each_other_make_a_wider_interval():
    rng = np.random.default_rng(0)
    shift = np.repeat(rng.normal(size=20), 30)
    outcome = np.zeros(600)
    before, after = (outcome, np.ones(600)), (outcome, 1 + shift)
    day = np.repeat(np.arange(20), 30)

    alone = compared(before, after)["mae"].interval
    together = compared(before, after, groups=(day, day))["mae"].interval

    assert together[1] - together[0] > 2 * (alone[1] - alone[0])


def test_the_interval_covers_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(1)
    covered = 0
    for _ in range(50):
        outcome = np.zeros(80)
        before, after = (outcome, rng.exponential(size=80)), (outcome, rng.exponential(size=80))
        low, high = compared(before, after, samples=100, level=0.9)["mae"].interval
        covered += low <= 0.0 <= high

    assert 38 <= covered <= 49


def test_few_draws_give_a_normal_interval_close_to_that_of_many():
    rng = np.random.default_rng(0)
    outcome = rng.normal(size=400)
    before, after = (outcome, rng.normal(size=400)), (outcome, rng.normal(size=400))

    few, many = (compared(before, after, samples=samples)["rmse"].interval for samples in (300, 1000))

    assert few == pytest.approx(many, abs=0.02)


def test_rows_of_one_class_have_no_ranking_and_the_rest_has():
    outcome = np.ones(40)
    run = outcome, np.linspace(0.1, 0.9, 40)

    found = compared(run, run, "classification")

    assert (None, None, None, "unknown") == (
        found["roc_auc"].before,
        found["roc_auc"].difference,
        found["roc_auc"].interval,
        found["roc_auc"].verdict,
    )
    assert "same" == found["brier"].verdict


def test_nothing_called_positive_has_precision_zero():
    outcome = np.array([0.0, 1.0])

    figures = Figures("classification", outcome, np.array([0.1, 0.2]), 0.5).of(np.ones(2))

    assert (0.0, 0.0, 0.0) == (figures["precision"], figures["recall"], figures["f1"])


def test_the_same_seed_draws_the_same():
    rng = np.random.default_rng(0)
    before, after = (rng.normal(size=50), rng.normal(size=50)), (rng.normal(size=50), rng.normal(size=50))

    once, again, other = (compared(before, after, paired=False, seed=seed)["mae"] for seed in (3, 3, 4))

    assert once == again
    assert once.interval != other.interval


@pytest.mark.parametrize(("samples", "rows", "made"), [(1000, 100_000, 1000), (1000, 10**7, 100), (50, 10**7, 50)])
def test_more_rows_get_fewer_draws_but_a_hundred(samples, rows, made):
    assert made == affordable(samples, rows)


def test_plain_data_holds_what_the_record_holds():
    run = np.array([0.0, 1.0, 2.0]), np.array([0.0, 1.0, 2.5])

    plain = compared(run, run)["mae"].to_dict()

    assert ("mae", False, [0.0, 0.0], "same") == tuple(
        plain[name] for name in ("name", "higher_is_better", "interval", "verdict")
    )
