import numpy as np
import polars as pl
import pytest

from groundwork import storage
from groundwork.project._compare_rows import read_test_rows
from groundwork.project._compare_words import configuration_changes, data_changes, environment_changes

NUMBERS = np.arange(300.0)


def rows(shift=0.0):
    return pl.DataFrame({"x": NUMBERS + shift, "site": ["a"] * 300})


@pytest.fixture
def sides(past_run):
    def make(one=(), two=()):
        runs = [past_run(name, NUMBERS, NUMBERS, **dict(how)) for name, how in (("a", one), ("b", two))]
        return tuple(read_test_rows(run) for run in runs)

    return make


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ({"seed": 1}, {"seed": 2}, ["seed 1 -> 2"]),
        (
            {"model": {"params": {"alpha": 1, "tol": 0.1}}},
            {"model": {"params": {"alpha": 2}}},
            ["model.params.alpha 1 -> 2", "model.params.tol 0.1 -> absent"],
        ),
        ({"exclude": ["b", "c"]}, {"exclude": ["c", "d", "e"]}, ["exclude without b, with d, with e"]),
        ({"exclude": []}, {"exclude": ["d"]}, ["exclude with d"]),
        ({"exclude": ["b", "c"]}, {"exclude": ["c", "b"]}, ["exclude in another order"]),
        (
            {"joins": [{"name": "w", "path": "a.csv"}]},
            {"joins": [{"name": "w", "path": "b.csv"}]},
            ["joins.w.path a.csv -> b.csv"],
        ),
        ({"derive": {"a": "1", "b": "2"}}, {"derive": {"b": "2", "a": "1"}}, ["derive in another order"]),
        ({"description": "x" * 90}, {}, [f"description {'x' * 79}… -> absent"]),
        ({"gates": {}}, {"joins": []}, []),
    ],
)
def test_an_entry_is_named_with_what_it_was_and_is(sides, before, after, told):
    assert told == configuration_changes(*sides({"config": before}, {"config": after}))


def test_packages_that_changed_are_named(sides):
    assert ["numpy 2.4.5 -> 2.4.6"] == environment_changes(*sides(two={"packages": {"numpy": "2.4.6"}}))


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ({"groundwork": "1", "sha256": "c"}, []),
        ({"groundwork": "1", "sha256": "d"}, ["groundwork 1, but not the same code"]),
        ({"groundwork": "2", "sha256": "d"}, ["groundwork 1 -> 2"]),
    ],
)
def test_another_groundwork_is_told(sides, code, told):
    before, after = sides()
    after.prints["code"] = code

    assert told == environment_changes(before, after)


def test_equal_data_are_nothing(sides):
    assert [] == data_changes(*sides({"rows": rows()}, {"rows": rows()}))


def test_files_rows_and_columns_that_changed_are_told(past_run):
    one = past_run("a", NUMBERS, NUMBERS, rows=rows())
    two = past_run("b", NUMBERS[:250], NUMBERS[:250], rows=rows(150.0)[:250], source="other")
    before, after = read_test_rows(one), read_test_rows(two)
    before.prints["data"]["gone.csv"] = {"sha256": "a", "bytes": 1}
    after.prints["data"]["new.csv"] = {"unreadable": "x"}

    told = data_changes(before, after)

    assert [
        "rows.csv: other content, 1,000 bytes -> 1,000 bytes",
        "gone.csv: read by the first run only",
        "new.csv: read by the second run only",
        "rows read 300 -> 250",
        "rows of test 300 -> 250",
    ] == told[:5]
    assert told[5].startswith("x: PSI ")


def test_rows_dropped_for_a_reason_are_told(sides):
    before, after = sides()
    for side, dropped in (
        (before, [{"reason": "duplicate row", "rows": 3}]),
        (after, [{"reason": "no target", "rows": 5}]),
    ):
        result = side.run.result().to_dict()
        result["metadata"]["rows"]["dropped"] = dropped
        storage.write(side.run.folder / "result.json", result)

    assert ["rows dropped 3 -> 0: duplicate row", "rows dropped 0 -> 5: no target"] == data_changes(before, after)


def test_a_missing_profile_is_told(sides):
    assert ["columns not compared: run b has no profile"] == data_changes(*sides(two={"profile": False}))
