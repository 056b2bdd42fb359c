"""CSV and Parquet: codes stay text, declared types are kept to, what is read is bounded."""

import datetime as dt

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.errors import InvalidDataError, UsageError
from groundwork.storage import _csv_types, read, stream, write

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6)
COLUMNS = {
    "text": (pl.String, TEXT),
    "code": (pl.String, st.from_regex(r"\A0[0-9]{0,4}\Z")),
    "whole": (pl.Int64, st.integers(-(2**63), 2**63 - 1)),
    "small": (pl.UInt8, st.integers(0, 255)),
    "part": (pl.Float64, st.floats(allow_nan=False, allow_infinity=False)),
    "flag": (pl.Boolean, st.booleans()),
    "day": (pl.Date, st.dates(min_value=dt.date(1, 1, 1))),
}
ROWS = st.lists(st.tuples(*(st.none() | values for _, values in COLUMNS.values())), max_size=8)
SCHEMA = {name: dtype for name, (dtype, _) in COLUMNS.items()}
PACKED = st.sampled_from(["", ".gz", ".zst"])


def csv(tmp_path, text, name="f.csv"):
    path = tmp_path / name
    path.write_text(text, newline="")
    return path


@settings(deadline=None, max_examples=50)
@given(rows=ROWS, packed=PACKED)
def test_a_table_of_declared_types_comes_back_from_csv(tmp_path_factory, rows, packed):
    path = tmp_path_factory.mktemp("csv") / f"f.csv{packed}"
    frame = pl.DataFrame(rows, schema=SCHEMA, orient="row")

    write(path, frame, durable=False)
    loaded = read(path, columns=SCHEMA)

    assert (frame.schema, frame.rows()) == (loaded.schema, loaded.rows())


@settings(deadline=None, max_examples=50)
@given(rows=ROWS, packed=PACKED)
def test_any_table_comes_back_from_parquet(tmp_path_factory, rows, packed):
    path = tmp_path_factory.mktemp("parquet") / f"f.parquet{packed}"
    frame = pl.DataFrame(rows, schema=SCHEMA, orient="row")

    write(path, frame, durable=False)
    loaded = read(path, max_bytes=100_000)

    assert (frame.schema, frame.rows()) == (loaded.schema, loaded.rows())


@settings(deadline=None, max_examples=50)
@given(
    column=st.lists(st.from_regex(r"\A-?[0-9]{1,5}(\.[0-9]{1,3})?\Z"), min_size=1),
    quoted=st.booleans(),
)
def test_without_a_schema_a_number_is_a_number_only_if_no_digit_is_lost(tmp_path_factory, column, quoted):
    path = tmp_path_factory.mktemp("csv") / "f.csv"
    frame = pl.DataFrame({"n": [1] * len(column), "c": column}, schema={"n": pl.Int64, "c": pl.String})
    write(path, frame, durable=False, quote_style="always" if quoted else "necessary")

    loaded = read(path)

    codes = any(text.lstrip("-")[0] == "0" and text.lstrip("-")[1:2].isdigit() for text in column)
    assert (pl.Int64, codes) == (loaded["n"].dtype, loaded["c"].dtype == pl.String)
    assert not codes or column == loaded["c"].to_list()


@pytest.mark.parametrize(
    ("text", "options", "expected"),
    [
        ("zip,n\n02116,1\n10001,2\n", {}, {"zip": ["02116", "10001"], "n": [1, 2]}),
        ("zip,n\n10001,1\n02116,2", {}, {"zip": ["10001", "02116"], "n": [1, 2]}),
        ('zip\n"02116"\n', {}, {"zip": ["02116"]}),
        ("zip;n\n10001;-01\n", {"separator": ";"}, {"zip": [10001], "n": ["-01"]}),
        ("zip\n'007'\n", {"quote_char": "'"}, {"zip": ["007"]}),
        ("007", {"has_header": False}, {"column_0": ["007"]}),
        ("007,1\n008,2\n", {"has_header": False}, {"column_0": ["007", "008"], "column_1": [1, 2]}),
        ("a,b\n00.5,0.5\n", {}, {"a": ["00.5"], "b": [0.5]}),
        ("a,b\n0,-0\n", {}, {"a": [0], "b": [0]}),
        ("a,b\n007,007\n", {"schema_overrides": {"a": pl.Int64}}, {"a": [7], "b": ["007"]}),
        ("a,b\n007,007\n", {"schema_overrides": [pl.Int64, pl.String]}, {"a": [7], "b": ["007"]}),
        ("a,b\n007,007\n", {"schema": {"a": pl.Int64, "b": pl.Int8}}, {"a": [7], "b": [7]}),
        ("a,b\n007,008\n", {"columns": ["b"]}, {"b": ["008"]}),
        ("a,b\n007,008\n", {"new_columns": ["x", "y"]}, {"x": ["007"], "y": ["008"]}),
        ("5", {"has_header": False}, {"column_0": [5]}),
        ("day,at,n\n2013-01-01,05:00,1\n", {}, {"day": ["2013-01-01"], "at": ["05:00"], "n": [1]}),
    ],
)
def test_a_column_with_leading_zeros_stays_text(tmp_path, text, options, expected):
    assert expected == read(csv(tmp_path, text), **options).to_dict(as_series=False)


