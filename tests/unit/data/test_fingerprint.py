"""A table's digest: content counts, layout does not."""

import datetime
from decimal import Decimal

import polars as pl
import pytest

from groundwork.data._fingerprint import fingerprint

TABLES = {
    "int": pl.DataFrame({"a": [1, None, 3]}),
    "float": pl.DataFrame({"a": [1.0, float("nan"), None]}),
    "bool": pl.DataFrame({"a": [True, None, False]}),
    "text": pl.DataFrame({"a": ["x", "", None]}),
    "bytes": pl.DataFrame({"a": [b"x", b"", None]}),
    "category": pl.DataFrame({"a": ["x", "y", None]}, schema={"a": pl.Categorical}),
    "time": pl.DataFrame({"a": [datetime.datetime(2013, 1, 1), None, datetime.datetime(2014, 1, 1)]}),
    "decimal": pl.DataFrame({"a": [Decimal("1.5"), None, Decimal("2.5")]}),
    "list": pl.DataFrame({"a": [[1, 2], [], None]}),
    "array": pl.DataFrame({"a": [[1, 2], [3, 4], None]}, schema={"a": pl.Array(pl.Int64, 2)}),
    "struct": pl.DataFrame({"a": [{"b": 1, "c": "x"}, {"b": None, "c": "y"}, None]}),
    "null": pl.DataFrame({"a": [None, None, None]}),
}


@pytest.mark.parametrize("name", TABLES)
def test_chunks_and_copies_do_not_count(name):
    table = TABLES[name]

    pieces = pl.concat([table[:1], table[1:]], rechunk=False)

    assert fingerprint(table) == fingerprint(pieces)


@pytest.mark.parametrize("name", TABLES)
def test_the_order_of_rows_counts(name):
    table = TABLES[name]

    assert (fingerprint(table) == fingerprint(table.reverse())) == table.equals(table.reverse())


def test_tables_that_differ_have_digests_that_differ():
    tables = [
        *TABLES.values(),
        pl.DataFrame({"a": [1, 3, None]}),
        pl.DataFrame({"b": [1, None, 3]}),
        pl.DataFrame({"a": [1, None, 4]}),
        pl.DataFrame({"a": [1, None, 3]}, schema={"a": pl.Int32}),
        pl.DataFrame({"a": ["x", None, ""]}),
        pl.DataFrame({"a": ["xy", "", None]}),
        pl.DataFrame({"a": [[1], [2], None]}),
        pl.DataFrame({"a": []}),
    ]

    assert len({fingerprint(table) for table in tables}) == len(tables)


def test_a_digest_stays_over_versions():
    assert "79409e0e20e0b9fbbe5c7cf22aa85834" == fingerprint(TABLES["text"])
