"""Reports, keys and rules of several columns, and the laws of validation."""

import json
import tempfile
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.data import Dataset, Schema, _frame_source
from groundwork.errors import ConfigurationError, InvalidDataError

COLUMNS = {"dep": {"dtype": "int"}, "arr": {"dtype": "int"}, "carrier": {"dtype": "str"}}
RULES = {"arrives_later": "pl.col('arr') > pl.col('dep')"}


def schema(columns=COLUMNS, **rest) -> Schema:
    return Schema.model_validate({"columns": columns, **rest})


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text('dep,arr,carrier\n1,5,"A\nA"\n5,5,UA\n7,,UA\n9,1,\n5,5,UA\n,,UA\n')
    return path


def test_a_rule_over_several_columns_is_told_with_their_cells(path):
    report = Dataset.scan(path, schema=schema(rules=RULES)).validate()

    assert report.to_dict() == {
        "rows_in": 6,
        "rows_out": 3,
        "violations": [
            {
                "rule": "arrives_later",
                "column": "arr, dep",
                "count": 3,
                "examples": [
                    {"file": "t.csv", "row": 2, "line": 4, "value": "arr=5, dep=5"},
                    {"file": "t.csv", "row": 4, "line": 6, "value": "arr=1, dep=9"},
                    {"file": "t.csv", "row": 5, "line": 7, "value": "arr=5, dep=5"},
                ],
            }
        ],
    }


def test_a_key_of_several_columns_may_occur_once(path):
    dataset = Dataset.scan(path, schema=schema(unique=[["dep", "arr", "carrier"]]))

    report = dataset.validate()

    assert [(one.rule, one.column, one.count) for one in report.violations] == [("unique", "dep, arr, carrier", 1)]
    assert report.violations[0].examples == [("t.csv", 5, 7, "dep=5, arr=5, carrier=UA")]
    with pytest.raises(InvalidDataError) as caught:
        dataset.collect()
    assert caught.value.message == (
        "t.csv: row 5 (line 7), columns dep, arr, carrier: dep=5, arr=5, carrier=UA occur together a second time, and "
        "must be unique together"
    )
    assert caught.value.context["rule"] == "unique"


def test_a_report_reads_well(path):
    columns = {**COLUMNS, "carrier": {"dtype": "str", "nullable": False, "regex": "[A-Z]{2}"}}

    report = Dataset.scan(path, schema=schema(columns, rules=RULES)).validate()

    assert str(report) == (
        "6 rows, 4 break the schema\n"
        "  nullable of carrier: 1 row, first t.csv: row 4 (line 6): missing\n"
        "  regex of carrier: 1 row, first t.csv: row 1 (line 2): 'A\\nA'\n"
        "  arrives_later of arr, dep: 3 rows, first t.csv: row 2 (line 4): 'arr=5, dep=5'"
    )
    assert str(Dataset.scan(path).validate()) == "6 rows keep the schema"
    assert json.loads(json.dumps(report.to_dict())) == report.to_dict()


def test_a_rule_of_one_column_speaks_of_it_alone(path):
    dataset = Dataset.scan(path, schema=schema(rules={"odd": "pl.col('dep') % 2 == 0"}))

    with pytest.raises(InvalidDataError, match=r"column dep: '1' fails the rule odd: pl\.col\('dep'\) % 2 == 0"):
        dataset.collect()


