"""Datasets: rows that break the schema never pass in silence."""

import datetime
from contextlib import contextmanager
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.data import Dataset, Schema, ValidationReport, _reading, _writing, deduplicate
from groundwork.errors import ConfigurationError, InvalidDataError, StorageError, UsageError

CONTENT = (
    "id,delay,origin,when\n"
    "1,10,EWR,2013-01-01T10:00:00Z\n"
    "2,NA,JFK,2013-01-02T10:00:00Z\n"
    "2,late,JFK,2013-01-03T10:00:00Z\n"
    "4,-90,XXX,2012-12-31T10:00:00Z\n"
    ",500,lga,2013-01-04T10:00:00Z\n"
)
RULES = {
    "id": {"dtype": "int", "nullable": False, "unique": True},
    "delay": {"dtype": "int", "min": -60, "max": 400},
    "origin": {"dtype": "str", "allowed": ["EWR", "JFK", "lga"], "regex": "[A-Z]+"},
    "when": {"dtype": "datetime", "min": "2013-01-01"},
}


def schema(**columns) -> Schema:
    return Schema.model_validate({"columns": columns})


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(CONTENT)
    return path


@pytest.fixture
def dataset(path):
    return Dataset.scan(path, schema=schema(**RULES), null_values=["NA"])


BROKEN = {
    ("unique", "id"): [3],
    ("nullable", "id"): [5],
    ("dtype", "delay"): [3],
    ("min", "delay"): [4],
    ("max", "delay"): [5],
    ("allowed", "origin"): [4],
    ("regex", "origin"): [5],
    ("min", "when"): [4],
}


def test_validate_counts_every_rule_that_is_broken(dataset):
    report = dataset.validate()

    found = {(one.rule, one.column): [example.row for example in one.examples] for one in report.violations}
    assert found == BROKEN
    assert (report.rows_in, report.rows_out, report.ok) == (5, 2, False)
    assert [one.examples for one in report.violations if one.rule == "dtype"] == [[("t.csv", 3, 4, "late")]]
    assert report.to_dict()["violations"][0] == {
        "rule": "nullable",
        "column": "id",
        "count": 1,
        "examples": [{"file": "t.csv", "row": 5, "line": 6, "value": None}],
    }


@pytest.mark.parametrize("rows", [1, 2, 100])
def test_batches_stop_at_the_first_row_that_breaks_a_rule(tmp_path, rows):
    path = tmp_path / "t.csv"
    path.write_text(CONTENT.replace("late", "NA").replace("NA,JFK", "1,JFK"))
    dataset = Dataset.scan(path, schema=schema(**RULES), null_values=["NA"])

    with pytest.raises(InvalidDataError) as caught:
        list(dataset.batches(rows))

    assert (
        caught.value.message
        == "t.csv: row 3 (line 4), column id: '2' occurs a second time, and the column must be unique"
    )
    assert caught.value.context["rule"] == "unique"


def test_a_misfit_is_named_with_its_line(dataset):
    with pytest.raises(InvalidDataError, match=r"t\.csv: row 3 \(line 4\), column delay: 'late' is not Int64"):
        dataset.collect()


@pytest.mark.parametrize(
    ("rules", "value", "message"),
    [
        ({"dtype": "int", "nullable": False}, "", "a missing value where every row must have one"),
        ({"dtype": "int", "min": 3}, "2", "'2' is below the smallest allowed, 3"),
        ({"dtype": "float", "max": 3}, "3.5", "'3.5' is above the largest allowed, 3"),
        ({"dtype": "str", "allowed": ["a", "b"]}, "c", "'c' is none of a, b"),
        ({"dtype": "category", "allowed": ["a", "b"]}, "c", "'c' is none of a, b"),
        ({"dtype": "category", "regex": "[ab]"}, "abc", "'abc' does not match [ab]"),
        ({"dtype": "date", "max": "2013-01-01"}, "2013-01-02", "'2013-01-02' is above the largest allowed, 2013-01-01"),
        ({"dtype": "date", "allowed": ["2013-01-01"]}, "2013-01-02", "is none of 2013-01-01"),
        ({"dtype": "datetime", "max": "2013-01-01T00:00+01:00"}, "2013-01-01T00:00Z", "is above the largest allowed"),
    ],
)
def test_each_rule_has_its_sentence(tmp_path, rules, value, message):
    path = tmp_path / "t.csv"
    path.write_text(f"a,b\n{value},x\n")

    with pytest.raises(InvalidDataError) as caught:
        Dataset.scan(path, schema=schema(a=rules)).collect()

    assert message in caught.value.message


