"""JSON lines: types of the whole file, errors with an address."""

import gzip
import json
import zipfile

import polars as pl
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.data import Dataset
from groundwork.errors import InvalidDataError
from groundwork.storage import _blocks, _jsonl, stream, stream_schema


def log(folder, *lines, name="t.jsonl"):
    path = folder / name
    path.write_bytes(b"".join(line if isinstance(line, bytes) else json.dumps(line).encode() + b"\n" for line in lines))
    return path


def rows(path, **options):
    return [row for frame in stream(path, **options) for row in frame.rows(named=True)]


floats = st.floats(allow_nan=False, allow_infinity=False)
cells = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | floats
values = cells | st.text(max_size=4) | st.lists(st.integers(), max_size=2) | st.dictionaries(st.just("k"), cells)
texts = st.text(st.characters(codec="utf-8"), max_size=4)


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.dictionaries(st.sampled_from("abc"), values, max_size=3), max_size=8),
    st.integers(1, 9),
    st.integers(1, 60),
)
def test_types_and_values_do_not_depend_on_batches_or_blocks(tmp_path_factory, records, size, block):
    path = log(tmp_path_factory.mktemp("j"), *records)

    def outcome(rows):
        _jsonl._found.cache_clear()
        try:
            schema = stream_schema(path)
            frames = list(stream(path, rows))
        except InvalidDataError as error:
            return error.message
        assert all(frame.schema == schema for frame in frames)
        assert all(frame.height == rows for frame in frames[:-1])
        return schema, [row for frame in frames for row in frame.rows()]

    whole = outcome(65_536)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_blocks, "BLOCK", block)
        patch.setattr(_jsonl, "_HEAD", block // 2)

        assert outcome(size) == whole


@settings(deadline=None, max_examples=40)
@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "i": st.integers(-(2**63), 2**63 - 1),
                "x": floats,
                "b": st.none() | st.booleans(),
                "s": texts,
            }
        ),
        min_size=1,
        max_size=10,
    )
)
def test_plain_values_come_back_as_they_were(tmp_path_factory, records):
    path = log(tmp_path_factory.mktemp("j"), *records)

    found = rows(path, columns={"x": pl.Float64, "b": pl.Boolean})

    assert found == records


@pytest.mark.parametrize(
    ("cells", "dtype", "expected"),
    [
        ([1, None, 2], pl.Int64, [1, None, 2]),
        ([1, 2.5], pl.Float64, [1.0, 2.5]),
        ([True, None], pl.Boolean, [True, None]),
        (["02116", "1"], pl.String, ["02116", "1"]),
        ([1, "x", True], pl.String, ["1", "x", "true"]),
        ([[1, 2], {"a": None}, 3], pl.String, ["[1, 2]", '{"a": null}', "3"]),
        ([None, None], pl.String, [None, None]),
        ([2**80, 1], pl.Int128, [2**80, 1]),
        (["2013-01-31"], pl.String, ["2013-01-31"]),
    ],
)
def test_an_undeclared_column_gets_the_type_that_fits_all_its_values(tmp_path, cells, dtype, expected):
    path = log(tmp_path, *({"a": cell} for cell in cells))

    (frame,) = stream(path)

    assert (frame.schema["a"], frame["a"].to_list()) == (dtype, expected)


def test_a_column_may_come_late_and_empty_lines_are_no_rows(tmp_path):
    path = log(tmp_path, b"\n", {"z": 1}, b"\n", b"  \r\n", {"b": "x"}, b'{"a": true, "b": null, "z": 2}')

    (frame,) = stream(path)

    assert frame.columns == ["z", "a", "b"]
    assert frame.rows() == [(1, None, None), (None, None, "x"), (2, True, None)]


@pytest.mark.parametrize(("one", "two"), [("a", "b"), ("c0", "c1"), ("c1", "c0")])
def test_types_are_those_of_all_lines_whatever_the_columns_are_called(tmp_path, monkeypatch, one, two):
    monkeypatch.setattr(_blocks, "BLOCK", 24)
    path = log(tmp_path, {one: 1, two: "x"}, {two: 2, one: "y"})

    assert {one: pl.String, two: pl.String} == stream_schema(path)


@pytest.mark.parametrize("content", [b"", b"\n\n", b"{}\n"])
def test_a_file_without_values_has_no_columns_and_no_rows(tmp_path, content):
    path = log(tmp_path, content)

    assert (stream_schema(path), list(stream(path))) == ({}, [])


