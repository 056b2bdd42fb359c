"""Metrics of plugins: checked with the configuration, computed once, judged by gates."""

import numpy as np
import pytest

from groundwork.environment._plugin_kinds import KINDS
from groundwork.errors import ConfigurationError, InvalidDataError, UnknownPluginError, UsageError
from groundwork.modeling import Metric, evaluation, register
from groundwork.project import load_config
from groundwork.project._config_sections import METRICS
from groundwork.project._plugin_metrics import kept_best, named_metrics, plugin_figures

pytestmark = pytest.mark.usefixtures("forgotten")

PIPELINE = """
name: small
source: {path: rows.csv}
target: late
split: {kind: random}
model: {estimator: sklearn.linear_model.LogisticRegression}
"""
OUTCOME, STATED = np.array([0, 1, 1]), np.array([0.2, 0.9, 0.4])


@pytest.fixture
def config(tmp_path):
    def load(more=""):
        (tmp_path / "pipeline.yaml").write_text(PIPELINE + more, encoding="utf-8")
        return load_config(tmp_path)

    return load


def largest_gap(outcome, prediction):
    return np.abs(outcome - prediction).max()


def sorts_in_place(outcome, prediction):
    outcome.sort()
    prediction[:] = 0
    return 1


def fails(outcome, prediction):
    raise ZeroDivisionError("no rows")


def test_each_metric_that_a_project_names_is_computed_once_and_groundworks_own_are_left_out(config):
    register("metric", "gap", largest_gap)
    register("metric", "odd", Metric(lambda outcome, prediction: 2, greater_is_better=True))

    read = config('metrics: [gap, roc_auc]\ngates: {odd: ">= 1", gap: "<= 1"}\ncheckpoint: {keep: {best: odd}}\n')

    assert ["gap", "odd"] == named_metrics(read)
    assert {"gap": pytest.approx(0.6), "odd": 2.0} == plugin_figures(read, OUTCOME, STATED)


def test_a_metric_cannot_change_what_the_others_see(config):
    register("metric", "sorts", sorts_in_place)
    register("metric", "gap", largest_gap)
    outcome, stated = OUTCOME[::-1].copy(), STATED.copy()

    found = plugin_figures(config("metrics: [sorts, gap]\n"), outcome, stated)

    assert found["gap"] == pytest.approx(0.8)
    assert (outcome.tolist(), stated.tolist()) == ([1, 1, 0], STATED.tolist())


@pytest.mark.parametrize(
    ("metric", "told"),
    [
        (fails, "metric 'mine' failed: ZeroDivisionError: no rows"),
        (lambda outcome, prediction: "much", "metric 'mine' failed: ValueError: could not convert"),
        (lambda outcome, prediction: float("nan"), "metric 'mine' gave nan, which no gate can judge"),
    ],
)
def test_what_is_no_finite_number_is_an_error_that_names_the_metric(config, metric, told):
    register("metric", "mine", metric)

    with pytest.raises(UsageError, match=told) as caught:
        plugin_figures(config("metrics: [mine]\n"), OUTCOME, STATED)

    assert f"{__name__}:" in caught.value.hint


def test_an_error_of_groundwork_reaches_the_run_as_it_is(config):
    def refuses(outcome, prediction):
        raise InvalidDataError("no outcome is 1")

    register("metric", "mine", refuses)

    with pytest.raises(InvalidDataError, match=r"^no outcome is 1$"):
        plugin_figures(config("metrics: [mine]\n"), OUTCOME, STATED)


@pytest.mark.parametrize(
    ("best", "kept"), [("roc_auc", ("roc_auc", 1)), ("brier", ("-brier", 1)), ("toll", ("-toll", 1))]
)
def test_the_best_checkpoint_is_chosen_the_way_that_the_metric_says(config, best, kept):
    register("metric", "toll", Metric(largest_gap, greater_is_better=False))

    assert kept == kept_best(config(f"checkpoint: {{keep: {{best: {best}}}}}\n"))
    assert kept_best(config()) is None


@pytest.mark.parametrize(
    ("metric", "more", "place", "told"),
    [
        (None, "metrics: [tol]", "metrics.0", "classification has no metric 'tol'; known are roc_auc, "),
        (None, "gates: {r2: '> 0'}", "gates.r2", "classification has no metric 'r2'"),
        (Metric(fails, task="regression"), "metrics: [mine]", "metrics.0", "judges a regression, and task is class"),
        (fails, "checkpoint: {keep: {best: mine}}", "checkpoint.keep.best", "does not say whether more is better"),
    ],
)
def test_a_metric_that_cannot_serve_is_a_mistake_of_the_configuration(config, metric, more, place, told):
    if metric is not None:
        register("metric", "mine", metric)

    with pytest.raises(ConfigurationError) as caught:
        config(more)

    (mistake,) = caught.value.context["mistakes"]
    assert (mistake["path"], told in mistake["message"]) == (place, True)


def test_a_broken_metric_is_told_with_its_package_and_a_misspelt_one_with_what_was_meant(config, installed):
    installed("shelf", {"metric": {"toll": "shelf:cost", "bad": "shelf:none"}})

    with pytest.raises(ConfigurationError) as caught:
        config("metrics: [tol]\ngates: {bad: '> 0'}\n")

    tol, bad = caught.value.context["mistakes"]
    assert (tol["suggestion"], tol["message"].endswith("bad, toll")) == ("toll", True)
    assert "metric 'bad' of shelf 1.0 (shelf:none) does not load" in bad["message"]
    assert bad["suggestion"] is None


def test_a_table_that_no_installed_format_reads_is_a_mistake_of_the_configuration(tmp_path):
    text = PIPELINE.replace("rows.csv", "rows.psv")
    joins = "joins: [{name: a, path: a.xlsx, on: [x]}, {name: b, path: b.parquet, on: [x]}]"
    (tmp_path / "pipeline.yaml").write_text(f"{text}{joins}\n", encoding="utf-8")

    with pytest.raises(ConfigurationError) as caught:
        load_config(tmp_path)

    source, join = caught.value.context["mistakes"]
    assert (source["path"], join["path"]) == ("source.path", "joins.0.path")
    assert source["message"].startswith("rows.psv: no table format has the suffix '.psv'; use .csv, .jsonl or .parquet")


def test_a_metric_that_goes_while_the_run_goes_is_told(config, forgotten):
    from groundwork.environment import forget_plugin

    register("metric", "mine", largest_gap)
    read = config("metrics: [mine]\n")
    forget_plugin("metric", "mine")

    with pytest.raises(UnknownPluginError, match="there is no metric 'mine'"):
        plugin_figures(read, OUTCOME, STATED)


def test_no_plugin_can_have_the_name_of_a_figure_of_groundwork():
    figures = {*evaluation.evaluate_classification([0, 1], [0.1, 0.9]), *evaluation.evaluate_regression([1], [2])}

    assert (figures | {name for names in METRICS.values() for name in names}) <= KINDS["metric"].built_in
