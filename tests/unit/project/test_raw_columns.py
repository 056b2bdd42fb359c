"""What a model's spec keeps of the schema that its training rows passed."""

import polars as pl

from groundwork.data import Schema
from groundwork.modeling import RawColumn
from groundwork.project._model_steps import _raw_column

SCHEMA = Schema.model_validate(
    {
        "columns": {
            "hour": {"dtype": "int64", "min": 0, "max": 23},
            "day": {"dtype": "date", "min": "2013-01-01"},
            "code": {"dtype": "string", "regex": "[A-Z]+", "allowed": ["A", "B"]},
        }
    }
)


def test_the_rules_of_a_column_go_with_its_type():
    columns = [
        _raw_column(pl.Series("hour", [1, None]), SCHEMA),
        _raw_column(pl.Series("day", ["2013-02-01"]).str.to_date(), SCHEMA),
        _raw_column(pl.Series("code", ["A"]), SCHEMA),
    ]

    assert columns == [
        RawColumn(dtype="Int64", nullable=True, min=0, max=23),
        RawColumn(dtype="Date", nullable=False, min="2013-01-01"),
        RawColumn(dtype="String", nullable=False, regex="[A-Z]+", allowed=("A", "B")),
    ]


def test_without_a_schema_or_a_rule_there_is_none():
    values = pl.Series("other", [1.5])

    assert [_raw_column(values, schema) for schema in (None, SCHEMA)] == [
        RawColumn(dtype="Float64", nullable=False)
    ] * 2


def test_rules_go_through_json_unchanged():
    column = _raw_column(pl.Series("hour", [1]), SCHEMA)

    assert RawColumn.model_validate_json(column.model_dump_json()) == column
