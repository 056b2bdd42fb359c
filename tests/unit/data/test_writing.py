"""Tables written by suffix read back as they were, or are refused."""

import datetime
import errno
import tempfile

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.data import Dataset, Schema, _writing
from groundwork.data._disk_frames import DiskFrames
from groundwork.data._writing import Spool, format_of
from groundwork.errors import InvalidDataError, StorageError, UnsupportedFormatError

SUFFIXES = ["parquet", "pq", "csv", "csv.gz", "csv.zst", "jsonl", "ndjson", "jsonl.gz"]
SCHEMA = Schema.model_validate(
    {
        "columns": {
            "i": {"dtype": "int"},
            "f": {"dtype": "float"},
            "s": {"dtype": "str"},
            "b": {"dtype": "bool"},
            "d": {"dtype": "date"},
            "t": {"dtype": "Datetime"},
            "u": {"dtype": "Datetime[UTC]"},
        }
    }
)
MOMENT = datetime.datetime(2013, 1, 31, 6, 0, 0, 123)
FRAME = pl.DataFrame(
    {
        "i": [1, None, -(2**63)],
        "f": [0.1, None, -1e300],
        "s": ['a "b",\nc', None, "é"],
        "b": [True, None, False],
        "d": [datetime.date(2013, 1, 31), None, datetime.date(1900, 1, 1)],
        "t": [MOMENT, None, MOMENT],
        "u": [MOMENT.replace(tzinfo=datetime.UTC), None, MOMENT.replace(tzinfo=datetime.UTC)],
    }
)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_what_is_written_reads_back(tmp_path, suffix):
    path = tmp_path / f"out.{suffix}"

    report = Dataset.scan(FRAME, schema=SCHEMA).sink(path)

    assert report.rows_out == 3
    assert Dataset.scan(path, schema=SCHEMA).collect().equals(FRAME)


@pytest.mark.parametrize("suffix", SUFFIXES[:-1])
def test_a_table_without_rows_is_written_too(tmp_path, suffix):
    path = tmp_path / f"out.{suffix}"

    Dataset.scan(FRAME.clear(), schema=SCHEMA).sink(path)

    assert path.exists()
    if "json" not in suffix and "nd" not in suffix:
        assert Dataset.scan(path, schema=SCHEMA).collect().equals(FRAME.clear())


@settings(deadline=None, max_examples=30)
@given(
    st.lists(
        st.tuples(st.none() | st.text(st.characters(exclude_categories=["Cs"])), st.none() | st.floats()), max_size=9
    )
)
def test_any_text_and_any_fraction_comes_back_from_csv(tmp_path_factory, rows):
    frame = pl.DataFrame(rows, schema={"s": pl.String, "f": pl.Float64}, orient="row")
    path = tmp_path_factory.mktemp("csv") / "out.csv"
    schema = Schema.model_validate({"columns": {"f": {"dtype": "float"}}})

    Dataset.scan(frame).sink(path)

    assert Dataset.scan(path, schema=schema).collect().equals(frame)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_json_has_no_such_number(tmp_path, value):
    frame = pl.DataFrame({"a": [1.0, None, value, value]})

    with pytest.raises(InvalidDataError, match=r"out\.jsonl: row 3, column a: -?(nan|inf) is no number of JSON"):
        Dataset.scan(frame).sink(tmp_path / "out.jsonl")

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("column", "suffix"),
    [(pl.Series([[1]]), "csv"), (pl.Series([b"x"]), "jsonl"), (pl.Series([datetime.timedelta(1)]), "csv")],
)
def test_a_type_that_the_format_has_not_is_refused(tmp_path, column, suffix):
    with pytest.raises(InvalidDataError, match=f"column a is .*, which {suffix} cannot hold"):
        Dataset.scan({"a": column}).sink(tmp_path / f"out.{suffix}")


def test_nested_values_are_json_in_json_lines(tmp_path):
    frame = pl.DataFrame({"a": [[1, 2], None], "b": [{"x": 1}, {"x": None}]})

    Dataset.scan(frame).sink(tmp_path / "out.jsonl")

    assert (tmp_path / "out.jsonl").read_text() == '{"a":[1,2],"b":{"x":1}}\n{"a":null,"b":{"x":null}}\n'


