"""Tables in batches: types by declaration, errors with an address."""

import datetime
import gzip
import io
import itertools
import zipfile

import polars as pl
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.errors import InvalidDataError, StorageError, UnsupportedFormatError, UsageError
from groundwork.storage import _blocks, stream, stream_schema

CONTENT = b"id,delay,code\n1,10,02116\n2,NA,x\n3,-5,\n"


def zipped(**members: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("_", "."), content)
    return target.getvalue()


def write(folder, name, content):
    path = folder / name
    path.write_bytes(content)
    return path


PACK = {
    "t.csv": lambda content: content,
    "t.csv.gz": gzip.compress,
    "t.csv.zst": zstandard.compress,
    "t.csv.zip": lambda content: zipped(t_csv=content, readme_txt=b"x"),
}


@pytest.mark.parametrize("name", PACK)
def test_every_packing_gives_the_same_table(tmp_path, name):
    path = write(tmp_path, name, PACK[name](CONTENT))

    frames = list(stream(path, 2, columns={"id": pl.Int64, "delay": pl.Int32()}, null_values=["NA"]))

    assert [frame.height for frame in frames] == [2, 1]
    assert pl.concat(frames).rows() == [(1, 10, "02116"), (2, None, "x"), (3, -5, None)]
    assert frames[0].schema == {"id": pl.Int64, "delay": pl.Int32, "code": pl.String}


@pytest.mark.parametrize("name", [name for name in PACK if name != "t.csv"])
@pytest.mark.parametrize("keep", [0.3, 0.7, 0.97])
def test_a_truncated_file_is_an_error_that_names_it(tmp_path, name, keep):
    body = b"".join(b"%d,%d,x\n" % (at, at * 7919 % 1000) for at in range(2000))
    packed = PACK[name](b"id,delay,code\n" + body)
    path = write(tmp_path, name, packed[: int(len(packed) * keep)])

    with pytest.raises(InvalidDataError, match=f"{name} is truncated or damaged") as caught:
        list(stream(path))

    assert "again" in caught.value.hint


@pytest.mark.parametrize("name", ["t.csv.gz", "t.csv.zst", "t.csv.zip"])
def test_a_file_that_is_not_what_its_suffix_says_is_an_error(tmp_path, name):
    path = write(tmp_path, name, CONTENT)

    with pytest.raises(InvalidDataError, match="truncated or damaged"):
        stream(path)


def test_several_zstandard_frames_are_one_file(tmp_path, monkeypatch):
    monkeypatch.setattr(_blocks, "BLOCK", 8)
    path = write(tmp_path, "t.csv.zst", zstandard.compress(CONTENT[:20]) + zstandard.compress(CONTENT[20:]))

    assert sum(frame.height for frame in stream(path)) == 3


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 60), st.integers(1, 25), st.integers(1, 64))
def test_batches_have_the_size_asked_for_whatever_the_block(tmp_path_factory, height, rows, block):
    path = write(tmp_path_factory.mktemp("s"), "t.csv", b"a,b\n" + b"".join(b"%d,x\n" % at for at in range(height)))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_blocks, "BLOCK", block)
        frames = list(stream(path, rows, columns={"a": pl.Int64}))

    assert [value for frame in frames for value in frame["a"]] == list(range(height))
    assert all(frame.height == rows for frame in frames[:-1])
    assert not frames or 0 < frames[-1].height <= rows


def test_a_wrong_value_is_named_by_file_row_line_and_column(tmp_path):
    body = b"".join(b"%d,x\n" % at for at in range(3000))
    path = write(tmp_path, "t.csv", b"a,b\n" + body + b"abc,x\n")

    with pytest.raises(InvalidDataError) as caught:
        list(stream(path, columns={"a": pl.Int64}))

    assert caught.value.message == "t.csv: row 3,001 (line 3,002), column a: 'abc' is not Int64"
    assert caught.value.context == {"file": "t.csv", "row": 3001, "line": 3002, "column": "a", "value": "abc"}
    assert "null_values" in caught.value.hint


def test_of_several_wrong_values_the_first_row_is_named(tmp_path):
    path = write(tmp_path, "t.csv", b"a,b\n1,y\nx,2\n")

    with pytest.raises(InvalidDataError, match=r"row 1 .*column b: 'y'"):
        list(stream(path, columns={"a": pl.Int64, "b": pl.Int64}))