def test_of_the_faults_of_one_row_a_wrong_type_is_told_first(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a,b\n-1,x\n")

    with pytest.raises(InvalidDataError, match="'x' is not Int64"):
        Dataset.scan(path, schema=schema({"a": {"dtype": "int", "min": 0}, "b": {"dtype": "int"}})).collect()


@pytest.mark.parametrize(
    ("rest", "message"),
    [
        ({"unique": [[]]}, r"unique holds \[\]"),
        ({"unique": [["a", "a"]]}, r"unique holds \['a', 'a'\]"),
        ({"rules": {"min": "pl.col('dep') > 1"}}, "'min' is the name of a column's own rule"),
        ({"rules": {"r": "pl.col('dep').mean() > 1"}}, "looks at other rows"),
        ({"rules": {"r": "pl.lit(True)"}}, "reads no column"),
        ({"rules": {"r": "pl.col('dep') + 1"}}, "gives Int64, and a rule is true or false"),
        ({"rules": {"r": "pl.col('dep').str.len_chars() > 1"}}, "cannot be computed"),
    ],
)
def test_a_declaration_that_cannot_work_says_why(rest, message):
    with pytest.raises(ConfigurationError, match=message):
        schema(**rest)


def test_what_depends_on_the_table_is_said_when_it_is_read(path):
    with pytest.raises(ConfigurationError, match="read column 'no', which the table has not"):
        Dataset.scan(path, schema=schema(unique=[["no"]])).validate()
    with pytest.raises(ConfigurationError, match=r"rule r: .* gives Int64"):
        Dataset.scan(path, schema=schema({}, rules={"r": "pl.col('dep').cast(pl.Int64)"})).validate()
    with pytest.raises(ConfigurationError, match=r"rule r: .* cannot be computed"):
        Dataset.scan(path, schema=schema({}, rules={"r": "pl.col('dep').dt.year() > 1"})).validate()


def test_a_rule_that_stumbles_over_a_cell_is_named(path):
    rules = {"length": "pl.col('carrier').str.len_chars() > 1", "number": "pl.col('carrier').cast(pl.Int64) > 1"}

    with pytest.raises(InvalidDataError, match="the rule number of carrier cannot be computed: conversion") as caught:
        Dataset.scan(path, schema=schema(rules=rules)).validate()

    assert "strict=False" in caught.value.hint


def test_a_rule_may_read_times_whose_zone_the_file_settles(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("t\n2013-01-01T00:00Z\n2014-01-01T00:00Z\n")
    rules = {"early": "pl.col('t') < pl.datetime(2013, 6, 1, time_zone='UTC')"}

    report = Dataset.scan(path, schema=schema({"t": {"dtype": "Datetime"}}, rules=rules)).validate()

    assert report.violations[0].examples[0].row == 2


def test_batches_count_what_they_dropped(path):
    batches = Dataset.scan(path, schema=schema(rules=RULES)).batches(2, policy="drop")

    heights = [frame.height for frame in batches]

    assert heights == [2, 1]
    assert (batches.report.rows_in, batches.report.rows_out) == (6, 3)
    assert batches.types == {"dep": pl.Int64, "arr": pl.Int64, "carrier": pl.String}


def test_batches_set_aside_when_the_last_one_is_taken(path, tmp_path):
    aside = tmp_path / "bad.csv"
    batches = Dataset.scan(path, schema=schema(rules=RULES)).batches(2, policy="quarantine", quarantine=aside)

    next(batches)
    before = aside.exists()
    list(batches)

    assert not before
    assert aside.read_text().splitlines() == [
        "dep,arr,carrier,groundwork_file,groundwork_row,groundwork_line,groundwork_reason",
        '5,5,UA,t.csv,2,4,"arr, dep: arrives_later"',
        '9,1,,t.csv,4,6,"arr, dep: arrives_later"',
        '5,5,UA,t.csv,5,7,"arr, dep: arrives_later"',
    ]


def test_a_quarantined_file_can_be_mended_and_read_again(path, tmp_path):
    aside = tmp_path / "bad.csv"
    Dataset.scan(path, schema=schema(rules=RULES)).collect(policy="quarantine", quarantine=aside)
    aside.write_text(aside.read_text().replace("5,5,UA,t.csv,2", "5,6,UA,t.csv,2"))

    report = Dataset.scan(aside, schema=schema(rules=RULES)).sink(tmp_path / "out.parquet", "quarantine")

    assert (report.rows_in, report.rows_out) == (3, 1)
    assert pl.read_parquet(tmp_path / "out.quarantine.parquet")["groundwork_file"].to_list() == ["bad.csv"] * 2


@pytest.mark.parametrize(
    ("arguments", "error"),
    [({"policy": "ignore"}, "policy 'ignore'"), ({"policy": "quarantine"}, "policy quarantine needs a file")],
)
def test_a_policy_that_cannot_work_is_refused_at_the_call(path, arguments, error):
    with pytest.raises(ConfigurationError, match=error):
        Dataset.scan(path).batches(**arguments)


VALUES = st.one_of(st.none(), st.sampled_from(["1", "2", "3", "-4", "x", "", "9" * 30]))
ROWS = st.lists(st.tuples(VALUES, VALUES, st.sampled_from(["A", "B", None])), max_size=40)
STRICT = Schema.model_validate(
    {
        "columns": {
            "a": {"dtype": "int", "min": -1, "nullable": False},
            "b": {"dtype": "int", "max": 2, "unique": True},
            "c": {"dtype": "str", "allowed": ["A"]},
        },
        "unique": [["a", "c"]],
        "rules": {"r": "pl.col('a') <= pl.col('b')"},
    }
)


def table(rows) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=dict.fromkeys("abc", pl.String), orient="row")


@settings(deadline=None, max_examples=50)
@given(ROWS, st.integers(1, 12))
def test_the_verdict_does_not_depend_on_where_the_pieces_end(rows, size):
    whole = Dataset.scan(table(rows), schema=STRICT).validate()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_frame_source, "_SLICE", size)
        dataset = Dataset.scan(table(rows), schema=STRICT)
        cut, batches = dataset.validate(), dataset.batches(size, policy="drop")
        kept = list(batches)

    assert cut == whole
    assert batches.report == whole
    assert [frame.height for frame in kept[:-1]] == [size] * (len(kept) - 1)
    assert sum(frame.height for frame in kept) == whole.rows_out


@settings(deadline=None, max_examples=30)
@given(ROWS, st.sampled_from(["parquet", "csv", "jsonl", "csv.gz", "jsonl.zst"]))
def test_every_row_is_passed_or_set_aside_as_it_was_read(rows, suffix):
    with tempfile.TemporaryDirectory() as folder:
        out, aside = Path(folder) / "out.parquet", Path(folder) / f"bad.{suffix}"

        report = Dataset.scan(table(rows), schema=STRICT).sink(out, "quarantine", quarantine=aside)

        passed, bad = pl.read_parquet(out), Dataset.scan(aside).collect() if report.rows_out < len(rows) else None
    assert report.rows_in == len(rows)
    assert passed.height == report.rows_out
    if bad is not None:
        numbers = [int(number) for number in bad["groundwork_row"]]
        assert bad.height == report.rows_in - report.rows_out
        assert bad.select("a", "b", "c").rows() == [rows[number - 1] for number in numbers]
        assert all(bad["groundwork_reason"])
