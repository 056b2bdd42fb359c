"""Dirty files: each kind of dirt is read, or refused with file, row and line."""

import gzip

import polars as pl
import pytest

from groundwork.data import Dataset, Schema
from groundwork.errors import InvalidDataError

INT = {"dtype": "int"}


def schema(**columns) -> Schema:
    return Schema.model_validate({"columns": columns})


@pytest.fixture
def scan(tmp_path):
    def scan(content: bytes, name: str = "t.csv", **columns) -> Dataset:
        (tmp_path / name).write_bytes(content)
        return Dataset.scan(tmp_path / name, schema=schema(**columns) if columns else None)

    return scan


READ = {
    "BOM": (b"\xef\xbb\xbfa,b\n1,x\n", [(1, "x")]),
    "CRLF": (b"a,b\r\n1,x\r\n2,y\r\n", [(1, "x"), (2, "y")]),
    "CRLF and LF": (b"a,b\r\n1,x\n2,y\r\n", [(1, "x"), (2, "y")]),
    "embedded newlines": (b'a,b\n1,"x\ny"\n2,"z\r\nw"\n', [(1, "x\ny"), (2, "z\r\nw")]),
    "blank lines": (b"a,b\n\n1,x\n\n\n2,y\n\n", [(1, "x"), (2, "y")]),
    "no last newline": (b"a,b\n1,x", [(1, "x")]),
    "zero rows": (b"a,b\n", []),
    "one row": (b"a,b\n1,x\n", [(1, "x")]),
    "empty and missing": (b'a,b\n,""\n1,\n', [(None, ""), (1, None)]),
    "NUL": (b"a,b\n1,x\x00y\n", [(1, "x\x00y")]),
}


@pytest.mark.parametrize("dirt", READ)
def test_what_is_read(scan, dirt):
    content, rows = READ[dirt]

    frame = scan(content, a=INT).collect()

    assert frame.schema == {"a": pl.Int64, "b": pl.String}
    assert frame.rows() == rows


REFUSED = {
    "short row": (b'a,b\n1,"x\ny"\n2\n', "t.csv: row 2 (line 4) has 1 field; the header has 2"),
    "long row": (b'a,b\n1,"x\ny"\n2,3,4\n', "t.csv: row 2 (line 4) has 3 fields; the header has 2"),
    "mixed encodings": (b'a,b\n1,"x\ny"\n2,caf\xe9\n3,z\n', "t.csv: row 2 (line 4) holds byte 0xe9, not UTF-8"),
    "header not UTF-8": (b"a,caf\xe9\n1,2\n", "t.csv: row 0 (line 1) byte 6 of the header is not UTF-8"),
    "UTF-16": ("a,b\n1,x\n".encode("utf-16"), "t.csv: row 0 (line 1) byte 1 of the header is not UTF-8"),
    "CR only": (b"a,b\r1,x\r2,y\r", "t.csv: row 0 (line 1) has a carriage return that ends no line"),
    "torn quote": (b'a,b\n1,"x', "t.csv: row 1 (line 2) opens a quote that is never closed"),
    "stray quote": (b'a,b\n1,x"y\n', "t.csv: row 1 (line 2) has a quote inside a field"),
    "column named twice": (b"a,b,a\n1,2,3\n", "t.csv: the header names column 'a' 2 times"),
    "empty file": (b"", "t.csv is empty: no header"),
    "column not there": (b"b\n1\n", "t.csv has no column 'a'"),
}


@pytest.mark.parametrize("dirt", REFUSED)
@pytest.mark.parametrize("policy", ["error", "drop", "quarantine"])
def test_what_is_refused_under_every_policy(scan, tmp_path, policy, dirt):
    content, message = REFUSED[dirt]
    dataset = scan(content, a=INT)

    with pytest.raises(InvalidDataError) as caught:
        dataset.sink(tmp_path / "out.parquet", policy)

    assert caught.value.message == message
    assert not (tmp_path / "out.parquet").exists()


def test_a_truncated_archive_is_no_shorter_table(scan):
    dataset = scan(gzip.compress(b"a\n" + b"1\n" * 1000)[:-10], "t.csv.gz", a=INT)

    with pytest.raises(InvalidDataError, match=r"t\.csv\.gz is truncated or damaged"):
        dataset.collect()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"a":1}\n{"a":2,"b":"caf\xe9"}\n', "line 2 is no JSON object"),
        (b'{"a":1}\n[1]\n', "line 2 is no JSON object"),
        (b'{"a":1}\n{"a":', "line 2"),
    ],
    ids=["mixed encodings", "a list", "torn"],
)
def test_json_lines_are_refused_with_their_line(scan, content, message):
    with pytest.raises(InvalidDataError, match=message):
        scan(content, "t.jsonl", a=INT).collect()


def test_json_lines_may_have_a_bom_and_blank_lines(scan):
    report = scan(b'\xef\xbb\xbf{"a":1}\r\n\r\n{"a":"x"}\n', "t.jsonl", a=INT).validate()

    assert report.rows_in == 2
    assert report.violations[0].examples == [("t.jsonl", 2, 3, "x")]


SPELLINGS = ["NaN", "nan", "NAN", "-nan", "NA", "N/A", "null", "None", "-", "#N/A", '""', ""]


def test_of_the_spellings_of_missing_nan_is_a_number_and_only_the_empty_field_is_missing(scan):
    content = "\n".join(["a,b", *(f"{spelling},x" for spelling in SPELLINGS)]).encode()

    report = scan(content, a={"dtype": "float", "nullable": False}).validate()

    found = {one.rule: [example.value for example in one.examples] for one in report.violations}
    assert found == {"dtype": ["NA", "N/A", "null", "None", "-"], "nullable": ["", None]}
    assert report.rows_out == 4


def test_spellings_that_are_told_mean_missing(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("\n".join(["a,b", *(f"{spelling},x" for spelling in SPELLINGS), "1,x"]))

    frame = Dataset.scan(path, schema=schema(a={"dtype": "float"}), null_values=SPELLINGS[:-2]).collect()

    assert frame["a"].to_list() == [None] * len(SPELLINGS) + [1.0]


@pytest.mark.parametrize("rules", [{"min": 0}, {"max": 9}])
def test_nan_lies_in_no_range(scan, rules):
    report = scan(b"a,b\nnan,x\n1,x\n", a={"dtype": "float", **rules}).validate()

    assert [(one.rule, one.count) for one in report.violations] == [(next(iter(rules)), 1)]


def test_ten_thousand_columns_are_read_and_judged(scan):
    names = [f"c{at}" for at in range(10_000)]
    row = ",".join("1" for _ in names)
    content = f"{','.join(names)}\n{row}\n{row[:-1]}oops\n".encode()

    report = scan(content, **{name: {**INT, "min": 0, "nullable": False} for name in names}).validate()

    assert (report.rows_in, report.rows_out) == (2, 1)
    assert str(report.violations[0]) == "dtype of c9999: 1 row, first t.csv: row 2 (line 3): 'oops'"


def test_one_class_is_a_table_like_any_other(scan):
    report = scan(b"label,b\nyes,1\nyes,2\n", label={"dtype": "category", "allowed": ["yes", "no"]}).validate()

    assert report.ok


def test_of_a_key_given_twice_in_json_the_column_has_one_value(scan):
    frame = scan(b'{"a":1,"a":2}\n', "t.jsonl", a=INT).collect()

    assert frame.shape == (1, 1)