@pytest.mark.parametrize(
    ("dtype", "value", "hint"),
    [
        (pl.Int64, "1.5", "Float64"),
        (pl.Int8, "300", "wider"),
        (pl.Date, "31/01/2013", "2013-01-31"),
        (pl.Boolean, "yes", "null_values"),
        (pl.Float64, "1,5", "null_values"),
        (pl.Datetime("us"), "2013-01-01T10:00:00Z", "UTC"),
        (pl.Datetime("us", "UTC"), "2013-01-01T10:00:00", "offset"),
    ],
)
def test_a_value_that_does_not_fit_gets_advice(tmp_path, dtype, value, hint):
    path = write(tmp_path, "t.csv", f'a,b\n"{value}",x\n'.encode())

    with pytest.raises(InvalidDataError) as caught:
        list(stream(path, columns={"a": dtype}))

    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("dtype", "texts", "values"),
    [
        (pl.Boolean, ["true", "FALSE", "1", "0"], [True, False, True, False]),
        (pl.Date, ["2013-01-31"], [datetime.date(2013, 1, 31)]),
        (pl.Float64, ["1", "-2.5", "1e3", '""'], [1.0, -2.5, 1000.0, None]),
        (pl.Categorical, ["a", "b", "a"], ["a", "b", "a"]),
        (
            pl.Datetime,
            ["2013-01-01T10:00:00", "2013-01-01 10:00", "2013-01-01", "2013-01-01 10:00:00.5"],
            [datetime.datetime.fromisoformat(f"2013-01-01T{t}") for t in ["10:00", "10:00", "00:00", "10:00:00.5"]],
        ),
        (
            pl.Datetime,
            ["2013-01-01T10:00:00Z", "2013-01-01 11:00:00+01:00", "2013-01-01T10:00Z", "2013-01-01T09:00:00-0100"],
            [datetime.datetime(2013, 1, 1, 10, tzinfo=datetime.UTC)] * 4,
        ),
    ],
)
def test_values_are_read_as_their_type_says(tmp_path, dtype, texts, values):
    path = write(tmp_path, "t.csv", "\n".join(["a,b", *(f"{text},x" for text in texts)]).encode())

    (frame,) = stream(path, columns={"a": dtype})

    assert frame["a"].to_list() == values


def test_a_zone_is_the_same_in_every_batch_though_its_first_value_comes_late(tmp_path, monkeypatch):
    monkeypatch.setattr(_blocks, "BLOCK", 16)
    path = write(tmp_path, "t.csv", b"a,t\n" + b"1,\n" * 50 + b'1,""\n1,2013-01-01T00:00:00Z\n')

    schemas = {str(frame.schema) for frame in stream(path, 7, columns={"t": pl.Datetime})}

    assert len(schemas) == 1
    assert "UTC" in schemas.pop()


def test_a_time_column_without_values_has_no_zone(tmp_path):
    path = write(tmp_path, "t.csv", b"a,t\n1,\n")

    assert stream_schema(path, columns={"t": pl.Datetime})["t"] == pl.Datetime("us")


def test_a_header_alone_has_a_schema_and_no_batches(tmp_path):
    path = write(tmp_path, "t.csv", b"a,b\n")

    assert list(stream(path, columns={"a": pl.Int64})) == []
    assert stream_schema(path, columns={"a": pl.Int64}) == {"a": pl.Int64, "b": pl.String}


def test_a_missing_column_names_the_nearest_at_the_call(tmp_path):
    path = write(tmp_path, "t.csv", CONTENT)

    with pytest.raises(InvalidDataError, match="has no column 'dealy'") as caught:
        stream(path, columns={"dealy": pl.Int64})

    assert caught.value.hint == "did you mean delay?"


def test_a_missing_column_like_no_other_lists_the_columns(tmp_path):
    path = write(tmp_path, "t.csv", CONTENT)

    with pytest.raises(InvalidDataError, match="'q1', 'q2'") as caught:
        stream(path, columns={f"q{at}": pl.Int64 for at in range(1, 8)})

    assert caught.value.hint == "it has id, delay, code"
    assert "…" in caught.value.message


def test_a_missing_file_names_the_nearest_sibling(tmp_path):
    write(tmp_path, "flights.csv.gz", b"")

    with pytest.raises(StorageError, match="no such file") as caught:
        stream(tmp_path / "flight.csv.gz")

    assert "flights.csv.gz" in caught.value.hint


def test_a_missing_file_in_a_missing_folder_says_so(tmp_path):
    with pytest.raises(StorageError) as caught:
        stream(tmp_path / "nowhere" / "t.csv")

    assert "does not exist either" in caught.value.hint


def test_a_missing_file_without_likeness_says_to_check(tmp_path):
    with pytest.raises(StorageError) as caught:
        stream(tmp_path / "t.csv")

    assert caught.value.hint == "check the path"


def test_a_folder_is_no_table(tmp_path):
    with pytest.raises(StorageError, match="is a folder"):
        stream(tmp_path)


def test_an_unreadable_file_is_the_worlds_fault(tmp_path, monkeypatch):
    path = write(tmp_path, "t.csv", CONTENT)

    def refuses(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(path), "open", refuses)

    with pytest.raises(StorageError, match="Permission denied"):
        stream(path)


