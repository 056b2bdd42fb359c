"""Profiles: true numbers, all of them JSON."""

import datetime
import json
import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.data import Dataset, Profile, profile
from groundwork.data._profile import summarise
from groundwork.errors import ConfigurationError, InvalidDataError


@settings(deadline=None, max_examples=50)
@given(st.lists(st.one_of(st.none(), st.floats(width=64)), max_size=30))
def test_any_numbers_give_json_that_adds_up(values):
    (column,) = profile(pl.DataFrame({"a": pl.Series(values, dtype=pl.Float64)})).columns

    json.dumps(column.to_dict(), allow_nan=False)
    known = [value for value in values if value is not None and not math.isnan(value)]
    finite = [value for value in known if math.isfinite(value)]
    assert column.missing == len(values) - len(known)
    assert column.distinct == len(set(known))
    assert column.histogram is None or sum(column.histogram["counts"]) == len(finite)


def test_numbers_are_described():
    (column,) = profile(pl.DataFrame({"a": [1, 2, 2, 5, None]})).columns

    assert (column.minimum, column.maximum, column.missing, column.distinct) == (1, 5, 1, 3)
    assert (column.mean, column.std) == (2.5, pytest.approx(3**0.5))
    assert column.quantiles["0.5"] == 2.0
    assert column.top == [(2, 2), (1, 1), (5, 1)]
    assert (len(column.histogram["edges"]), column.histogram["counts"][0]) == (21, 1)


def test_texts_dates_and_flags_are_described():
    moment = datetime.datetime(2013, 1, 1, tzinfo=datetime.UTC)
    frame = pl.DataFrame({"s": ["b", "a", "b"], "t": [moment] * 3, "f": [True, None, False]})
    frame = frame.with_columns(c=pl.col("s").cast(pl.Categorical))

    text, time, flag, category = profile(frame).columns

    assert (text.minimum, text.maximum, text.top) == ("a", "b", [("b", 2), ("a", 1)])
    assert (time.minimum, time.histogram) == ("2013-01-01T00:00:00+00:00", None)
    assert (flag.top, flag.missing) == ([(False, 1), (True, 1)], 1)
    assert (category.minimum, category.maximum) == ("a", "b")


def test_empty_and_nested_columns_have_nothing_to_tell():
    frame = pl.DataFrame({"e": pl.Series([], dtype=pl.Int64), "l": pl.Series([], dtype=pl.List(pl.Int64))})

    result = profile(frame).to_dict()

    assert result["rows"] == 0
    assert [column["minimum"] for column in result["columns"]] == [None, None]
    assert [column["top"] for column in result["columns"]] == [[], None]


def test_odd_values_are_text():
    (column,) = profile(pl.DataFrame({"u": [datetime.timedelta(hours=1)]})).columns

    assert column.minimum == "1:00:00"


MIXED = pl.DataFrame(
    {
        "n": [None if i % 7 == 0 else i % 50 for i in range(1000)],
        "x": [float(i) / 3 for i in range(1000)],
        "s": [f"v{i % 30}" for i in range(1000)],
        "t": [datetime.date(2013, 1, 1) + datetime.timedelta(days=i % 90) for i in range(1000)],
        "l": [[i] for i in range(1000)],
    }
)


def rows_only(table, folder):
    """The same rows as a dataset that comes in several batches."""
    path = folder / "t.parquet"
    table.write_parquet(path, row_group_size=130)
    dataset = Dataset.scan(path)
    return SmallBatches(dataset.source, dataset.schema, dataset.null_values)


class SmallBatches(Dataset):
    def batches(self, rows=130, **options):
        return super().batches(130, **options)


def test_a_dataset_in_batches_is_described_as_the_frame_is(tmp_path):
    whole, streamed = profile(MIXED), profile(rows_only(MIXED, tmp_path))

    for one, two in zip(whole.columns, streamed.columns, strict=True):
        assert one.std == (two.std and pytest.approx(two.std, rel=1e-12))
        assert one.mean == (two.mean and pytest.approx(two.mean, rel=1e-12))
        plain = {**one.to_dict(), "std": None, "mean": None}
        assert plain == {**two.to_dict(), "std": None, "mean": None}


def test_beyond_the_bound_estimates_are_near_and_marked_and_the_rest_stays_exact(tmp_path):
    rows = np.random.default_rng(1)
    table = pl.DataFrame(
        {
            "x": rows.normal(size=40_000),
            "s": [f"id{i}" for i in rows.permutation(40_000)],
            "skewed": ["often"] * 20_000 + [f"rare{i}" for i in range(20_000)],
            "few": [i % 5 for i in range(40_000)],
        }
    )

    exact = {column.name: column for column in profile(table).columns}
    found = {column.name: column for column in profile(rows_only(table, tmp_path), exact_values=1000).columns}

    assert [True, True, True, False] == [found[name].approximate for name in ("x", "s", "skewed", "few")]
    for name in ("x", "s", "skewed"):
        assert exact[name].distinct == pytest.approx(found[name].distinct, rel=0.04)
        assert (exact[name].minimum, exact[name].maximum) == (found[name].minimum, found[name].maximum)
    ranks = [float((table["x"] <= found["x"].quantiles[level]).mean()) for level in found["x"].quantiles]
    assert [float(level) for level in found["x"].quantiles] == pytest.approx(ranks, abs=0.003)
    assert exact["x"].mean == pytest.approx(found["x"].mean, abs=1e-12)
    assert exact["x"].std == pytest.approx(found["x"].std, rel=1e-12)
    assert 40_000 == sum(found["x"].histogram["counts"])
    assert np.abs(np.subtract(exact["x"].histogram["counts"], found["x"].histogram["counts"])).max() < 200
    value, count = found["skewed"].top[0]
    assert "often" == value
    assert 20_000 - 40_000 / 1000 * 2 <= count <= 20_000
    assert exact["few"].to_dict() == found["few"].to_dict()


