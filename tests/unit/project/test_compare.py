import json
import re

import numpy as np
import polars as pl
import pytest

from groundwork.errors import InvalidDataError, UsageError
from groundwork.project import compare_runs, comparison_page

RNG = np.random.default_rng(0)
OUTCOME = RNG.normal(size=200)
ROWS = pl.DataFrame({"id": np.arange(200), "site": ["<a>"] * 100 + ["b"] * 100, "y": OUTCOME})
KINDS = {"config": {"task": "classification", "target": "pl.col('y') > 0"}}
POSITIVE = (OUTCOME > 0).astype(float)


@pytest.fixture
def worse(past_run):
    """Two runs of which the second errs in one site."""
    spoiled = np.where(ROWS["site"] == "<a>", 2.0, 0.1)
    gates = [{"metric": "r2", "rule": ">= 0.3", "passed": True}]
    before = past_run("before", OUTCOME, OUTCOME + 0.1, rows=ROWS, gates=gates)
    after = past_run(
        "after",
        OUTCOME,
        OUTCOME + spoiled,
        rows=ROWS,
        gates=[{**gates[0], "passed": False}],
        config={"seed": 5, "description": "<script>"},
    )
    return before, after


def test_a_worse_run_is_called_worse_with_where_and_why(worse):
    found = compare_runs(*worse, samples=100)

    assert ("worse", True, "r2", (200, 200)) == (found.figure.verdict, found.paired, found.metric, found.rows)
    assert ["site = <a>"] == [each.label for each in found.worse_slices if each.column == "site"]
    assert ["seed 0 -> 5", "description absent -> <script>"] == found.configuration
    assert "gate r2 >= 0.3: kept -> missed" in found.told


def test_a_metric_that_only_a_plugin_knows_stands_without_an_interval(past_run):
    runs = []
    for name, cost in (("a", 3.0), ("b", 2.0)):
        gates = [{"metric": "cost", "rule": "<= 4", "passed": True}, {"metric": "lost", "rule": "<= 4", "passed": True}]
        runs.append(past_run(name, OUTCOME, OUTCOME, gates=gates, metrics={"cost": cost}))

    last = compare_runs(*runs, samples=10).metrics[-1]

    assert ("cost", False, -1.0, None, "unknown") == (
        last.name,
        last.higher_is_better,
        last.difference,
        last.interval,
        last.verdict,
    )


def test_slices_are_not_cut_by_what_the_outcome_is_made_of(past_run):
    stated = np.clip(POSITIVE * 0.6 + 0.2, 0, 1)
    rows = ROWS.with_columns(y=pl.Series(np.sign(OUTCOME)))
    runs = [past_run(name, POSITIVE, stated, rows=rows, **KINDS) for name in "ab"]
    for run in runs:
        result = run.result().to_dict()
        result["data"]["train"]["features"] = {"id": "numeric"}
        (run.folder / "result.json").write_text(json.dumps(result))

    found = compare_runs(*runs, samples=10)

    assert {"id", "site"} == {each.column for each in found.slices}
    assert ("brier", "roc_auc", "same") == (found.slice_figure, found.metric, found.figure.verdict)


def test_without_test_rows_there_are_figures_and_no_slices(past_run):
    runs = [past_run(name, OUTCOME, OUTCOME + 1, keep_rows=False) for name in "ab"]

    found = compare_runs(*runs, samples=10)

    assert ([], [], "same") == (found.slices, found.worse_slices, found.figure.verdict)


def test_one_run_with_test_rows_is_enough_for_slices_of_the_same_rows(past_run):
    before = past_run("a", OUTCOME, OUTCOME, rows=ROWS, keep_rows=False)
    after = past_run("b", OUTCOME, OUTCOME + 1, rows=ROWS)

    assert compare_runs(before, after, samples=10).slices
    assert compare_runs(after, before, samples=10).slices


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (
            {"target": "z"},
            "run a is a regression of y and run b is a regression of z: their figures do not mean the same",
        ),
        ({"task": "classification"}, "run a is a regression of y and run b is a classification of y"),
    ],
)
def test_runs_of_two_questions_are_not_compared(past_run, other, said):
    runs = past_run("a", POSITIVE, POSITIVE), past_run("b", POSITIVE, POSITIVE, config=other)

    with pytest.raises(UsageError, match=re.escape(said)):
        compare_runs(*runs)


def test_a_run_is_not_compared_with_itself(past_run):
    run = past_run("a", OUTCOME, OUTCOME)

    with pytest.raises(UsageError, match="both are run a"):
        compare_runs(run, run)


@pytest.mark.parametrize("wrong", [{"samples": 1}, {"level": 0.0}, {"level": 95.0}, {"metric": "f1"}])
def test_an_option_that_makes_no_sense_is_refused(worse, wrong):
    with pytest.raises(UsageError, match=next(iter(wrong))):
        compare_runs(*worse, **wrong)


def test_a_run_without_predictions_is_refused(past_run):
    before, after = past_run("a", OUTCOME, OUTCOME), past_run("b", OUTCOME, OUTCOME)
    (after.folder / "predictions.parquet").unlink()

    with pytest.raises(InvalidDataError):
        compare_runs(before, after)


def test_the_plain_data_are_json_and_hold_everything(worse):
    plain = json.loads(json.dumps(compare_runs(*worse, samples=10).to_dict()))

    assert ("before", "after", "worse", 10) == (
        plain["before"]["id"],
        plain["after"]["id"],
        plain["verdict"],
        plain["samples"],
    )
    assert {"r2", "mae", "rmse"} == {each["name"] for each in plain["metrics"]}
    assert {"slices", "configuration", "environment", "data", "told", "groups", "level"} <= plain.keys()


def test_the_page_fetches_nothing_shows_everything_and_escapes_what_it_shows(worse):
    found = compare_runs(*worse, samples=10)

    page = comparison_page(found)

    assert page == comparison_page(found)
    assert not re.search(r"https?://|src=|<script", page)
    assert "description absent -&gt; &lt;script&gt;" in page
    assert "site = &lt;a&gt;" in page
    assert "gate r2 &gt;= 0.3: kept -&gt; missed" in page
    assert "prefers-color-scheme: dark" in page


def test_the_page_says_what_there_is_not(past_run):
    one = np.ones(40)
    runs = [past_run(name, one, one * 0.7, keep_rows=False, **KINDS) for name in "ab"]

    page = comparison_page(compare_runs(*runs, samples=10))

    assert "None to compare: the runs have not kept their test rows" in page
    assert "cannot be told" in page
    assert "The same." in page


def test_the_page_shows_both_ends_of_many_slices(past_run):
    rows = pl.DataFrame({f"c{i}": RNG.integers(0, 3, 200) for i in range(12)})
    runs = [past_run(name, OUTCOME, OUTCOME + by, rows=rows) for name, by in (("a", 0.1), ("b", 0.1))]

    assert "20 of the 36 others, both ends" in comparison_page(compare_runs(*runs, samples=10))