def test_an_unknown_suffix_is_refused(tmp_path):
    with pytest.raises(UnsupportedFormatError, match=r"\.xlsx"):
        stream(write(tmp_path, "t.xlsx", b""))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"rows": 0}, "rows is 0"),
        ({"rows": "2"}, "rows is '2'"),
        ({"columns": ["a"]}, "columns must map names"),
        ({"columns": {"a": str}}, "column 'a' is declared"),
    ],
)
def test_a_wrong_argument_is_no_fault_of_the_file(tmp_path, options, words):
    (tmp_path / "t.csv").write_text("a\n1\n")

    with pytest.raises(UsageError, match=words) as caught:
        stream(tmp_path / "t.csv", **options)

    assert caught.value.hint


def test_a_zip_of_several_tables_wants_a_member(tmp_path):
    path = write(tmp_path, "t.zip", zipped(a_csv=CONTENT, b_csv=b"x\n1\n"))

    with pytest.raises(InvalidDataError, match=r"holds 2 tables \(\.csv, \.jsonl\): a\.csv, b\.csv"):
        stream(path)

    assert next(stream(path, member="b.csv")).rows() == [("1",)]


@pytest.mark.parametrize(("member", "hint"), [("aa.csv", "did you mean 'a.csv'?"), ("zzz", "it holds a.csv, b.csv")])
def test_a_missing_member_names_what_is_there(tmp_path, member, hint):
    path = write(tmp_path, "t.zip", zipped(a_csv=CONTENT, b_csv=b"x\n1\n"))

    with pytest.raises(InvalidDataError, match="no member") as caught:
        stream(path, member=member)

    assert caught.value.hint == hint


def test_an_empty_zip_says_so(tmp_path):
    with pytest.raises(InvalidDataError, match="it is empty"):
        stream(write(tmp_path, "t.zip", zipped()))


def test_an_encrypted_member_is_refused(tmp_path):
    content = bytearray(zipped(a_csv=CONTENT))
    content[content.index(b"PK\x01\x02") + 8] |= 1

    with pytest.raises(InvalidDataError, match="encrypted"):
        stream(write(tmp_path, "t.zip", bytes(content)))


def test_a_member_of_what_is_no_zip_is_refused(tmp_path):
    with pytest.raises(UnsupportedFormatError, match="no zip"):
        stream(write(tmp_path, "t.csv", CONTENT), member="x")


def test_progress_rises_to_the_size_of_the_file(tmp_path, monkeypatch):
    monkeypatch.setattr(_blocks, "BLOCK", 10)
    path = write(tmp_path, "t.csv", CONTENT)
    calls = []

    list(stream(path, progress=lambda done, total: calls.append((done, total))))

    assert calls[-1] == (len(CONTENT), len(CONTENT))
    assert all(one <= two for one, two in itertools.pairwise(calls))


def test_parquet_streams_in_the_same_batches(tmp_path):
    path = tmp_path / "t.parquet"
    pl.DataFrame({"a": range(10), "t": ["1", "NA", *"23456789"], "s": ["NA", *"abcdefghi"]}).write_parquet(path)
    calls = []

    frames = list(
        stream(path, 4, columns={"t": pl.Int32}, null_values=["NA"], progress=lambda *call: calls.append(call))
    )

    assert [frame.height for frame in frames] == [4, 4, 2]
    assert frames[0].schema == {"a": pl.Int64, "t": pl.Int32, "s": pl.String}
    assert frames[0].row(0) == (0, 1, None)
    assert frames[0].row(1) == (1, None, "a")
    assert calls[-1][0] == calls[-1][1]


def test_a_parquet_value_that_does_not_fit_is_named(tmp_path):
    path = tmp_path / "t.parquet"
    pl.DataFrame({"a": [*range(5), 300]}).write_parquet(path)

    with pytest.raises(InvalidDataError, match=r"t\.parquet: row 6, column a: '300' is not Int8"):
        list(stream(path, 4, columns={"a": pl.Int8}))


def test_parquet_times_keep_their_zone_and_texts_find_theirs(tmp_path):
    path = tmp_path / "t.parquet"
    moment = datetime.datetime(2013, 1, 1, tzinfo=datetime.UTC)
    pl.DataFrame({"a": [moment], "b": ["2013-01-01T00:00:00Z"]}).write_parquet(path)

    (frame,) = stream(path, columns={"a": pl.Datetime, "b": pl.Datetime})

    assert frame.row(0) == (moment, moment)


def test_a_damaged_parquet_file_is_named(tmp_path):
    with pytest.raises(InvalidDataError, match=r"t\.parquet is not a whole Parquet file"):
        stream(write(tmp_path, "t.parquet", b"PAR1xx"))
