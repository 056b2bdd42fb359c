import datetime as dt

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from groundwork.errors import ConfigurationError, InvalidDataError
from groundwork.modeling import Join, apply_derive, apply_joins, cast_columns, lookup_table, prepare_frame

WEATHER = Join(name="weather", on=("town",), columns=("rain", "wind"))


@pytest.fixture
def tables(weather):
    return {"weather": lookup_table(weather, WEATHER)}


def test_a_lookup_table_has_one_row_a_key_and_no_missing_key(weather):
    table = lookup_table(weather, WEATHER)

    assert table.rows() == [("A", 0.5, 3), ("B", None, 4)]


def test_a_lookup_table_without_a_column_is_refused(weather):
    with pytest.raises(ConfigurationError, match="no snow"):
        lookup_table(weather, Join(name="weather", on=("town",), columns=("snow",)))


def test_a_join_keeps_rows_and_leaves_null_where_no_key_fits(tables):
    frame = pl.DataFrame({"town": ["B", "Z", "A"], "n": [1, 2, 3]})

    joined = apply_joins(frame, [WEATHER], tables)

    assert joined.rows() == [("B", 1, None, 4), ("Z", 2, None, None), ("A", 3, 0.5, 3)]


def test_what_a_row_brings_along_goes_before_the_table(tables):
    frame = pl.DataFrame({"town": ["A", "A"], "rain": [7.0, None]})

    assert apply_joins(frame, [WEATHER], tables).rows() == [("A", 7.0, 3), ("A", 0.5, 3)]


def test_columns_given_in_full_are_not_looked_up(tables):
    frame = pl.DataFrame({"rain": [7.0], "wind": [1], "town": ["A"]})

    assert apply_joins(frame, [WEATHER], tables).rows() == [("A", 7.0, 1)]


def test_keys_of_another_dtype_still_meet():
    frame = pl.DataFrame({"day": [dt.datetime(2013, 1, 1, tzinfo=dt.UTC)]})
    table = pl.DataFrame({"day": ["2013-01-01T00:00:00Z"], "rain": [1.0]})

    joined = apply_joins(frame, [Join(name="w", on=("day",), columns=("rain",))], {"w": table})

    assert joined["rain"].to_list() == [1.0]


@pytest.mark.parametrize(
    ("columns", "tables", "words"), [({"town": ["A"]}, {}, "no table"), ({"x": [1]}, None, "keys")]
)
def test_a_join_without_table_or_key_is_refused(columns, tables, words, weather):
    given = {"weather": weather} if tables is None else tables

    with pytest.raises(ConfigurationError, match=words):
        apply_joins(pl.DataFrame(columns), [WEATHER], given)


def test_derived_columns_may_use_earlier_ones_and_replace_columns():
    derive = {"b": "pl.col('a') + 1", "c": "pl.col('b') * 2", "a": "pl.col('c')", "d": "pl.col('a')"}

    assert apply_derive(pl.DataFrame({"a": [1]}), derive).rows() == [(4, 2, 4, 4)]


def test_a_derived_column_of_an_unknown_one_is_refused():
    with pytest.raises(ConfigurationError, match="'b' names an unknown column"):
        apply_derive(pl.DataFrame({"a": [1]}), {"b": "pl.col('z')"})


def test_a_derived_column_that_fails_on_its_values_is_refused():
    with pytest.raises(InvalidDataError, match="'b' failed"):
        apply_derive(pl.DataFrame({"a": ["x"]}), {"b": "pl.col('a').cast(pl.Int64)"})


@pytest.mark.parametrize(
    ("text", "dtype", "value"),
    [
        ("5", pl.Int64(), 5),
        ("1e3", pl.Float64(), 1000.0),
        ("TRUE", pl.Boolean(), True),
        ("0", pl.Boolean(), False),
        ("2013-01-31", pl.Date(), dt.date(2013, 1, 31)),
        ("2013-01-31T06:00:00Z", pl.Datetime("us", "UTC"), dt.datetime(2013, 1, 31, 6, tzinfo=dt.UTC)),
        ("2013-01-31 06:00:00+02:00", pl.Datetime("us", "UTC"), dt.datetime(2013, 1, 31, 4, tzinfo=dt.UTC)),
        ("2013-01-31T06:00:00", pl.Datetime("us"), dt.datetime(2013, 1, 31, 6)),
        ("2013-01-31", pl.Datetime("us"), dt.datetime(2013, 1, 31)),
        ("NA", pl.Int64(), None),
        ("x", pl.String(), "x"),
    ],
)
def test_text_is_read_as_its_dtype(text, dtype, value):
    assert cast_columns(pl.DataFrame({"a": [text]}), {"a": dtype}, null_values=["NA"]).item() == value


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        (["1", "2", "x"], pl.Int64()),
        (["1", "2", "3.5"], pl.Int64()),
        ([1.0, 2.0, 2.5], pl.Int64()),
        (["true", "false", "maybe"], pl.Boolean()),
        (["2013-01-01", None, "soon"], pl.Datetime("us")),
        (["2013-01-01", None, "soon"], pl.Date()),
        ([1, 2, 300], pl.Int8()),
    ],
)
def test_the_first_value_that_does_not_fit_is_named_with_row_and_column(values, dtype):
    with pytest.raises(InvalidDataError, match="row 2, column 'a'") as caught:
        cast_columns(pl.DataFrame({"a": values}), {"a": dtype})

    assert (caught.value.context["row"], caught.value.context["column"]) == (2, "a")


def test_a_dtype_that_cannot_become_another_is_refused():
    with pytest.raises(InvalidDataError, match="is not Boolean"):
        cast_columns(pl.DataFrame({"a": [dt.date(2013, 1, 1)]}), {"a": pl.Boolean()})


def test_a_missing_column_is_named_and_a_nullable_one_may_be_absent(raw, spec, tables):
    with pytest.raises(InvalidDataError, match="lacks columns town, time"):
        prepare_frame(raw.drop("town", "time"), spec, tables)

    assert prepare_frame(raw.drop("size"), spec, tables)["size"].null_count() == raw.height


def test_a_table_that_is_not_there_is_refused(raw, spec):
    with pytest.raises(ConfigurationError, match="'weather' lacks town, rain"):
        prepare_frame(raw, spec, {})


def test_text_columns_mean_the_same_as_typed_ones(raw, spec, tables):
    texts = raw.with_columns(pl.all().cast(pl.String)).with_columns(pl.col("size").fill_null("NA"))

    assert_frame_equal(prepare_frame(texts, spec, tables), prepare_frame(raw, spec, tables))


@settings(deadline=None, max_examples=30)
@given(data=st.data())
def test_a_row_s_features_do_not_depend_on_the_other_rows(data, raw, spec, weather):
    tables = {"weather": lookup_table(weather, WEATHER)}
    chosen = data.draw(st.lists(st.integers(0, raw.height - 1), min_size=1, max_size=8))

    together = prepare_frame(raw, spec, tables)[chosen]
    alone = pl.concat([prepare_frame(raw[index], spec, tables) for index in chosen])

    assert_frame_equal(together, alone)
