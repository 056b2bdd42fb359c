"""Records parsed straight into their types: what the cast of each cell gives, or nothing."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.storage import cast_column
from groundwork.storage._csv import CsvTable
from groundwork.storage._csv_parse import Parser

ODD = ["+5", " 5", "\t5", "5 ", "05", "-0", "1e3", "1_0", "٣", "0x1", "--5", "-", "nan", "NaN", "inf", "-inf", "1e999"]
ODD += [".5", "5.", "+.5", "1e", "9007199254740993", "-9007199254740993", "9007199254740993.0", "16777217", "NA", ""]
ODD += ["9223372036854775808", "-9223372036854775809", "255", "256", "4e-324", "0.30000000000000004", "true", '"5"']
ODD += ['" 5"', '""', '"5', "2013-01-01", "2013-01-01T10:00:00Z", "2013-01-01T10:00", "2013-02-30", "é"]
TYPES = [pl.Int64(), pl.UInt8(), pl.Float64(), pl.Float32(), pl.Boolean(), pl.Date(), pl.Datetime("us"), pl.String()]
TYPES += [pl.Datetime("us", "UTC"), pl.Decimal(10, 2), pl.Categorical()]


def batches(cells, dtype, ending="\n"):
    content = "a,b\n" + "".join(f"{cell},x{ending}" for cell in cells)
    blocks = (content.encode()[at : at + 64] for at in range(0, len(content.encode()), 64))
    return list(CsvTable(blocks, "t.csv").batches(["NA"], {"a": dtype}))


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.sampled_from([cell for cell in ODD if cell != '"5']) | st.integers().map(str) | st.floats().map(repr)),
    st.sampled_from(TYPES),
    st.sampled_from(["\n", "\r\n"]),
)
def test_cells_are_what_the_cast_of_their_text_gives(cells, dtype, ending):
    made = batches(cells, dtype, ending)

    assert len(cells) == sum(batch.frame.height for batch in made)
    for batch in made:
        text, found = batch.frame["a"], batch.cells["a"]

        assert text.dtype == pl.String
        assert found.dtype in (dtype, pl.String)
        assert cast_column(found, dtype).equals(cast_column(text, dtype), null_equal=True)
        if found.dtype != pl.String:
            # What is missing now was missing, or empty, before.
            assert text.filter(found.is_null()).fill_null("").str.len_bytes().sum() == 0


@pytest.mark.parametrize("cell", ODD)
@pytest.mark.parametrize("dtype", TYPES, ids=str)
def test_each_odd_cell_is_read_as_its_text_is_cast(cell, dtype):
    parser = Parser(["a", "b"], ["NA"], {"a": dtype})

    found = parser.in_types(f"{cell},x\n".encode(), 1)

    if found is not None:
        text = parser.as_text(f"{cell},x\n".encode())["a"]
        assert cast_column(found["a"], dtype).equals(cast_column(text, dtype), null_equal=True)


@pytest.mark.parametrize(
    ("content", "types"),
    [
        (b"1,2.5,x y\n2,NA,\n", {"a": pl.Int64, "b": pl.Float64, "c": pl.String}),
        (b"1,2.5,x\n2,abc,y\n", {"a": pl.String, "b": pl.String, "c": pl.String}),
        (b"1,9007199254740993,x\n", {"a": pl.String, "b": pl.String, "c": pl.String}),
        (b"1, 2.5,x\n", {"a": pl.String, "b": pl.String, "c": pl.String}),
    ],
)
def test_numbers_are_parsed_straight_only_where_nothing_is_in_doubt(content, types):
    parser = Parser(["a", "b", "c"], ["NA"], {"a": pl.Int64(), "b": pl.Float64()})

    found = parser.in_types(content, content.count(b"\n"))

    assert found is not None
    assert found.schema == types


@pytest.mark.parametrize("content", [b"1,2,3\n", b"\xff,x\n", b"1,2\n3,4\n"])
def test_what_cannot_be_read_as_so_many_records_is_left_to_who_can_say_why(content):
    assert Parser(["a", "b"], [], {"a": pl.Int64()}).in_types(content, 1) is None


def test_the_text_of_a_batch_is_parsed_once():
    (batch,) = batches(["5"], pl.Int64())

    assert batch.frame is batch.frame
    assert batch.frame["a"].to_list() == ["5"]
