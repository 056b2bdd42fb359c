"""CSV records: every one checked, wherever a block happens to end."""

import csv
import io

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.errors import InvalidDataError
from groundwork.storage import _csv
from groundwork.storage._csv import CsvTable


def table(content: bytes, size: int = 1 << 20) -> CsvTable:
    return CsvTable((content[at : at + size] for at in range(0, len(content), size)), "t.csv")


def rows(content: bytes, size: int = 1 << 20) -> list[tuple]:
    return [row for batch in table(content, size).batches() for row in batch.frame.rows()]


cells = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=6) | st.sampled_from(
    ['"', '""', ",", "\n", "\r\n", ' "x" ', "a,b", "é,\n"]
)


@settings(deadline=None, max_examples=50)
@given(
    st.integers(2, 4).flatmap(lambda width: st.lists(st.lists(cells, min_size=width, max_size=width), max_size=12)),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
    st.integers(1, 40),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
def test_reads_what_the_csv_module_reads_whatever_the_block_size(body, newline, ends_with_newline, size, quoting):
    width = len(body[0]) if body else 2
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator=newline, quoting=quoting)
    writer.writerows([[f"c{at}" for at in range(width)], *body])
    content = text.getvalue() if ends_with_newline else text.getvalue().removesuffix(newline)

    found = rows(content.encode(), size)

    expected = [tuple(row) for row in list(csv.reader(io.StringIO(content, newline="")))[1:]]
    assert [tuple(cell or "" for cell in row) for row in found] == expected


@settings(deadline=None, max_examples=30)
@given(st.lists(st.sampled_from(["1,2", '"a\nb",2', "", '3,"x"']), max_size=12), st.integers(1, 30))
def test_rows_and_lines_are_counted_across_blocks(records, size):
    content = "\n".join(["a,b", *records, ""]).encode()

    batches = list(table(content, size).batches())

    first = [batch.first_row for batch in batches]
    lines = [int(line) for batch in batches for line in batch.lines]
    assert first == [1 + sum(len(batch.lines) for batch in batches[:at]) for at in range(len(batches))]
    at, expected = 2, []
    for record in records:
        expected += [at] if record else []
        at += 1 + record.count("\n")
    assert lines == expected


@pytest.mark.parametrize("size", [1, 3, 1 << 20])
@pytest.mark.parametrize(
    ("content", "message", "row", "line"),
    [
        (b"a,b\n1,2\n3\n", "t.csv: row 2 (line 3) has 1 field; the header has 2", 2, 3),
        (b"a,b\n1,2,3\n", "t.csv: row 1 (line 2) has 3 fields; the header has 2", 1, 2),
        (b"a,b\n1,2,3\n4\n", "t.csv: row 1 (line 2) has 3 fields; the header has 2", 1, 2),
        (b"a,b\n4\n1,2,3\n", "t.csv: row 1 (line 2) has 1 field; the header has 2", 1, 2),
        (b"a,b\n\n1,2,3\n", "t.csv: row 1 (line 3) has 3 fields; the header has 2", 1, 3),
        (b'a,b\n"x\ny",2\n3\n', "t.csv: row 2 (line 4) has 1 field; the header has 2", 2, 4),
        (b"a,b\n\n1,2\n\n3\n", "t.csv: row 2 (line 5) has 1 field; the header has 2", 2, 5),
        (b'a,b\n1,2\n3,"x\n', "t.csv: row 2 (line 3) opens a quote that is never closed", 2, 3),
        (b'a,b\n1,2\n3,5" pipe\n', "t.csv: row 2 (line 3) has a quote inside a field", 2, 3),
        (b'a,b\n1,2\n3,"x" y\n', "t.csv: row 2 (line 3) has a quote inside a field", 2, 3),
        (b"a,b\n1,2\n\n3,\r4\n", "t.csv: row 2 (line 4) has a carriage return that ends no line", 2, 4),
        (b'a,b\n\n1,2\n3,5" x\n', "t.csv: row 2 (line 4) has a quote inside a field", 2, 4),
        (b'a,b\n1,2\n"3\n4",\xff\n', "t.csv: row 2 (line 3) holds byte 0xff, not UTF-8", 2, 3),
    ],
)
def test_a_broken_record_is_named_by_row_and_line(content, message, row, line, size):
    with pytest.raises(InvalidDataError) as caught:
        rows(content, size)

    assert caught.value.message == message
    assert caught.value.hint
    assert (caught.value.context["row"], caught.value.context["line"]) == (row, line)


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf"])
def test_a_file_without_a_header_is_empty(content):
    with pytest.raises(InvalidDataError, match=r"t\.csv is empty: no header") as caught:
        table(content)

    assert "name the columns" in caught.value.hint