@pytest.mark.parametrize("at", range(5))
def test_a_code_is_found_where_pieces_of_the_file_meet(tmp_path, monkeypatch, at):
    monkeypatch.setattr(_csv_types, "_PIECE", 8)
    path = csv(tmp_path, "n\n" + "1" * (3 + at) + "\n-07\n1\n")

    assert ["1" * (3 + at), "-07", "1"] == read(path)["n"].to_list()


@pytest.mark.parametrize("late", [" 5", "\t5", "+5"])
def test_a_cell_that_is_no_plain_number_makes_its_column_text_however_late_it_comes(tmp_path, monkeypatch, late):
    monkeypatch.setattr(_csv_types, "_GUESSED", 2)
    path = csv(tmp_path, f"n,m\n1,1\n2,2\n3,{late}\n")

    assert {"n": [1, 2, 3], "m": ["1", "2", late]} == read(path).to_dict(as_series=False)


@pytest.mark.parametrize("separator", [",", ";"])
def test_names_of_columns_are_text_of_utf8_to_their_last_byte(tmp_path, separator):
    path = csv(tmp_path, "")
    path.write_bytes(f"a{separator}\u00e9\n1{separator}2\n".encode())
    broken = csv(tmp_path, "", "broken.csv")
    broken.write_bytes(f"a{separator}b".encode() + b"\xff\n" + f"1{separator}2\n".encode())

    assert ["a", "\u00e9"] == read(path, separator=separator).columns
    with pytest.raises(InvalidDataError, match="utf-8"):
        read(broken, separator=separator)


CELLS = [
    "1",
    "-1",
    "1.5",
    "",
    "true",
    "x",
    "+1",
    " 1",
    "\t2",
    "+1.5",
    "1.e5",
    "1E5",
    "nan",
    "NaN",
    "INF",
    "-inf",
    "1e400",
]
CELLS += ["9223372036854775808", '"1"', '" 1"', '"a, 1"', "+inf", "-nan", ".5", "007", "-"]


@settings(deadline=None, max_examples=200)
@given(
    rows=st.lists(st.tuples(st.sampled_from(CELLS), st.sampled_from(CELLS[:6])), min_size=1, max_size=6),
    few=st.lists(st.sampled_from(CELLS), min_size=1, max_size=3, unique=True),
    options=st.sampled_from([{}, {"null_values": ["1"]}, {"has_header": False}]),
)
def test_types_follow_from_all_rows_wherever_a_value_stands(rows, few, options):
    lines = [f"{one},{two},{few[at % len(few)]}\n" for at, (one, two) in enumerate(rows)]
    data = "".join(["a,b,c\n", *lines]).encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_csv_types, "_GUESSED", 2)  # the others are what the guess did not see

        quick = _csv_types.guessed(data, **options)

    expected = _csv_types.guessed(data, **options, ignore_errors=False)  # for which no guess is made
    assert (expected.schema, repr(expected.rows())) == (quick.schema, repr(quick.rows()))


def test_a_table_without_codes_is_parsed_once(tmp_path, monkeypatch):
    parsed = []
    real = pl.read_csv
    monkeypatch.setattr(pl, "read_csv", lambda *args, **options: parsed.append(1) or real(*args, **options))

    read(csv(tmp_path, "at,n\n2013-01-01 05:00:00,100.05\n"))

    assert [1] == parsed


@pytest.mark.parametrize("packed", ["", ".gz", ".zst"])
def test_a_declared_column_keeps_its_zeros_and_a_misfit_names_row_column_and_value(tmp_path, packed):
    path = tmp_path / f"f.csv{packed}"
    write(path, pl.DataFrame({"zip": ["02116", "10001"], "n": ["1", "x"]}))

    with pytest.raises(InvalidDataError, match=r"f\.csv.*row 2 \(line 3\), column n: 'x' is not Int64") as caught:
        read(path, columns={"zip": pl.String, "n": pl.Int64})

    assert ["02116", "10001"] == read(path, columns={"zip": pl.String})["zip"].to_list()
    assert (2, "n", "x") == tuple(caught.value.context[name] for name in ("row", "column", "value"))


def test_a_declared_table_is_what_stream_reads(tmp_path):
    path = csv(tmp_path, "a,b,c\n1,NA,2013-01-01T10:00:00Z\n2,x,\n")
    declared = {"a": pl.Int32, "c": pl.Datetime}

    loaded = read(path, columns=declared, null_values=["NA"])

    assert loaded.equals(pl.concat(stream(path, columns=declared, null_values=["NA"])))
    assert [None, "x"] == loaded["b"].to_list()


