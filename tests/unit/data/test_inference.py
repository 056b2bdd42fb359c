"""Types that follow from all rows, and schemas drafted from a profile."""

import polars as pl
import pytest

from groundwork.data import Column, Dataset, draft_schema, infer_types, profile
from groundwork.errors import UsageError


def inferred(tmp_path, text, **options):
    path = tmp_path / "t.csv"
    path.write_text(text)
    return infer_types(Dataset.scan(path), **options)


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        (["1", "-2", ""], "Int64"),
        (["1", "2.5"], "Float64"),
        (["1e-4", "7"], "Float64"),
        (["true", "False", "1"], "Boolean"),
        (["0", "1"], "Int64"),
        (["2013-01-31", "2014-02-01"], "Date"),
        (["2013-01-31", "2014-02-01T06:00:00"], "Datetime"),
        (["2013-01-31T06:00:00Z", "2013-01-31T06:00:00+01:00"], "Datetime[UTC]"),
        (["2013-01-31T06:00:00Z", "2013-01-31T06:00:00"], None),
        (["02116", "10001"], None),
        (["1", "x"], None),
        (["2013-02-30"], None),
        (["", ""], None),
        (["9223372036854775808", "1"], "Float64"),
    ],
)
def test_a_type_is_taken_only_where_every_value_fits_it(tmp_path, values, dtype):
    text = "a,b\n" + "".join(f"{value},z\n" for value in values)

    assert ({} if dtype is None else {"a": dtype}) == dict(inferred(tmp_path, text).types)


def test_a_late_row_decides(tmp_path):
    text = "a,b\n" + "1,1\n" * 70_000 + "x,1\n"

    assert {"b": "Int64"} == dict(inferred(tmp_path, text).types)


def test_a_spelling_among_numbers_means_missing_and_one_among_texts_alone_does_not(tmp_path):
    found = inferred(tmp_path, "n,s\n1,x\nNA,NA\n3,-\n")

    assert ({"n": "Int64"}, ("NA",)) == (dict(found.types), found.null_values)
    assert () == inferred(tmp_path, "s\nNA\nNA\nx\n").null_values


def test_who_says_what_means_missing_is_not_guessed_at(tmp_path):
    found = inferred(tmp_path, "n\n1\nNA\n", spellings=())

    assert ({}, ()) == (dict(found.types), found.null_values)


def test_declared_columns_and_those_that_have_types_are_left_alone(tmp_path):
    pl.DataFrame({"a": [1], "s": ["2"], "t": ["3"]}).write_parquet(tmp_path / "t.parquet")
    schema = {"t": Column(dtype="String")}
    dataset = Dataset.scan(
        tmp_path / "t.parquet", schema=draft_schema(profile(pl.DataFrame())).model_copy(update={"columns": schema})
    )

    assert {"s": "Int64"} == dict(infer_types(dataset).types)


def test_a_table_without_text_is_not_read():
    assert {} == dict(infer_types(Dataset.scan(pl.DataFrame({"a": [1]}))).types)


def test_a_table_keeps_the_schema_that_was_drafted_from_it():
    frame = pl.DataFrame(
        {
            "id": [f"r{i}" for i in range(120)],
            "n": [None, *range(119)],
            "kind": ["a", "b", "b"] * 40,
            "x": [i / 7 for i in range(120)],
            "flag": [True, False] * 60,
            "day": pl.Series(list(range(120))).cast(pl.Date),
            "at": pl.Series(range(120)).cast(pl.Datetime("us", "UTC")),
            "local": pl.Series(range(120)).cast(pl.Datetime("ms")),
            "elsewhere": pl.Series(range(120)).cast(pl.Datetime("us", "Europe/Paris")),
            "level": pl.Series(["low", "high"] * 60, dtype=pl.Categorical),
            "nested": [[i] for i in range(120)],
        }
    )

    schema = draft_schema(profile(frame))

    assert [
        Column(dtype="String", nullable=False, unique=True),
        Column(dtype="Int64", min=0, max=118, unique=True),
        Column(dtype="String", nullable=False, allowed=("a", "b")),
        Column(dtype="Float64", nullable=False, min=0.0, max=17.0),
        Column(dtype="Boolean", nullable=False),
        Column(dtype="Date", nullable=False),
        Column(dtype="Datetime[UTC]", nullable=False),
        Column(dtype="Datetime", nullable=False),
        Column(dtype="Categorical", nullable=False),
    ] == list(schema.columns.values())
    assert {"elsewhere", "nested"} == {*frame.columns} - {*schema.columns}
    assert Dataset.scan(frame, schema=schema).validate().ok


def test_nothing_is_demanded_of_a_table_without_rows():
    (column,) = draft_schema(profile(pl.DataFrame(schema={"a": pl.Int64}))).columns.values()

    assert Column(dtype="Int64") == column


def test_an_infinite_end_is_no_bound_of_a_drafted_schema():
    frame = pl.DataFrame({"a": [1.0, float("inf")], "b": [float("-inf"), 2.0]})

    drafted = draft_schema(profile(frame)).columns

    assert [(1.0, None), (None, 2.0)] == [(drafted[name].min, drafted[name].max) for name in "ab"]


def test_a_column_without_a_name_is_a_column(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(",b\n0,x\n1,y\n")

    found = infer_types(Dataset.scan(path))

    table = Dataset.scan(path, schema=found.schema).collect()
    assert {"": "Int64"} == dict(found.types)
    assert {"": [0, 1], "b": ["x", "y"]} == table.to_dict(as_series=False)


def test_what_is_no_dataset_is_refused():
    with pytest.raises(UsageError, match="this is a DataFrame"):
        infer_types(pl.DataFrame({"a": ["1"]}))