def test_a_column_named_twice_is_refused():
    with pytest.raises(InvalidDataError, match="names column 'a' 2 times") as caught:
        table(b"a,b,a\n1,2,3\n")

    assert caught.value.context == {"file": "t.csv", "column": "a", "line": 1}


@pytest.mark.parametrize(("content", "line"), [(b'"a,b\n1,2\n', 1), (b'\n\n"a,b\n1,2\n', 3)])
def test_a_header_whose_quote_is_never_closed_is_named_by_its_line(content, line):
    with pytest.raises(InvalidDataError, match="opens a quote that is never closed") as caught:
        table(content)

    assert (0, line) == (caught.value.context["row"], caught.value.context["line"])


@pytest.mark.parametrize("size", [1, 5, 1 << 20])
def test_a_blank_line_that_ends_as_on_windows_is_no_record(size):
    assert rows(b"a,b\r\n1,2\r\n\r\n3,4\r\n", size) == [("1", "2"), ("3", "4")]


@pytest.mark.parametrize("thorough", [True, False])
def test_a_carriage_return_in_a_field_is_refused_however_quick_the_look(thorough):
    read = table(b"aa,b\n1,\r2\n", 5)  # the header's block does not hold it

    with pytest.raises(InvalidDataError, match=r"row 1 \(line 2\) has a carriage return"):
        read.check(thorough=thorough)


def test_a_header_that_is_not_utf8_is_refused():
    with pytest.raises(InvalidDataError, match="byte 3 of the header is not UTF-8"):
        table(b"a,\xff\n")


def test_a_header_alone_has_no_rows():
    assert (table(b"a,b").header, rows(b"a,b")) == (["a", "b"], [])


@pytest.mark.parametrize("size", [1, 2, 3, 4, 1 << 20])
def test_a_byte_order_mark_is_not_part_of_the_first_name(size):
    assert table(b"\xef\xbb\xbfa,b\n1,2\n", size).header == ["a", "b"]


@pytest.mark.parametrize("content", [b"\xef", b"\xef\xbb", b"\xef\xbb\n"])
def test_half_a_byte_order_mark_is_no_header(content):
    with pytest.raises(InvalidDataError, match="byte 1 of the header is not UTF-8"):
        table(content, 1)


def test_the_header_may_be_quoted_over_lines():
    read = table(b'"a\nb","c,d"\n1,2\n', 2)

    assert read.header == ["a\nb", "c,d"]
    assert [int(line) for batch in read.batches() for line in batch.lines] == [3]


def test_an_empty_field_is_missing_and_an_empty_quoted_one_is_text():
    assert rows(b'a,b\n,""\n') == [(None, "")]


def test_null_values_are_missing():
    batches = list(table(b"a,b\nNA,x\n").batches(["NA"]))

    assert batches[0].frame.rows() == [(None, "x")]


def test_a_record_that_never_ends_stops_before_memory_does(monkeypatch):
    monkeypatch.setattr(_csv, "_LONGEST_RECORD", 100)

    with pytest.raises(InvalidDataError, match=r"row 2 \(line 3\) does not end within"):
        rows(b'a,b\n1,2\n"' + b"x" * 1000, 50)


@pytest.mark.parametrize("content", [b"a\n1\n2\n", b"a,b\n1,1\n2,2\n"])
def test_a_parser_that_miscounts_is_not_believed(monkeypatch, content):
    monkeypatch.setattr(_csv.pl, "read_csv", lambda *_, **__: pl.DataFrame({"a": ["1"]}))

    with pytest.raises(InvalidDataError, match="2 records read as 1 between rows 1 and 2") as caught:
        rows(content)

    assert "carriage returns or quotes" in caught.value.hint


def test_an_error_of_the_parser_that_is_not_ours_to_explain_passes_through(monkeypatch):
    def fails(*_, **__):
        raise pl.exceptions.ComputeError("other")

    monkeypatch.setattr(_csv.pl, "read_csv", fails)

    with pytest.raises(pl.exceptions.ComputeError, match="other"):
        rows(b"a\n1\n")


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.sampled_from(["", "", "1", '""', '"a\nb"', '"\n"']), max_size=8),
    st.sampled_from(["\n", "\r\n"]),
    st.integers(1, 12),
)
def test_a_blank_line_of_one_column_is_a_missing_value(records, newline, size):
    content = newline.join(["a", *records, ""]).encode()

    found = rows(content, size)

    unquoted = [each[1:-1] if each.startswith('"') else each or None for each in records]
    assert [(each,) for each in unquoted] == found


@pytest.mark.parametrize("damage", [b"2,3\n", b'5" pipe\n'])
@pytest.mark.parametrize("size", [3, 1 << 20])
def test_the_row_of_damage_counts_the_missing_values_of_one_column(damage, size):
    with pytest.raises(InvalidDataError, match=r"row 3 \(line 4\) has "):
        rows(b"a\n\n1\n" + damage, size)
