"""Rows that a program makes: read once or anew, never in part."""

import datetime

import polars as pl
import pytest

from groundwork.data import Dataset, Schema, _iterable_source
from groundwork.errors import InvalidDataError, UsageError


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch):
    monkeypatch.setattr(_iterable_source, "_ROWS", 10)


def schema(**columns) -> Schema:
    return Schema.model_validate({"columns": columns})


INT = schema(a={"dtype": "int"})


def test_a_generator_is_read_once_and_a_second_reading_is_refused():
    dataset = Dataset.scan({"a": at} for at in range(25))

    assert not dataset.rereadable
    assert dataset.columns() == {"a": pl.Int64}
    assert dataset.collect()["a"].to_list() == list(range(25))
    assert dataset.columns() == {"a": pl.Int64}
    with pytest.raises(UsageError, match="have been read, and it can be read once only") as caught:
        dataset.collect()
    assert "a function that makes the iterator anew" in caught.value.hint


def test_a_reading_that_was_left_counts_as_the_one():
    dataset = Dataset.scan({"a": at} for at in range(25))

    next(dataset.batches(5))

    with pytest.raises(UsageError, match="have been read"):
        dataset.validate()


def test_no_more_is_taken_than_the_batches_need():
    taken = []
    rows = ({"a": at} for at in range(1000) if taken.append(at) is None)

    batches = Dataset.scan(rows).batches(5)
    next(batches)
    batches.close()

    assert len(taken) <= 20


@pytest.mark.parametrize(
    "rows",
    [[{"a": 1}, {"a": 2}], lambda: ({"a": at} for at in (1, 2)), ({"a": 1}, {"a": 2})],
    ids=["list", "call", "tuple"],
)
def test_what_gives_its_rows_anew_is_read_again(rows):
    dataset = Dataset.scan(rows, schema=INT)

    assert dataset.rereadable
    assert [dataset.collect()["a"].to_list() for _ in range(2)] == [[1, 2]] * 2


@pytest.mark.parametrize("rows", [list, lambda: iter(()), tuple], ids=["list", "iterator", "tuple"])
def test_no_rows_have_the_declared_columns(rows):
    assert Dataset.scan(rows).collect().shape == (0, 0)
    assert Dataset.scan(rows, schema=INT).collect().schema == {"a": pl.Int64}


def test_a_quarantine_takes_one_reading(tmp_path):
    rows = ({"a": value} for value in (1, "x", 3))

    report = Dataset.scan(rows, schema=INT).sink(tmp_path / "out.parquet", "quarantine")

    assert (report.rows_in, report.rows_out) == (3, 2)
    assert pl.read_parquet(tmp_path / "out.quarantine.parquet").select("a", "groundwork_row").rows() == [("x", 2)]


def test_a_quarantine_keeps_cells_of_another_type_than_the_first(tmp_path):
    rows = [*({"a": at} for at in range(15)), {"a": "late"}]

    Dataset.scan(rows, schema=schema(a={"dtype": "int", "min": 1})).sink(tmp_path / "out.parquet", "quarantine")

    aside = pl.read_parquet(tmp_path / "out.quarantine.parquet")
    assert aside.select("a", "groundwork_row", "groundwork_line").rows() == [("0", 1, None), ("late", 16, None)]


@pytest.mark.parametrize(
    ("values", "dtype", "read"),
    [
        ([1, None, 2], pl.Int64, [1, None, 2]),
        ([1, 2.5, None], pl.Float64, [1.0, 2.5, None]),
        ([True, 1, None], pl.String, ["true", "1", None]),
        ([1, True, None], pl.String, ["1", "true", None]),
        ([0.5, 2**53 + 1], pl.String, ["0.5", "9007199254740993"]),
        ([1, "x"], pl.String, ["1", "x"]),
        ([datetime.date(2013, 1, 31), "x"], pl.String, ["2013-01-31", "x"]),
        ([2**60, 0.5], pl.Float64, [2.0**60, 0.5]),
        ([2**53 + 1, 0.5], pl.String, ["9007199254740993", "0.5"]),
        ([None, None], pl.String, [None, None]),
        ([[1], None], pl.List(pl.Int64), [[1], None]),
        ([[1], "x"], pl.String, ["[1]", "x"]),
    ],
)
def test_a_column_has_the_type_that_fits_all_and_nothing_is_bent(values, dtype, read):
    frame = Dataset.scan([{"a": value} for value in values]).collect()

    assert frame.schema == {"a": dtype}
    assert frame["a"].to_list() == read


def test_a_column_that_a_row_lacks_is_missing_there():
    frame = Dataset.scan([{"a": 1}, {"b": "x"}, {"b": "y", "a": 2}]).collect()

    assert frame.rows() == [(1, None), (None, "x"), (2, "y")]


def test_a_later_row_may_lack_a_column():
    rows = [*({"a": 1, "b": 2} for _ in range(10)), {"a": 3}]

    assert Dataset.scan(rows).collect().row(-1) == (3, None)


@pytest.mark.parametrize(
    ("late", "message"),
    [
        ({"a": "x"}, "iterable: row 13, column a: 'x' is not Int64"),
        ({"a": 1.5}, "iterable: row 13, column a: '1.5' is not Int64"),
        ({"a": 1, "z": 2}, "iterable: column 'z' is not in the first rows, and stands in the rows from 11 on"),
        ([1], "iterable: row 13 is list, and the rows before it are mappings"),
        ({"a": object}, "iterable: row 13, column a: \"<class 'object'>\" is type, which no column holds"),
    ],
)
@pytest.mark.parametrize("policy", ["error", "drop"])
def test_a_later_row_that_does_not_fit_the_first_is_an_error_under_every_policy(late, message, policy):
    rows = [*({"a": 1} for _ in range(12)), late]

    with pytest.raises(InvalidDataError) as caught:
        Dataset.scan(rows).collect(policy=policy)

    assert caught.value.message == message


