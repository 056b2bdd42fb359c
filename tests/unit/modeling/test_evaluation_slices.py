import datetime as dt
import json

import numpy as np
import polars as pl
import pytest

from groundwork.errors import ConfigurationError, InvalidDataError
from groundwork.modeling.evaluation import SliceReport, confidence_interval, evaluate_slices


@pytest.fixture(scope="module")
def shops():
    """The model is right everywhere but in the south, and there are only three shops in the west."""
    rng = np.random.default_rng(4)
    town = np.array(["north", "south", "east"])[rng.integers(0, 3, 600)]
    town[:3] = "west"
    outcome = rng.random(600)
    prediction = outcome + np.where(town == "south", 0.5, 0.1) + (town == "west") * 9
    return pl.DataFrame({"town": town, "size": np.arange(600.0), "seen": outcome, "said": prediction})


def judged(shops, by, **options):
    options = {"metric": "mae", "samples": 20, **options}
    return evaluate_slices(shops, shops["seen"], shops["said"], by=by, **options)


def test_the_worst_slice_is_named_with_its_count_and_interval(shops):
    found = judged(shops, ["town"])

    rows = (shops["town"] == "south").to_numpy()
    assert ("town", "south", rows.sum(), False) == (
        found.worst.column,
        found.worst.value,
        found.worst.rows,
        found.worst.tiny,
    )
    assert found.worst.interval == confidence_interval(
        "mae", shops["seen"].to_numpy()[rows], shops["said"].to_numpy()[rows], samples=20
    )
    assert found.overall == confidence_interval("mae", shops["seen"], shops["said"], samples=20)
    assert (found.metric, found.rows, sum(each.rows for each in found.slices)) == ("mae", 600, 600)


def test_a_tiny_slice_is_told_and_flagged_and_never_the_worst(shops):
    found = judged(shops, ["town"])

    west = found.slices[0]
    assert ("west", 3, True) == (west.value, west.rows, west.tiny)
    assert west.interval.value == pytest.approx(9.1)
    assert judged(shops, ["town"], min_rows=3).worst == judged(shops, ["town"], min_rows=3).slices[0]


def test_where_more_is_better_the_worst_has_the_least(shops):
    seen = (shops["seen"] > 0.5).to_numpy()
    rng = np.random.default_rng(0)
    said = np.where(shops["town"] == "south", rng.random(600), 0.2 + 0.6 * seen)

    found = evaluate_slices(shops, seen, said, metric="roc_auc", by=["town"], samples=20)

    assert found.worst.value == "south"
    assert found.worst.interval.value < 0.6 < found.overall.value


def test_a_slice_without_a_figure_says_why_and_stands_last():
    columns = {"kind": ["one class"] * 3 + ["one row"] + ["both"] * 4}

    found = evaluate_slices(
        columns, [1, 1, 1, 0, 0, 1, 0, 1], [0.5, 0.6, 0.7, 0.1, 0.2, 0.9, 0.3, 0.8], metric="roc_auc", min_rows=1
    )

    assert ["both", "one class", "one row"] == [each.value for each in found.slices]
    assert "all 3 outcomes are 1" in found.slices[1].why
    assert "ranking needs rows of both classes" in found.slices[2].why
    assert (None, None) == (found.slices[1].figure, found.slices[1].interval)
    assert found.worst.value == "both"


def test_a_slice_with_a_figure_and_too_few_rows_to_resample_has_the_figure_alone():
    found = evaluate_slices({"kind": ["a", "b", "b"]}, [1.0, 2.0, 3.0], [1.5, 2.0, 3.0], metric="mae", min_rows=1)

    assert (0.5, None) == (found.worst.figure, found.worst.interval)
    assert "at least 2" in found.worst.why


def test_no_slice_is_the_worst_where_all_are_tiny(shops):
    assert judged(shops, ["town"], min_rows=10_000).worst is None


def test_many_numbers_are_parted_at_their_quintiles(shops):
    found = judged(shops, ["size"], min_rows=1)

    assert {"0 to 119", "119 to 239", "239 to 359", "359 to 479", "479 to 599"} == {each.value for each in found.slices}
    assert {119, 120, 121} >= {each.rows for each in found.slices}


def test_few_numbers_dates_booleans_and_gaps_are_slices_of_their_own():
    columns = {
        "stars": [1, 1, 2, 2, None, None],
        "share": [0.5, 0.5, float("nan"), None, 1.0, 1.0],
        "open": [True, False] * 3,
        "day": [dt.date(2024, 1, 1 + row // 3) for row in range(6)],
    }

    found = evaluate_slices(columns, [1.0] * 6, [2.0] * 6, metric="mae", samples=5)

    values = {name: {each.value for each in found.slices if each.column == name} for name in columns}
    assert {
        "stars": {"1", "2", None},
        "share": {"0.5", "1.0", None},
        "open": {"True", "False"},
        "day": {"2024-01-01", "2024-01-02"},
    } == values


def test_many_dates_with_gaps_are_parted_in_time():
    days = [dt.date(2024, 1, 1) + dt.timedelta(days=row) for row in range(30)]

    found = evaluate_slices({"day": [*days, None, None]}, [1.0] * 32, [2.0] * 32, metric="mae", samples=5)

    values = {each.value for each in found.slices}
    assert len(values) == 6
    assert {None, "2024-01-01 to 2024-01-06"} < values


def test_rows_that_go_together_are_drawn_together(shops):
    groups = np.arange(600) // 20

    found = judged(shops, ["town"], groups=groups)

    assert found.overall == confidence_interval("mae", shops["seen"], shops["said"], samples=20, groups=groups)


def test_a_report_comes_back_from_json(shops):
    found = evaluate_slices(
        {"kind": ["a", "a", "b", None]}, [1.0, 2.0, 3.0, 4.0], [1.0, 2.0, 3.0, 5.0], metric="mae", samples=5, min_rows=1
    )
    none = judged(shops, ["town"], min_rows=10_000)

    for report in (found, none):
        assert SliceReport.from_dict(json.loads(json.dumps(report.to_dict(), allow_nan=False))) == report


def test_a_metric_that_tells_no_better_from_worse_is_refused(shops):
    with pytest.raises(ConfigurationError, match="bias tells no better from worse"):
        judged(shops, ["town"], metric="bias")


def test_a_column_that_is_not_there_is_refused(shops):
    with pytest.raises(ConfigurationError, match=r"\['colour'\] are no columns"):
        judged(shops, ["colour"])


def test_a_column_of_other_rows_is_refused():
    with pytest.raises(InvalidDataError, match="column kind has 3 values and there are 2 outcomes"):
        evaluate_slices({"kind": [1, 2, 3]}, [1.0, 2.0], [1.0, 2.0], metric="mae", samples=5)


def test_one_text_is_no_list_of_columns(shops):
    with pytest.raises(ConfigurationError, match="by is 'town'") as caught:
        judged(shops, "town")

    assert "write ['town']" == caught.value.hint