def test_the_memory_of_a_wide_dataset_is_shared_out_among_its_columns(tmp_path):
    table = pl.DataFrame({f"c{i}": range(1100) for i in range(3)})
    wide = summarise(rows_only(table, tmp_path), exact_values=1000)[1]

    assert [True] * 3 == [each.approximate for each in wide]


def test_a_lazy_frame_and_an_arrow_table_are_described_too():
    frame = pl.DataFrame({"a": [1, 2, 2]})

    assert profile(frame) == profile(frame.lazy())
    assert profile(frame) == profile(pl.DataFrame(frame.to_dict(as_series=False)))


@settings(deadline=None, max_examples=50)
@given(
    st.lists(
        st.tuples(
            st.one_of(st.none(), st.floats()), st.one_of(st.none(), st.text()), st.one_of(st.none(), st.booleans())
        ),
        max_size=300,
    )
)
def test_a_profile_comes_back_from_json(rows):
    schema = {"x": pl.Float64, "s": pl.String, "b": pl.Boolean}
    told = profile(pl.DataFrame(rows, schema=schema, orient="row"))

    assert told == Profile.from_dict(json.loads(json.dumps(told.to_dict(), allow_nan=False)))


@pytest.mark.parametrize(
    "plain", [{}, [], {"rows": 1}, {"rows": 1, "columns": [{"name": "a"}]}, {"rows": "x", "columns": []}]
)
def test_what_is_no_profile_is_refused(plain):
    with pytest.raises(InvalidDataError, match="no profile"):
        Profile.from_dict(plain)


def test_a_bound_below_one_is_refused():
    with pytest.raises(ConfigurationError, match="exact_values is 0"):
        profile(MIXED, exact_values=0)


def test_whole_numbers_of_a_small_range_are_drawn_one_by_one():
    column, halves, none = profile(pl.DataFrame({"a": [1, 3, 3], "b": [0.5, 1.0, 2.0], "c": ["x"] * 3})).columns

    assert ([1.0, 2.0, 3.0, 4.0], [1, 0, 2]) == column.shape
    assert (halves.histogram["edges"], halves.histogram["counts"]) == halves.shape
    assert ([], []) == none.shape


@pytest.mark.parametrize("distinct", [3, 5000])
def test_infinite_numbers_are_counted_and_shown_also_where_the_rest_is_estimated(tmp_path, distinct):
    finite = [float(i % distinct) for i in range(10_000)]
    table = pl.DataFrame({"a": [*finite, *[math.inf] * 4000, -math.inf, None]})

    (whole,) = profile(table).columns
    (read,) = profile(rows_only(table, tmp_path), exact_values=1000).columns

    for found in (whole, read):
        assert (1, 4001, "-inf", "inf") == (found.missing, found.infinite, found.minimum, found.maximum)
        assert ("inf", 4000) in found.top or found.approximate
        assert 10_000 == sum(found.histogram["counts"])
        assert (14_001, 4001) == (found.distribution.known, found.distribution.infinite)
        assert np.mean(finite) == pytest.approx(found.mean)
        assert (found.histogram["edges"], found.histogram["counts"]) == found.shape
    assert (distinct > 1000) == read.approximate


def test_a_column_of_infinite_numbers_only_has_no_moments():
    (column,) = profile(pl.DataFrame({"a": [math.inf, math.inf]})).columns

    assert (2, 1, "inf", "inf", [("inf", 2)]) == (
        column.infinite,
        column.distinct,
        column.minimum,
        column.maximum,
        column.top,
    )
    assert (None, None, None) == (column.mean, column.quantiles, column.histogram)


def test_the_schema_of_a_piece_is_not_made_anew_for_every_column(tmp_path, monkeypatch):
    looks, schema = [], pl.DataFrame.schema.fget
    monkeypatch.setattr(pl.DataFrame, "schema", property(lambda frame: looks.append(1) or schema(frame)))
    counts = []

    for width in (3, 60):
        path = tmp_path / f"{width}.csv"
        path.write_text(f"{','.join(f'c{i}' for i in range(width))}\n{','.join('1' * width)}\n")
        looks.clear()
        profile(Dataset.scan(path))
        counts.append(len(looks))

    assert counts[0] == counts[1] > 0
