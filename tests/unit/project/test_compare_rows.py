import numpy as np
import polars as pl
import pytest

from groundwork.errors import InvalidDataError
from groundwork.project import find_run
from groundwork.project._compare_rows import groups_of, paired_rows, read_test_rows

ROWS = pl.DataFrame({"id": np.arange(100), "day": np.arange(100) // 4, "at": pl.Series(range(100)).cast(pl.Datetime)})
OUTCOME = np.arange(100.0)


def paired(one, two):
    return paired_rows(read_test_rows(one), read_test_rows(two))


def test_runs_that_read_and_split_alike_are_paired_in_their_order_even_without_the_rows(past_run):
    runs = [past_run(name, OUTCOME, OUTCOME + 1, rows=ROWS, keep_rows=False) for name in "ab"]

    found = paired(*runs)

    assert (True, ["the same 100 test rows, compared row by row"]) == (found.paired, found.told)


def test_rows_are_found_again_where_the_source_and_their_order_are_others(past_run):
    order = np.random.default_rng(0).permutation(100)
    one = past_run("a", OUTCOME, OUTCOME, rows=ROWS)
    two = past_run("b", OUTCOME[order], OUTCOME[order] + 1, rows=ROWS[order], source="b")

    found = paired(one, two)

    assert found.paired
    assert found.before.outcome.tolist() == found.after.outcome.tolist()
    assert (found.after.predicted - found.before.predicted).tolist() == [1.0] * 100


def test_only_the_shared_rows_count_and_the_others_are_told(past_run):
    one = past_run("a", OUTCOME[:90], OUTCOME[:90], rows=ROWS[:90])
    two = past_run("b", OUTCOME[20:], OUTCOME[20:], rows=ROWS[20:], source="b")

    found = paired(one, two)

    assert (True, 70, 70) == (found.paired, found.before.outcome.size, found.after.rows.height)
    assert [
        "70 test rows that both have, compared row by row",
        "left out: 20 that only the first tested, 10 that only the second did",
    ] == found.told


def test_few_shared_rows_leave_two_samples(past_run):
    one = past_run("a", OUTCOME[:60], OUTCOME[:60], rows=ROWS[:60])
    two = past_run("b", OUTCOME[50:], OUTCOME[50:], rows=ROWS[50:], source="b")

    found = paired(one, two)

    assert (False, 60, 50) == (found.paired, found.before.outcome.size, found.after.outcome.size)
    assert ["60 and 50 test rows compared as two samples, not row by row: they share 10 test rows"] == found.told


def test_no_shared_row_and_no_kept_rows_are_told(past_run):
    one = past_run("a", OUTCOME[:50], OUTCOME[:50], rows=ROWS[:50])
    two = past_run("b", OUTCOME[50:], OUTCOME[50:], rows=ROWS[50:], source="b")
    three = past_run("c", OUTCOME[:50], OUTCOME[:50], rows=ROWS[:50], source="b", keep_rows=False)

    assert "they share no test row" in paired(one, two).told[0]
    assert "run c has not kept its test rows" in paired(one, three).told[0]


def test_a_row_whose_outcome_was_corrected_is_left_out(past_run):
    corrected = np.where(OUTCOME == 7, 99.0, OUTCOME)

    found = paired(past_run("a", OUTCOME, OUTCOME, rows=ROWS), past_run("b", corrected, OUTCOME, rows=ROWS, source="b"))

    assert 99 == found.after.outcome.size
    assert "left out: 1 whose outcome is another one now" in found.told


def test_a_column_that_was_derived_or_joined_does_not_say_which_row_it_is(past_run):
    config = {"derive": {"late": "pl.col('day') + 1"}, "joins": [{"name": "w", "on": ["id"], "columns": ["rain"]}]}
    one = past_run("a", OUTCOME, OUTCOME, rows=ROWS.with_columns(late=1, rain=2), config=config)
    two = past_run("b", OUTCOME, OUTCOME, rows=ROWS.with_columns(late=3, rain=4), config=config, source="b")

    assert 100 == paired(one, two).after.outcome.size


def test_the_key_of_the_split_says_which_row_it_is(past_run):
    config = {"split": {"kind": "random", "key": ["id"]}}
    one = past_run("a", OUTCOME, OUTCOME, rows=ROWS, config=config)
    two = past_run("b", OUTCOME, OUTCOME, rows=ROWS.with_columns(day=0), config=config, source="b")

    assert paired(one, two).paired


def test_equal_rows_are_paired_one_by_one(past_run):
    rows = pl.DataFrame({"id": [1] * 40})
    one = past_run("a", np.ones(40), np.arange(40), rows=rows)
    two = past_run("b", np.ones(30), np.arange(30), rows=rows[:30], source="b")

    found = paired(one, two)

    assert list(range(30)) == found.before.predicted.tolist() == found.after.predicted.tolist()


def test_tables_without_a_common_column_share_nothing(past_run):
    one = past_run("a", OUTCOME, OUTCOME, rows=pl.DataFrame({"x": np.arange(100)}))
    two = past_run("b", OUTCOME, OUTCOME, rows=pl.DataFrame({"y": np.arange(100)}), source="b")

    assert not paired(one, two).paired


def test_a_run_that_has_not_come_so_far_says_how_far(past_run):
    run = past_run("a", OUTCOME, OUTCOME)
    (run.folder / "result.json").unlink()

    with pytest.raises(InvalidDataError, match="run a is CRASHED and has no test predictions to compare"):
        read_test_rows(find_run(run.folder))


def test_damaged_predictions_are_no_figures(past_run):
    run = past_run("a", OUTCOME, OUTCOME)
    path = run.folder / "predictions.parquet"
    path.write_bytes(path.read_bytes()[:-1] + b"x")

    with pytest.raises(InvalidDataError, match="has lost its test predictions, or they are damaged"):
        read_test_rows(run)


def test_test_rows_of_another_number_are_not_those_that_were_predicted(past_run):
    run = past_run("a", OUTCOME, OUTCOME, rows=ROWS)
    result = run.result().to_dict()
    result["data"]["evaluate"]["predictions"] = result["data"]["evaluate"]["test_rows"]

    from groundwork import storage
    from groundwork.project._artefacts import artefact

    pl.DataFrame({"outcome": OUTCOME[:3], "prediction": OUTCOME[:3]}).write_parquet(run.folder / "predictions.parquet")
    result["data"]["evaluate"]["predictions"] = artefact(run.folder, "predictions.parquet")
    storage.write(run.folder / "result.json", result)

    assert read_test_rows(run).rows is None


@pytest.mark.parametrize(
    ("config", "name", "groups"),
    [
        ({"split": {"kind": "group", "group": "day"}}, "day", 25),
        ({"leakage": {"groups": {"pair": "pl.col('id') // 2"}}}, "pair", 50),
        ({"split": {"kind": "time", "column": "at", "unit": "1ms"}}, None, 100),
        ({"split": {"kind": "time", "column": "at", "unit": "1us"}}, "at by 1us", 100),
        ({"leakage": {"groups": {"gone": "pl.col('gone')"}}}, None, 100),
        ({"leakage": {"groups": {"few": "pl.col('id') // 50"}}}, None, 100),
        ({}, None, 100),
    ],
)
def test_rows_that_depend_on_each_other_are_numbered_by_group(past_run, config, name, groups):
    runs = [past_run(each, OUTCOME, OUTCOME, rows=ROWS, config=config) for each in "ab"]

    codes, found = groups_of(paired(*runs))

    assert name == found
    assert list(range(groups)) == np.unique(codes[0]).tolist()
    assert codes[0].tolist() == codes[1].tolist()


def test_without_the_rows_each_stands_for_itself(past_run):
    config = {"split": {"kind": "group", "group": "day"}}
    runs = [past_run(each, OUTCOME, OUTCOME, rows=ROWS, config=config, keep_rows=False) for each in "ab"]

    codes, found = groups_of(paired(*runs))

    assert (None, 100) == (found, codes[1].size)


def test_rows_without_a_group_are_one_group(past_run):
    rows = ROWS.with_columns(day=pl.when(pl.col("day") > 20).then(None).otherwise("day"))
    runs = [
        past_run(each, OUTCOME, OUTCOME, rows=rows, config={"split": {"kind": "group", "group": "day"}})
        for each in "ab"
    ]

    codes, _ = groups_of(paired(*runs))

    assert 22 == np.unique(codes[0]).size