@pytest.mark.parametrize(("name", "pack"), [("t.jsonl.gz", gzip.compress), ("t.ndjson.zst", zstandard.compress)])
def test_compressed_lines_are_the_same_table(tmp_path, name, pack):
    path = log(tmp_path, pack(b'{"a": 1}\n{"a": 2}\n'), name=name)
    calls = []

    found = rows(path, progress=lambda *call: calls.append(call))

    assert found == [{"a": 1}, {"a": 2}]
    assert calls[-1] == (path.stat().st_size, path.stat().st_size)


def test_of_a_zip_the_member_that_is_named_is_read(tmp_path):
    path = tmp_path / "t.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("one.jsonl", '{"a": 1}\n')
        archive.writestr("two.jsonl", '{"b": 2}\n')

    assert [[{"a": 1}], [{"b": 2}]] == [rows(path, member=member) for member in ("one.jsonl", "two.jsonl")]


def test_a_value_that_does_not_fit_is_named_by_row_line_and_column(tmp_path):
    path = log(tmp_path, {"a": "NA"}, b"\n", {"a": "7"}, {"a": 1.5})

    with pytest.raises(InvalidDataError) as caught:
        rows(path, columns={"a": pl.Int64}, null_values=["NA"])

    assert caught.value.message == "t.jsonl: row 3 (line 4), column a: '1.5' is not Int64"


def test_a_nested_type_cannot_be_declared(tmp_path):
    path = log(tmp_path, {"a": [1]})

    with pytest.raises(InvalidDataError, match="column a cannot be declared List") as caught:
        stream(path, columns={"a": pl.List(pl.Int64)})

    assert "json_decode" in caught.value.hint


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (b'{"a": \n', "Expecting value"),
        (b"[1]\n", "another value"),
        (b"5\n", "another value"),
        (b'{"a": 1}{"a": 2}\n', "Extra data"),
        (b'{"a": NaN}\n', "a number that JSON has not"),
        (b'{"a": "\xff"}\n', "byte 0xff is not UTF-8"),
        (b"[" * 100_000 + b"\n", "nested too deeply"),
    ],
)
@pytest.mark.parametrize("block", [7, 1 << 20])
def test_a_line_that_is_no_json_object_is_named(tmp_path, monkeypatch, bad, why, block):
    monkeypatch.setattr(_blocks, "BLOCK", block)
    path = log(tmp_path, {"a": 1}, b"\n", bad, {"a": 2})

    with pytest.raises(InvalidDataError, match=r"t\.jsonl: line 3 is no JSON object") as caught:
        rows(path)

    assert why in caught.value.message
    assert caught.value.context["line"] == 3


def test_a_torn_last_line_is_told_as_one(tmp_path):
    path = log(tmp_path, {"a": 1}, b'{"a": 2')

    with pytest.raises(InvalidDataError, match="line 2, the last, is cut off in the middle") as caught:
        rows(path)

    assert (caught.value.context["torn"], "append" in caught.value.hint) == (True, True)


def test_a_line_that_never_ends_stops_before_memory_does(tmp_path, monkeypatch):
    monkeypatch.setattr(_jsonl, "_LONGEST_LINE", 100)
    monkeypatch.setattr(_blocks, "BLOCK", 50)
    path = log(tmp_path, {"a": 1}, b'{"a": "' + b"x" * 1000)

    with pytest.raises(InvalidDataError, match="line 2 does not end within"):
        rows(path)


@pytest.mark.parametrize("block", [2, 1 << 20])
@pytest.mark.parametrize("end", ["", "\n"])
def test_a_byte_order_mark_is_skipped(tmp_path, monkeypatch, block, end):
    monkeypatch.setattr(_blocks, "BLOCK", block)
    (tmp_path / "t.jsonl").write_text('{"a": 1}' + end, encoding="utf-8-sig")

    assert [{"a": 1}] == [row for frame in stream(tmp_path / "t.jsonl") for row in frame.to_dicts()]


def test_a_file_that_has_changed_is_looked_through_again(tmp_path):
    path = log(tmp_path, {"a": 1})
    before = stream_schema(path)
    log(tmp_path, {"a": 1}, {"a": "x", "b": 2})

    assert (before, stream_schema(path)) == ({"a": pl.Int64}, {"a": pl.String, "b": pl.Int64})


def test_a_parser_that_miscounts_is_not_believed(tmp_path, monkeypatch):
    path = log(tmp_path, {"a": 1}, {"a": 2})
    stream_schema(path)
    monkeypatch.setattr(_jsonl.pl, "read_ndjson", lambda *_, **__: pl.DataFrame({"a": ["1"]}))

    with pytest.raises(InvalidDataError, match="2 lines from line 1 on read as 1 rows"):
        rows(path)


def test_a_dataset_reads_json_lines(tmp_path):
    path = log(tmp_path, {"a": 1, "s": "x"}, {"a": 2, "s": None})

    assert Dataset.scan(path).collect().rows() == [(1, "x"), (2, None)]
