"""Declarations are complete and checked before any row is read."""

import datetime

import polars as pl
import pytest
from pydantic import ValidationError

from groundwork.data import Column, Schema, dtype_name
from groundwork.errors import ConfigurationError


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("int", "Int64"),
        ("INT32", "Int32"),
        ("str", "String"),
        (" Bool ", "Boolean"),
        ("datetime[utc]", "Datetime[UTC]"),
    ],
)
def test_a_type_has_one_name_and_aliases(text, name):
    assert dtype_name(text) == name


@pytest.mark.parametrize(("text", "hint"), [("Int65", "did you mean Int64?"), ("qqqq", "one of Int8")])
def test_an_unknown_type_gets_a_suggestion(text, hint):
    with pytest.raises(ConfigurationError) as caught:
        dtype_name(text)

    assert hint in caught.value.hint


def test_a_schema_gives_the_types_that_stream_takes():
    schema = Schema.model_validate({"columns": {"a": {"dtype": "int"}, "t": {"dtype": "Datetime"}}})

    assert schema.dtypes == {"a": pl.Int64(), "t": pl.Datetime}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"dtype": "Int65"}, "did you mean Int64"),
        ({"dtype": "str", "min": 1}, "min is for numbers and dates, and the column is String"),
        ({"dtype": "bool", "max": 1}, "max is for numbers and dates, and the column is Boolean"),
        ({"dtype": "int", "regex": "a"}, "regex is for text, and the column is Int64"),
        ({"dtype": "str", "regex": "("}, "is not valid"),
        ({"dtype": "date", "min": "x"}, "no ISO 8601"),
        ({"dtype": "int", "min": "x"}, "which is no number"),
        ({"dtype": "int", "min": 3, "max": 1}, "min 3 is larger than max 1"),
        ({"dtype": "datetime", "min": "2013-01-01", "max": "2013-02-01T00:00Z"}, "both an offset or neither"),
        ({"dtype": "int", "allowed": ["a"]}, "allowed holds 'a'"),
        ({"dtype": "str", "allowed": [1]}, "allowed holds 1"),
        ({"dtype": "int", "allowed": []}, "allowed is empty"),
        ({"dtype": "int", "nul": 1}, "Extra inputs"),
        ({}, "Field required"),
    ],
)
def test_a_declaration_that_cannot_work_says_why(given, message):
    with pytest.raises(ValidationError) as caught:
        Column.model_validate(given)

    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("given", "bound"),
    [
        ({"dtype": "int", "min": 3}, 3),
        ({"dtype": "int"}, None),
        ({"dtype": "date", "min": "2013-01-31"}, datetime.date(2013, 1, 31)),
        ({"dtype": "datetime", "min": "2013-01-31T00:00Z"}, datetime.datetime(2013, 1, 31, tzinfo=datetime.UTC)),
    ],
)
def test_a_bound_compares_with_the_columns_values(given, bound):
    assert Column.model_validate(given).bound("min") == bound


def test_a_declaration_cannot_be_changed():
    column = Column(dtype="int")

    with pytest.raises(ValidationError, match="frozen"):
        column.nullable = False


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"colums": {}}, "colums: unknown key; did you mean 'columns'?"),
        ({"columns": {"a": {"dtyp": "int"}}}, "columns.a.dtyp: unknown key; did you mean 'dtype'?"),
        ({"columns": {"a": {}}}, "columns.a.dtype: this key is required"),
    ],
)
def test_a_misspelt_key_is_told_in_words(given, message):
    with pytest.raises(ConfigurationError) as caught:
        Schema.model_validate(given)

    assert caught.value.message == f"the schema is not sound: {message}"


def test_all_mistakes_of_a_schema_are_told_at_once():
    with pytest.raises(ConfigurationError, match="and 1 more") as caught:
        Schema.model_validate({"columns": {"a": {"dtype": "int", "nul": 1}}, "rulez": {}})

    assert caught.value.hint == "also: rulez: unknown key; did you mean 'rules'?"
