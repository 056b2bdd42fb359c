import re
from html.parser import HTMLParser

import numpy as np
import pytest

from groundwork.modeling import evaluation
from groundwork.project._fit import fit
from groundwork.project._report import render_report
from groundwork.project._report_html import number, seconds, share, size, spark

VOID = {"meta", "br", "link", "img", "input", "hr"}
NASTY = "<script>alert('x')</script> & \"$\\frac$\""


class Balance(HTMLParser):
    """Notes every tag that is closed out of turn or never."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open, self.faults, self.ids, self.links, self.seen = [], [], [], [], []

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value)
            if name in ("href", "src", "xlink:href"):
                self.links.append(value)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.faults.append(tag)


def parsed(page):
    parser = Balance()
    parser.feed(page)
    parser.close()
    return parser


@pytest.fixture(scope="module")
def run():
    rng = np.random.default_rng(0)
    probability = rng.random(2_000)
    outcome = rng.random(2_000) < probability
    figures = evaluation.evaluate_classification(outcome, probability, threshold=0.4)
    return {
        "project": "flights",
        "id": "run-7",
        "created": "2026-11-22T15:42:33Z",
        "status": "SUCCESS",
        "description": "Will it be late?",
        "metrics": figures,
        "gates": [
            {"metric": "roc_auc", "rule": ">= 0.66", "value": 0.83, "passed": True},
            {"metric": "colour", "rule": "<= 1", "value": None, "passed": True},
        ],
        "evaluation": {
            "threshold": 0.4,
            "threshold_chosen_by": "f1",
            "confusion": figures["confusion"],
            "curves": evaluation.curves(outcome, probability),
            "rows": 2_000,
        },
        "importance": [
            {"column": "sched", "mean": 0.07, "std": 0.01},
            {"column": "origin", "mean": -0.001, "std": 0.0},
        ],
        "profile": {
            "rows": 1_000,
            "columns": [
                {"name": "year", "dtype": "Int64", "missing": 0, "distinct": 1, "minimum": 2013, "maximum": 2013,
                 "mean": 2013.0, "top": [[2013, 1000]], "histogram": {"edges": [0, 1, 2], "counts": [0, 1000]}},
                {"name": "temp", "dtype": "Float64", "missing": 4, "distinct": 99, "minimum": -1.5, "maximum": 30.25,
                 "mean": 11.0, "top": None, "histogram": {"edges": [0, 1, 2], "counts": [10, 30]}},
                {"name": "carrier", "dtype": "String", "missing": 400, "distinct": 3, "minimum": "AA", "maximum": "UA",
                 "mean": None, "top": [["UA", 9], {"value": "a" * 40, "count": 2}, "DL"], "histogram": None},
                {"name": "day", "dtype": "Datetime(time_unit='us', time_zone='UTC')",
                 "missing": 0, "distinct": 2, "minimum": "2013-01-01T05:00:00+00:00",
                 "maximum": "2013-12-31T09:00:00+00:00", "mean": None, "top": None, "histogram": None},
                {"name": "empty", "dtype": "String", "missing": 1000, "distinct": 0},
            ],
        },
        "rows": {"in": 1_000, "used": 950, "dropped": [{"reason": "no target", "rows": 50}], "train": 700,
                 "validation": 100, "test": 150},
        "leakage": [
            {"kind": "column", "severity": "error", "message": "dep_delay gives the answer away"},
            {"kind": "group", "severity": "warning", "message": "days sit on both sides"},
        ],
        "steps": [
            {"name": "load", "status": "SUCCESS", "started_s": 0.0, "seconds": 1.5, "attempts": 2, "reused": False},
            {"name": "split", "status": "SUCCESS", "started_s": 1.5, "seconds": 0.0, "attempts": 0, "reused": True},
            {"name": "train", "status": "FAILURE", "started_s": 1.5, "seconds": 70.0, "attempts": 1, "error": "odd"},
            {"name": "report", "status": "NOT_RUN", "started_s": None, "seconds": None,
             "error": {"type": "StorageError", "message": "disk full"}},
        ],
        "warnings": ["a key occurs twice"],
        "errors": [{"type": "StorageError", "message": "disk full", "hint": "free some space"}],
        "config": "name: flights\n",
        "fingerprints": {"environment": {"python": "3.11", "packages": {"polars": "2.1"}, "cores": [0, 1]},
                         "code": "abc", "data": {}},
        "peak_memory_bytes": 912_000_000,
    }  # fmt: skip


@pytest.fixture(scope="module")
def page(run):
    return render_report(run)


def test_every_tag_is_closed_and_every_id_is_given_once(page):
    found = parsed(page)

    assert found.faults == []
    assert found.open == []
    assert len(found.ids) == len(set(found.ids))


def test_the_page_fetches_nothing_and_runs_nothing(page):
    found = parsed(page)

    assert {"#"} == {link[:1] for link in found.links}
    assert {"script", "link", "iframe", "img"}.isdisjoint(found.seen)
    assert "http" not in page
    assert "@import" not in page


def test_every_reference_within_the_page_leads_somewhere(page):
    found = parsed(page)

    wanted = {link[1:] for link in found.links} | set(re.findall(r"url\(#([^)]+)\)", page))
    assert wanted <= set(found.ids)


def test_the_same_run_gives_the_same_bytes(run, page):
    assert render_report(run) == page


def test_the_page_is_small_enough_to_send(page):
    assert len(page.encode()) < 600_000


@pytest.mark.parametrize(
    "expected",
    [
        'aria-label="ROC curve"',
        'aria-label="Precision over recall"',
        'aria-label="Calibration"',
        'aria-label="Predicted probabilities by outcome"',
        "chosen for the best F1 on the validation rows",
        "dropped: no target",
        "dep_delay gives the answer away",
        "400 (40%)",
        "4 (0.4%)",
        "-1.5 to 30.25",
        "2013 <span",
        "2013-01-01 05:00:00 to 2013-12-31 09:00:00",
        "Datetime, UTC",
        "name: flights",
        "environment",
        "packages.polars",
        "912 MB",
        "1.50 s in 2 attempts",
        "1 min 10 s",
        "StorageError: disk full",
        "free some space",
        "reused",
    ],
)
def test_the_page_shows(page, expected):
    assert expected in page


def test_plots_take_their_colours_from_the_page(page):
    plots = "".join(re.findall(r'<svg [^>]*class="plot".*?</svg>', page, flags=re.DOTALL))

    assert set(re.findall(r"#[0-9a-f]{6}\b", plots)) == set()
    assert "var(--accent)" in plots


def test_what_a_user_names_never_becomes_markup(run):
    hostile = {
        **run,
        "project": NASTY,
        "id": NASTY,
        "created": NASTY,
        "status": NASTY,
        "description": NASTY,
        "metrics": {**run["metrics"], NASTY: 1.0},
        "gates": [{"metric": NASTY, "rule": NASTY, "value": NASTY, "passed": False}],
        "evaluation": {**run["evaluation"], "threshold_chosen_by": NASTY},
        "importance": [{"column": NASTY, "mean": 0.1}],
        "profile": {"rows": 1, "columns": [{"name": NASTY, "dtype": NASTY, "distinct": NASTY, "top": [[NASTY, 1]]}]},
        "rows": {"in": 2, "dropped": [{"reason": NASTY, "rows": 1}]},
        "leakage": [{"kind": NASTY, "severity": NASTY, "message": NASTY}],
        "steps": [{"name": NASTY, "status": NASTY, "started_s": 0.0, "seconds": 1.0, "error": NASTY}],
        "warnings": [NASTY, NASTY],
        "errors": [{"type": NASTY, "message": NASTY, "hint": NASTY}],
        "config": NASTY,
        "fingerprints": {NASTY: {NASTY: NASTY}},
    }

    found = parsed(render_report(hostile))

    assert "script" not in found.seen
    assert found.faults == []


def test_a_run_that_broke_off_says_what_is_missing():
    steps = [{"name": "load", "status": "CRASHED", "started_s": 0.0, "seconds": 0.4, "attempts": 1}]

    page = render_report({"project": "flights", "id": "r", "status": "CRASHED", "steps": steps, "leakage": None})

    assert "The run broke off" in page
    assert "nothing for: gates, performance on the test rows, importance" in page
    assert parsed(page).faults == []


def test_an_empty_run_still_gives_a_page():
    page = render_report({})

    assert "has not ended yet" in page
    assert parsed(page).open == []


def test_a_missed_gate_is_said_at_the_top(run):
    gates = [{"metric": "roc_auc", "rule": ">= 0.9", "value": 0.7, "passed": False}]

    page = render_report({**run, "status": "FAILURE", "gates": gates})

    assert "Missed the gate on roc_auc." in page
    assert '<span class="badge bad">missed</span>' in page


def test_a_search_without_findings_is_good_news():
    assert "nothing found" in render_report({"status": "SUCCESS", "leakage": []})


def test_a_regression_shows_its_figures_without_curves():
    figures = {"r2": 0.4, "rmse": 12.5, "mae": 9.0}

    page = render_report({"status": "SUCCESS", "metrics": figures, "evaluation": {"threshold": None, "rows": 10}})

    assert "root mean squared error" in page
    assert 'class="plot"' not in page


def test_a_regression_shows_how_it_fits_and_how_it_errs():
    outcome = np.arange(50.0)
    curves = fit(outcome, outcome + np.sin(outcome))

    page = render_report({"status": "SUCCESS", "metrics": {"r2": 0.5, "bias": 0.25}, "evaluation": {"curves": curves}})
    bare = render_report({"status": "SUCCESS", "evaluation": {"curves": curves}})

    assert [2, 2] == [each.count('class="plot"') for each in (page, bare)]
    assert "R² 0.500" in page
    assert "mean 0.25" in page


def test_curves_without_figures_are_drawn_all_the_same(run):
    kept = {key: value for key, value in run["evaluation"].items() if key != "threshold_chosen_by"}

    page = render_report({"status": "SUCCESS", "evaluation": {**kept, "threshold": None}})

    assert page.count('class="plot"') == 4


def test_matplotlib_s_settings_are_left_as_they_were(run):
    import matplotlib as mpl

    with mpl.rc_context({"font.size": 33, "svg.hashsalt": "mine"}):
        render_report(run)
        kept = (mpl.rcParams["font.size"], mpl.rcParams["svg.hashsalt"])

    assert kept == (33, "mine")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "\u2013"),
        (float("nan"), "\u2013"),
        (float("inf"), "inf"),
        (49102, "49,102"),
        (2.0, "2"),
        (0.6934, "0.693"),
        (0.00001, "1.0e-05"),
        (123.45, "123.5"),
        (12345.6, "12,346"),
        (True, "True"),
        ("<", "&lt;"),
    ],
)  # fmt: skip
def test_numbers_are_written_for_people(value, expected):
    assert number(value) == expected


def test_shares_durations_and_sizes_are_written_for_people():
    assert [share(0, 0), share(1, 250), share(1, 2), share(0, 3)] == ["0%", "0.4%", "50%", "0%"]
    assert [seconds(None), seconds(0.25), seconds(12.34), seconds(125)] == ["\u2013", "0.25 s", "12.3 s", "2 min 05 s"]
    assert [size(None), size(5e5), size(4.2e6), size(5e8), size(1.2e9)] == [
        "\u2013",
        "500 KB",
        "4.2 MB",
        "500 MB",
        "1.2 GB",
    ]
    assert spark([]) == spark([0.0]) == ""


def test_whose_figures_they_are_stands_before_the_figures():
    served = [{"step": "train", "what": "model", "run": "r<0>", "why": "no memory"}]

    page = render_report({"status": "PARTIAL_FAILURE", "metrics": {"roc_auc": 0.7}, "served": served})

    assert page.index("The model of run r&lt;0&gt; served, as step train failed.") < page.index('class="cards"')