def test_a_good_table_comes_whole_and_typed(path):
    frame = Dataset.scan(path, schema=schema(id={"dtype": "int"}), null_values=["NA"]).collect()

    assert frame.schema == {"id": pl.Int64, "delay": pl.String, "origin": pl.String, "when": pl.String}
    assert frame["id"].to_list() == [1, 2, 2, 4, None]


def test_sink_drops_what_breaks_the_schema(dataset, tmp_path):
    report = dataset.sink(tmp_path / "out.parquet", "drop")

    written = pl.read_parquet(tmp_path / "out.parquet")
    assert written["id"].to_list() == [1, 2]
    assert written.schema["when"] == pl.Datetime("us", "UTC")
    assert (report.rows_in, report.rows_out) == (5, 2)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["out.parquet", "t.csv"]


def test_sink_sets_aside_what_breaks_the_schema_with_row_and_reasons(dataset, tmp_path):
    report = dataset.sink(tmp_path / "out.parquet", "quarantine")

    aside = pl.read_parquet(tmp_path / "out.quarantine.parquet")
    assert aside["groundwork_row"].to_list() == [3, 4, 5]
    assert aside["groundwork_reason"].to_list() == [
        "id: unique; delay: dtype",
        "delay: min; origin: allowed; when: min",
        "id: nullable; delay: max; origin: regex",
    ]
    assert aside["delay"].to_list() == ["late", "-90", "500"]
    assert report.rows_out + aside.height == report.rows_in


def test_a_clean_table_has_an_empty_quarantine(path, tmp_path):
    report = Dataset.scan(path).sink(tmp_path / "out.parquet", "quarantine", quarantine=tmp_path / "bad.parquet")

    assert pl.read_parquet(tmp_path / "bad.parquet").height == 0
    assert report == ValidationReport(5, 5, [])
    assert report.ok


@pytest.mark.parametrize("name", ["out.parquet", "t.csv", "elsewhere/../out.parquet"])
def test_bad_rows_are_never_written_where_another_file_would_be_lost(dataset, path, tmp_path, name):
    (tmp_path / "elsewhere").mkdir()

    with pytest.raises(ConfigurationError, match="rows would be lost"):
        dataset.sink(tmp_path / "out.parquet", "quarantine", quarantine=tmp_path / name)
    with pytest.raises(ConfigurationError, match="rows would be lost"):
        deduplicate(dataset, out=tmp_path / "out.parquet", policy="quarantine", quarantine=tmp_path / name)
    with pytest.raises(ConfigurationError, match="rows would be lost"):
        dataset.batches(policy="quarantine", quarantine=path)
    with pytest.raises(ConfigurationError, match="rows would be lost"):
        dataset.sink(path, "drop")
    with pytest.raises(ConfigurationError, match="rows would be lost"):
        deduplicate(dataset, out=path, policy="drop")

    assert path.read_text() == CONTENT
    assert sorted(file.name for file in tmp_path.iterdir()) == ["elsewhere", "t.csv"]


def test_a_frame_can_be_quarantined_too(tmp_path):
    frame = pl.DataFrame({"a": [1, 300]})

    Dataset.scan(frame, schema=schema(a={"dtype": "Int8"})).sink(tmp_path / "out.parquet", "quarantine")

    assert pl.read_parquet(tmp_path / "out.quarantine.parquet")["a"].to_list() == [300]


def test_a_failed_sink_leaves_the_old_file_and_nothing_beside(dataset, tmp_path):
    (tmp_path / "out.parquet").write_bytes(b"old")

    with pytest.raises(InvalidDataError):
        dataset.sink(tmp_path / "out.parquet")

    assert (tmp_path / "out.parquet").read_bytes() == b"old"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["out.parquet", "t.csv"]


@contextmanager
def always_full(_):
    with Path("/dev/full").open("wb") as file:
        yield file


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_the_worlds_fault(path, tmp_path, monkeypatch):
    monkeypatch.setattr(_writing, "atomic_write", always_full)

    with pytest.raises(StorageError, match=r"out\.parquet: cannot write: No space left") as caught:
        Dataset.scan(path).sink(tmp_path / "out.parquet")

    assert "free some space" in caught.value.hint


def test_an_error_of_polars_itself_is_not_blamed_on_the_disk(path, tmp_path, monkeypatch):
    def fails(*_):
        raise pl.exceptions.ComputeError("other")

    monkeypatch.setattr(_reading, "cast_column", fails)

    with pytest.raises(pl.exceptions.ComputeError, match="other"):
        Dataset.scan(path, schema=schema(id={"dtype": "int"})).sink(tmp_path / "out.parquet", "drop")


