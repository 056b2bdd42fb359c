"""Exact duplicates in memory: which row stays, and what is told of the others."""

import datetime
import math
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.data import Dataset, deduplicate
from groundwork.errors import ConfigurationError, InvalidDataError, UsageError

NAN = math.nan
FRAME = pl.DataFrame({"a": [1, 1, None, None, 2], "b": ["x", "x", "y", "y", "x"], "c": [1, 1, 1, 2, 1]})


@pytest.mark.parametrize(
    ("options", "rows"),
    [
        ({}, [0, 2, 3, 4]),
        ({"columns": ["a", "b"]}, [0, 2, 4]),
        ({"columns": ["a", "b"], "keep": "last"}, [1, 3, 4]),
        ({"columns": ["a", "b"], "keep": "none"}, [4]),
        ({"columns": ["a", "b", "a"], "keep": "best", "by": "c"}, [0, 3, 4]),
        ({"columns": ["a", "b"], "keep": "best", "by": "c", "descending": False}, [0, 2, 4]),
    ],
)
def test_equal_rows_go_and_the_rest_keep_their_order(options, rows):
    result = deduplicate(FRAME, **options)

    assert result.frame.equals(FRAME[rows])
    assert result.to_dict() == {"rows": len(rows), "removed": FRAME.height - len(rows)}


def test_every_removed_row_is_told_with_the_row_that_stays():
    first = deduplicate(FRAME, columns=["a", "b"])
    last = deduplicate(FRAME, columns=["a", "b"], keep="last")
    none = deduplicate(FRAME, columns=["a", "b"], keep="none")

    assert first.removed_rows.rows() == [(1, 0), (3, 2)]
    assert last.removed_rows.rows() == [(0, 1), (2, 3)]
    assert none.removed_rows.rows() == [(0, None), (1, None), (2, None), (3, None)]
    assert none.removed_rows.schema == {"index": pl.Int64, "kept_index": pl.Int64}


def test_the_report_counts_all_and_shows_the_first():
    repeated = deduplicate(pl.DataFrame({"a": [7] * 13}))

    assert repeated.report.to_dict() == {
        "rows_in": 13,
        "rows_out": 1,
        "removed": 12,
        "examples": [[row, 1] for row in range(2, 12)],
        "collision_probability": 0.0,
    }
    assert str(repeated.report).splitlines()[::10] == ["13 rows in, 1 out, 12 removed", "row 11 went for row 1"]
    assert str(repeated.report).endswith("\nand 2 more")
    assert str(deduplicate(FRAME, keep="none").report).splitlines()[1] == "row 1 went"


@pytest.mark.parametrize(
    ("values", "groups"),
    [
        ([0.0, -0.0, NAN, -NAN, None, None, 1.0], [0, 0, 2, 2, 4, 4, 6]),
        (["1", "1.0", "", None, "é", "e\u0301"], [0, 1, 2, 3, 4, 5]),
        ([[1], [1], [None], [None], [], None], [0, 0, 2, 2, 4, 5]),
        ([{"a": 1}, {"a": 1}, {"a": None}, {"a": None}], [0, 0, 2, 2]),
        ([b"\0", b"\0\0", b"\0"], [0, 1, 0]),
    ],
)
def test_what_is_equal_is_defined_for_odd_values(values, groups):
    removed = deduplicate(pl.DataFrame({"v": values})).removed_rows

    assert removed.rows() == [(row, group) for row, group in enumerate(groups) if row != group]


def test_the_best_row_has_the_largest_value_and_the_first_of_equals_stays():
    values = [None, NAN, 1.0, 3.0, 3.0, None]
    frame = pl.DataFrame({"k": ["a"] * 6, "v": values})

    largest = deduplicate(frame, columns=["k"], keep="best", by="v")
    smallest = deduplicate(frame, columns=["k"], keep="best", by="v", descending=False)
    nothing = deduplicate(frame[[0, 1, 5]], columns=["k"], keep="best", by="v")

    assert largest.frame.equals(frame[[3]])
    assert smallest.frame.equals(frame[[2]])
    assert nothing.removed_rows.rows() == [(1, 0), (2, 0)]


@pytest.mark.parametrize("values", [["b", "c", "a"], [False, True, False]])
def test_text_and_truth_have_a_best_too(values):
    frame = pl.DataFrame({"k": [1, 1, 1], "v": values})

    assert deduplicate(frame, columns=["k"], keep="best", by="v").frame.equals(frame[[1]])


cells = st.sampled_from([None, 0.0, -0.0, 1.5, NAN])


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.tuples(cells, st.sampled_from([None, "", "a"]), cells), max_size=20),
    st.sampled_from(["first", "last", "none", "best"]),
    st.booleans(),
)
def test_a_loop_over_the_rows_keeps_the_same_ones(rows, keep, descending):
    frame = pl.DataFrame(rows, schema={"x": pl.Float64, "y": pl.String, "v": pl.Float64}, orient="row")
    groups: dict[tuple, list[int]] = {}
    for at, (x, y, _) in enumerate(rows):
        groups.setdefault(("nan" if x is not None and math.isnan(x) else x, y), []).append(at)

    def worth(at):
        value = rows[at][2]
        known = value is not None and not math.isnan(value)
        return (known, (value if descending else -value) if known else 0)

    choose = {
        "first": lambda group: group[:1],
        "last": lambda group: group[-1:],
        "none": lambda group: group if len(group) == 1 else [],
        "best": lambda group: [max(group, key=worth)],
    }[keep]
    expected = sorted(at for group in groups.values() for at in choose(group))

    found = deduplicate(frame, columns=["x", "y"], keep=keep, by="v" if keep == "best" else None, descending=descending)

    gone = found.removed_rows["index"].to_list()
    assert [at for at in range(len(rows)) if at not in gone] == expected
    assert found.frame.height + found.removed == len(rows)