@pytest.mark.parametrize("suffix", ["jsonl", "jsonl.zst", "parquet", "parquet.gz"])
def test_other_tables_may_be_declared_too(tmp_path, suffix):
    rows = [{"a": 1, "b": "x"}, {"a": 2, "b": None}]
    write(tmp_path / f"f.{suffix}", rows if suffix.startswith("jsonl") else pl.DataFrame(rows))

    loaded = read(tmp_path / f"f.{suffix}", columns={"a": pl.Int8, "b": pl.String})

    assert ({"a": pl.Int8, "b": pl.String}, rows) == (dict(loaded.schema), loaded.to_dicts())


def test_a_declared_table_without_rows_has_its_types(tmp_path):
    loaded = read(csv(tmp_path, "a,b\n"), columns={"a": pl.Int32})

    assert ({"a": pl.Int32, "b": pl.String}, 0) == (dict(loaded.schema), loaded.height)


def test_options_of_polars_do_not_mix_with_declared_columns(tmp_path):
    with pytest.raises(UsageError, match="CSV takes no option 'separator' here"):
        read(csv(tmp_path, "a;b\n1;2\n"), columns={"a": pl.Int32}, separator=";")


def test_what_is_no_table_has_no_columns(tmp_path):
    write(tmp_path / "f.json", [1])

    with pytest.raises(UsageError, match="JSON takes no option 'columns'"):
        read(tmp_path / "f.json", columns={"a": pl.Int32})


def test_a_parquet_file_may_be_read_in_part(tmp_path):
    write(tmp_path / "f.parquet", pl.DataFrame({"a": [1], "b": [2]}))

    assert {"b": [2]} == read(tmp_path / "f.parquet", columns=["b"]).to_dict(as_series=False)


def test_a_declared_table_of_several_batches_lies_in_one_piece(tmp_path):
    loaded = read(csv(tmp_path, "n\n" + "1\n" * 70_000), columns={"n": pl.Int64})

    assert (70_000, 1) == (loaded.height, loaded.n_chunks())


def test_an_option_that_polars_has_not_is_looked_up_there(tmp_path):
    with pytest.raises(UsageError, match="separatr") as caught:
        read(csv(tmp_path, "a\n1\n"), separatr=";")

    assert "polars.read_csv" in caught.value.hint


@pytest.mark.parametrize("name", ["f.csv", "f.csv.gz"])
def test_a_declared_table_is_bounded(tmp_path, name):
    write(tmp_path / name, pl.DataFrame({"a": range(20_000)}))

    with pytest.raises(InvalidDataError, match="max_bytes=150,000"):
        read(tmp_path / name, columns={"a": pl.Int64}, max_bytes=150_000)

    assert 20_000 == read(tmp_path / name, columns={"a": pl.Int64}, max_bytes=200_000).height


def test_a_panic_of_polars_is_damage(tmp_path, monkeypatch):
    def panic(*args, **options):
        raise pl.exceptions.PanicException("index out of bounds")

    write(tmp_path / "f.parquet", pl.DataFrame({"a": [1]}))
    monkeypatch.setattr(pl, "read_parquet", panic)

    with pytest.raises(InvalidDataError, match=r"f\.parquet: not valid Parquet: polars gave up: index"):
        read(tmp_path / "f.parquet")


@pytest.mark.parametrize("packed", ["", ".gz"])
def test_missing_values_of_one_column_come_back_however_it_is_read(tmp_path, packed):
    path = tmp_path / f"f.csv{packed}"
    frame = pl.DataFrame({"n": [None, 1, None, None]})
    write(path, frame)

    (batch,) = stream(path, columns={"n": pl.Int64})

    assert [frame.rows()] * 3 == [batch.rows(), read(path).rows(), read(path, columns={"n": pl.Int64}).rows()]


@pytest.mark.parametrize(
    ("options", "words"), [({"columns": {"zip": str}}, "no polars type"), ({"columns": ["zap"]}, "zap")]
)
def test_a_wrong_declaration_is_no_fault_of_the_file(tmp_path, options, words):
    path = csv(tmp_path, "zip\n02116\n")

    with pytest.raises(UsageError, match=words):
        read(path, **options)


def test_nested_values_are_no_cells_of_csv(tmp_path):
    with pytest.raises(UsageError, match="'tags' is List") as caught:
        write(tmp_path / "f.csv", pl.DataFrame({"a": [1], "tags": [[1]]}))

    assert "parquet" in caught.value.hint


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a,b\n1,2\n3", r"row 2 \(line 3\) has 1 field; the header has 2"),
        ("a,b\n1,2,3\n4\n", r"row 1 \(line 2\) has 3 fields"),
        ("a,b\n1,2,3\n", r"row 1 \(line 2\) has 3 fields"),
        ("a,a\n1,2\n", "names column 'a' 2 times"),
        ('a,b\n1,"2\n3,4\n', r"row 1 \(line 2\) opens a quote that is never closed"),
    ],
)
@pytest.mark.parametrize("options", [{}, {"infer_schema": False}])
def test_a_broken_record_is_named_by_row_and_line_without_a_declaration_too(tmp_path, text, words, options):
    with pytest.raises(InvalidDataError, match=words) as caught:
        read(csv(tmp_path, text), **options)

    assert ("\n" in caught.value.message, "f.csv" in caught.value.message) == (False, True)