def test_the_source_of_a_lazy_query_heeds_columns_filter_and_limit():
    frames = [pl.DataFrame({"a": [1, 2, 3], "b": [4, 5, 6]})] * 3
    sources = []

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_writing, "register_io_source", lambda source, schema: sources.append(source))
        _writing.as_query({}, lambda: iter(frames))

    (source,) = sources
    assert pl.concat(source(["b"], pl.col("a") > 1, 5, None)).rows() == [(5,), (6,), (5,)]
    assert pl.concat(source(None, None, None, 100)).height == 9


def test_an_unknown_policy_is_refused_before_anything_is_read(tmp_path):
    with pytest.raises(ConfigurationError, match="policy 'ignore'"):
        Dataset.scan(tmp_path / "no.csv").sink(tmp_path / "out.parquet", "ignore")


def test_lazy_queries_read_only_what_they_need(path):
    lazy = Dataset.scan(path, schema=schema(id={"dtype": "int"})).lazy()

    assert lazy.filter(pl.col("id") > 1).select("origin").collect()["origin"].to_list() == ["JFK", "JFK", "XXX"]
    assert lazy.head(2).collect().height == 2
    assert lazy.collect().height == 5


def test_an_empty_table_has_columns_and_no_rows(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a,b\n")

    frame = Dataset.scan(path, schema=schema(a={"dtype": "int"})).collect()

    assert frame.schema == {"a": pl.Int64, "b": pl.String}
    assert frame.height == 0
    assert Dataset.scan(path).sink(tmp_path / "out.parquet").rows_in == 0


class Arrow:
    """A table of another library, known only by the Arrow interface."""

    def __init__(self, frame):
        self._frame = frame

    def __arrow_c_stream__(self, requested_schema=None):
        return self._frame.__arrow_c_stream__(requested_schema)


@pytest.mark.parametrize("wrap", [lambda frame: frame, pl.DataFrame.lazy, Arrow])
def test_frames_of_any_library_are_tables_too(wrap):
    frame = pl.DataFrame(
        {"a": ["1", "2"], "t": [datetime.datetime(2013, 1, 1, tzinfo=datetime.UTC)] * 2, "u": ["x", "y"]}
    )
    rules = schema(a={"dtype": "int"}, t={"dtype": "datetime"})

    read = Dataset.scan(wrap(frame), schema=rules).collect()

    assert read["a"].to_list() == [1, 2]
    assert read.schema["t"] == pl.Datetime("us", "UTC")


def test_times_in_a_frame_of_text_have_no_zone():
    rules = schema(t={"dtype": "datetime", "min": "2013-01-01T00:00Z"})

    read = Dataset.scan(pl.DataFrame({"t": ["2013-01-01"]}), schema=rules).collect()

    assert read.schema["t"] == pl.Datetime("us")


def test_a_frame_without_a_declared_column_is_refused():
    with pytest.raises(InvalidDataError, match="no column 'b'"):
        Dataset.scan(pl.DataFrame({"a": [1]}), schema=schema(b={"dtype": "int"})).columns()


def test_what_is_no_table_is_refused():
    with pytest.raises(UsageError, match="no table can be read from int"):
        Dataset.scan(3)


def test_a_missing_file_is_said_when_reading(tmp_path):
    with pytest.raises(StorageError, match="no such file"):
        Dataset.scan(tmp_path / "t.csv").collect()


@settings(deadline=None, max_examples=30)
@given(st.lists(st.one_of(st.none(), st.integers(-5, 5)), max_size=30), st.integers(1, 12))
def test_the_verdict_does_not_depend_on_the_batches(values, rows):
    frame = pl.DataFrame({"a": pl.Series(values, dtype=pl.Int64)})
    rules = schema(a={"dtype": "int", "min": -3, "unique": True, "nullable": False})
    dataset = Dataset.scan(frame, schema=rules)
    allowed = [
        value for at, value in enumerate(values) if value is not None and value >= -3 and value not in values[:at]
    ]

    report = dataset.validate()

    assert report.rows_out == len(allowed)
    if len(allowed) == len(values):
        assert [value for batch in dataset.batches(rows) for value in batch["a"]] == values
    else:
        with pytest.raises(InvalidDataError):
            list(dataset.batches(rows))


def test_a_schema_that_is_none_is_refused():
    with pytest.raises(UsageError, match="schema is a dict"):
        Dataset.scan(pl.DataFrame({"a": [1]}), schema={"columns": {}})