class Stream:
    """What pandas and pyarrow tables have in common."""

    def __arrow_c_stream__(self, requested_schema=None):
        return FRAME.__arrow_c_stream__(requested_schema)


@pytest.mark.parametrize("table", [FRAME.lazy(), Dataset.scan(FRAME), Stream()], ids=["lazy", "Dataset", "Arrow"])
def test_any_table_is_taken(table):
    assert deduplicate(table, columns=["a", "b"]).frame.equals(FRAME[[0, 2, 4]])


def test_the_table_itself_is_not_changed():
    frame = FRAME.clone()

    deduplicate(frame, columns=["a"])

    assert frame.equals(FRAME)


@pytest.mark.parametrize("frame", [pl.DataFrame(), FRAME.clear()])
def test_nothing_has_no_duplicates(frame):
    result = deduplicate(frame)

    assert (result.frame.shape, result.removed, result.removed_rows.height) == (frame.shape, 0, 0)


def test_what_makes_no_sense_is_refused():
    with pytest.raises(ConfigurationError, match="keep 'any'"):
        deduplicate(FRAME, keep="any")
    with pytest.raises(ConfigurationError, match="no columns"):
        deduplicate(FRAME, columns=[])
    with pytest.raises(ConfigurationError, match="columns is the text 'ab'"):
        deduplicate(FRAME, columns="ab")
    with pytest.raises(ConfigurationError, match="keep='best' with by=None"):
        deduplicate(FRAME, keep="best")
    with pytest.raises(ConfigurationError, match="keep='last' with by='a'"):
        deduplicate(FRAME, keep="last", by="a")
    with pytest.raises(ConfigurationError, match="both columns and near"):
        deduplicate(FRAME, columns=["a"], near=object())
    with pytest.raises(InvalidDataError, match="no column 'z'"):
        deduplicate(FRAME, columns=["z"])
    with pytest.raises(InvalidDataError, match="no column 'z'"):
        deduplicate(FRAME, keep="best", by="z")
    with pytest.raises(UsageError, match="int is no table"):
        deduplicate(7)


MOMENT = datetime.datetime(2013, 1, 31, 6, 0, 0, 123)
TYPED = pl.DataFrame(
    {
        "i": [1, 1, None],
        "u": pl.Series([1, 1, None], dtype=pl.UInt8),
        "f": [0.1, 0.1, None],
        "s": ["007", "007", None],
        "b": [True, True, None],
        "d": [MOMENT.date(), MOMENT.date(), None],
        "h": [MOMENT.time(), MOMENT.time(), None],
        "t": pl.Series([MOMENT, MOMENT, None], dtype=pl.Datetime("ns")),
        "z": pl.Series([MOMENT, MOMENT, None]).dt.replace_time_zone("Europe/Berlin"),
        "c": pl.Series(["x", "x", None], dtype=pl.Enum(["y", "x"])),
        "m": pl.Series([Decimal("1.50"), Decimal("1.50"), None]),
        "n": [None, None, None],
    }
)
NESTED = TYPED.with_columns(pl.Series("l", [[1], [1], None]), pl.Series("r", [{"a": MOMENT}, {"a": MOMENT}, None]))
BY_SUFFIX = [("csv", TYPED), ("csv.gz", TYPED), ("jsonl", NESTED), ("jsonl.zst", NESTED), ("parquet", NESTED)]


@pytest.mark.parametrize(("suffix", "rows"), BY_SUFFIX)
def test_the_rows_of_any_file_have_the_types_of_the_table(tmp_path, suffix, rows):
    written = deduplicate(rows, out=tmp_path / f"out.{suffix}")

    assert written.frame.schema == rows.schema
    assert written.frame.equals(rows[[0, 2]])


@pytest.mark.parametrize(("suffix", "rows"), BY_SUFFIX)
def test_a_file_without_rows_has_the_types_of_the_table(tmp_path, suffix, rows):
    written = deduplicate(rows[:0], out=tmp_path / f"out.{suffix}")

    assert written.frame.schema == rows.schema
    assert written.frame.height == 0


def test_the_file_is_read_once(tmp_path):
    written = deduplicate(TYPED, out=tmp_path / "out.csv")

    first = written.frame
    (tmp_path / "out.csv").unlink()

    assert written.frame is first


def test_a_file_that_has_become_another_is_an_error(tmp_path):
    written = deduplicate(NESTED, out=tmp_path / "out.jsonl")
    NESTED.with_columns(l=pl.lit("no list")).write_ndjson(tmp_path / "out.jsonl")

    with pytest.raises(InvalidDataError, match=r"out\.jsonl holds other values than were written"):
        _ = written.frame