@pytest.mark.parametrize(
    ("first", "late", "message"),
    [
        (2, True, "column a has Int64 in the first rows, Boolean in the rows from 11 on"),
        (True, 1, "column a has Boolean in the first rows, Int64 in the rows from 11 on"),
        ([2], [True], r"column a has List\(Int64\) in the first rows, List\(Boolean\) in the rows from 11 on"),
        ({"b": 2}, {"b": True}, "column a has Struct.* in the first rows, Struct.* in the rows from 11 on"),
        (2, "5", "column a has Int64 in the first rows, String in the rows from 11 on"),
        (datetime.date(2020, 1, 1), datetime.datetime(2020, 1, 1), "column a has Date in the first rows, Datetime"),
        (
            datetime.datetime(2020, 1, 1),
            datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC),
            "column a has Datetime.* in the first rows, Datetime.*UTC",
        ),
    ],
)
def test_later_values_of_another_kind_are_refused_though_they_could_be_bent(first, late, message):
    with pytest.raises(InvalidDataError, match=message) as caught:
        Dataset.scan([*({"a": first} for _ in range(10)), {"a": late}]).collect()

    assert caught.value.hint == "declare column a in the schema, or give its values one type"


@pytest.mark.parametrize(
    ("first", "late", "read"),
    [
        (0.5, 3, 3.0),
        ("x", 3, "3"),
        ([0.5], [2], [2.0]),
        ([1], [None], [None]),
        ({"b": 2}, {"b": 3}, {"b": 3}),
        ({"b": 2}, {"b": None}, {"b": None}),
    ],
)
def test_later_values_that_lose_nothing_are_taken(first, late, read):
    frame = Dataset.scan([*({"a": first} for _ in range(10)), {"a": late}]).collect()

    assert frame["a"].to_list() == [first] * 10 + [read]


def test_a_declared_column_takes_later_values_of_another_kind():
    rows = [*({"a": 2} for _ in range(10)), {"a": "5"}]

    assert Dataset.scan(rows, schema=INT).collect()["a"].to_list() == [2] * 10 + [5]


@pytest.mark.parametrize("late", [5, 0.5, True, "x"])
def test_a_list_has_the_types_of_its_first_values(late):
    frame = Dataset.scan([*({"a": None, "b": 1} for _ in range(25)), {"a": late}]).collect()

    assert frame["a"].to_list() == [None] * 25 + [late]


def test_a_first_value_after_the_first_rows_of_a_generator_is_refused():
    rows = ({"a": None if at < 25 else at} for at in range(30))

    with pytest.raises(InvalidDataError, match="has no value in the first rows, Int64 in the rows from 21 on"):
        Dataset.scan(rows).collect()


def test_a_first_text_after_the_first_rows_of_a_generator_is_taken():
    frame = Dataset.scan({"a": None if at < 25 else "x"} for at in range(26)).collect()

    assert frame["a"].to_list() == [None] * 25 + ["x"]


def test_a_declared_column_may_have_its_first_value_late():
    rows = ({"a": None if at < 25 else at} for at in range(26))

    assert Dataset.scan(rows, schema=INT).collect()["a"].to_list() == [None] * 25 + [25]


def test_a_declared_column_must_be_in_the_first_rows():
    with pytest.raises(InvalidDataError, match="the iterable has no column 'a'"):
        Dataset.scan([{"b": 1}], schema=INT).columns()


@pytest.mark.parametrize(
    ("rows", "message"),
    [([1, 2], "item after row 0 is int, neither a mapping nor a table"), ([{"a": 1}, 2], "row 2 is int, and the rows")],
)
def test_what_is_neither_a_mapping_nor_a_table_is_refused(rows, message):
    with pytest.raises(InvalidDataError, match=message):
        Dataset.scan(rows).collect()


def test_a_value_that_no_column_holds_is_named():
    with pytest.raises(InvalidDataError, match=r"row 2, column a: .* is object, which no column holds"):
        Dataset.scan([{"a": None}, {"a": object()}]).collect()


def test_frames_come_one_after_the_other_and_share_their_columns():
    frames = [pl.DataFrame({"a": [1], "b": ["x"]}), pl.DataFrame({"b": ["y"], "a": [2]})]

    assert Dataset.scan(iter(frames)).collect().rows() == [(1, "x"), (2, "y")]


@pytest.mark.parametrize(
    ("second", "message"),
    [
        ({"a": [1]}, "the table after row 1 lacks b"),
        ({"a": [1], "b": ["x"], "c": [1]}, "column 'c' is not in the first rows"),
        ({"a": ["x"], "b": ["x"]}, "row 2, column a: 'x' is not Int64"),
    ],
)
def test_frames_of_other_columns_are_refused(second, message):
    with pytest.raises(InvalidDataError, match=message):
        Dataset.scan([pl.DataFrame({"a": [1], "b": ["x"]}), pl.DataFrame(second)]).collect()


def test_frames_of_no_rows_still_tell_their_columns():
    assert Dataset.scan([pl.DataFrame(schema={"a": pl.Int8})]).collect().schema == {"a": pl.Int8}


def test_an_error_of_the_program_passes_as_it_is():
    def rows():
        yield {"a": 1}
        raise RuntimeError("of the program")

    with pytest.raises(RuntimeError, match="of the program"):
        Dataset.scan(rows).collect()


def test_texts_that_mean_missing_are_taken_out():
    frame = Dataset.scan([{"a": "NA"}, {"a": "1"}], schema=INT, null_values=["NA"]).collect()

    assert frame["a"].to_list() == [None, 1]