@pytest.mark.parametrize(
    ("column", "row", "shown"),
    [
        (pl.Series([1.0, float("inf")]), 2, "inf"),
        (pl.Series([None, {"x": [0.5]}, {"x": [1.0, None, float("nan")]}]), 3, r"\{'x': \[1.0, None, nan\]\}"),
        (pl.Series([[], [{"x": float("-inf")}]]), 2, r"\[\{'x': -inf\}\]"),
    ],
)
def test_a_fraction_that_json_cannot_say_is_refused_at_any_depth(tmp_path, column, row, shown):
    with pytest.raises(InvalidDataError, match=f"out.jsonl: row {row}, column a: {shown} is no number of JSON"):
        Dataset.scan({"a": column}).sink(tmp_path / "out.jsonl")

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("value", [b"x", datetime.timedelta(1)])
def test_a_type_that_json_has_not_is_refused_at_any_depth(tmp_path, value):
    with pytest.raises(InvalidDataError, match=r"column a is .*, which jsonl cannot hold"):
        Dataset.scan(pl.DataFrame({"a": [{"x": [value]}]})).sink(tmp_path / "out.jsonl")


@pytest.mark.parametrize("name", ["out", "out.xlsx", "out.parquet.gz", "out.gz"])
def test_a_suffix_of_no_table_is_refused_before_anything_is_read(tmp_path, name):
    with pytest.raises(UnsupportedFormatError, match="no table can be written as"):
        Dataset.scan(tmp_path / "no.csv").sink(tmp_path / name)


def test_a_quarantine_is_named_after_the_table(tmp_path):
    Dataset.scan(FRAME).sink(tmp_path / "out.csv.gz", "quarantine")

    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.csv.gz", "out.quarantine.parquet"]


def test_the_quarantine_of_a_failed_sink_does_not_appear(tmp_path):
    rows = [{"a": "x"}, {"b": 1}]

    with pytest.raises(InvalidDataError):
        Dataset.scan(iter([pl.DataFrame(row) for row in rows])).sink(tmp_path / "out.parquet", "quarantine")

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("name", "kind"), [("a.PQ", ".parquet"), ("a.b.CSV.GZ", ".csv"), ("a.ndjson", ".jsonl")])
def test_a_format_is_told_by_the_last_suffixes(tmp_path, name, kind):
    assert format_of(tmp_path / name) == kind


@pytest.fixture
def system_folder(tmp_path, monkeypatch):
    folder = tmp_path / "system"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def test_many_rows_wait_beside_the_file_under_no_name_that_a_kill_would_leave(tmp_path, monkeypatch, system_folder):
    monkeypatch.setattr(_writing, "_HELD", 100)
    out = tmp_path / "not there yet" / "out.parquet"
    folders = []
    monkeypatch.setattr(_writing, "DiskFrames", lambda folder: folders.append(folder) or DiskFrames(folder))
    spool = Spool({"a": pl.Int64}, out)
    for at in range(0, 100, 10):
        spool.add(pl.DataFrame({"a": range(at, at + 10)}))
    spool.add(pl.DataFrame({"a": [None, "x"]}))
    spool.add(pl.DataFrame({"a": [[1], None]}))

    names = [path for path in tmp_path.rglob("*") if path != system_folder]
    spool.write()

    assert folders == [tmp_path]
    assert names == []
    assert pl.read_parquet(out)["a"].to_list() == [*map(str, range(100)), None, "x", "[1]", None]


def test_bad_rows_wait_beside_their_file(tmp_path, monkeypatch, system_folder):
    monkeypatch.setattr(_writing, "_HELD", 1)
    schema = Schema.model_validate({"columns": {"a": {"dtype": "int", "min": 10}}})
    seen = []
    batches = Dataset.scan(pl.DataFrame({"a": range(20)}), schema=schema).batches(
        5, policy="quarantine", quarantine=tmp_path / "bad.parquet"
    )

    for _ in batches:
        seen += [path for path in tmp_path.rglob("*") if path != system_folder]

    assert seen == []
    assert pl.read_parquet(tmp_path / "bad.parquet")["a"].to_list() == list(range(10))


def test_a_column_without_values_takes_the_type_of_those_that_come(tmp_path):
    spool = Spool({}, tmp_path / "out.parquet")
    spool.add(pl.DataFrame({"a": [None]}))
    spool.add(pl.DataFrame({"a": [1]}))

    spool.write()

    assert pl.read_parquet(tmp_path / "out.parquet")["a"].to_list() == [None, 1]


def test_a_folder_that_takes_no_temporary_file_is_the_worlds_fault(tmp_path, monkeypatch):
    monkeypatch.setattr(_writing, "_HELD", 1)
    monkeypatch.setattr(tempfile, "TemporaryFile", full)

    with pytest.raises(StorageError, match="cannot write a temporary file"):
        Spool({"a": pl.Int64}, tmp_path / "out.parquet").add(pl.DataFrame({"a": [1]}))


def full(**_):
    raise OSError(errno.ENOSPC, "no space left")
