"""Duplicates removed on the way to a file: the same rows as in memory, whatever the bound."""

import os

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.data import Dataset, Schema, deduplicate
from groundwork.data import _deduplicate_file as on_the_way
from groundwork.data import _waiting_rows as waiting
from groundwork.data._first_rows import FirstRows
from groundwork.errors import ConfigurationError, InvalidDataError, StorageError, UsageError
from groundwork.testing import failpoints


def planted(rows: int, seed: int = 0) -> pl.DataFrame:
    """Rows of which about half repeat an earlier one."""
    draw = np.random.default_rng(seed)
    key = draw.integers(0, max(1, rows // 2), rows)
    return pl.DataFrame({"a": key, "b": [f"name {each}" for each in key], "v": draw.integers(0, 5, rows)})


def frames_of(frame: pl.DataFrame, size: int):
    return lambda: iter(frame.iter_slices(size))


@settings(deadline=None, max_examples=40)
@given(
    st.integers(1, 60),
    st.sampled_from(["first", "last", "none", "best"]),
    st.sampled_from([0, 24 * 8, 24 * 64, 1 << 20]),
    st.integers(1, 30),
    st.booleans(),
    st.integers(0, 100),
)
def test_the_file_holds_what_memory_would(tmp_path_factory, rows, keep, memory_bytes, size, descending, seed):
    out = tmp_path_factory.mktemp("out") / "out.parquet"
    frame = planted(rows, seed)
    options = {"columns": ["a", "b"], "keep": keep, "by": "v" if keep == "best" else None, "descending": descending}

    written = deduplicate(Dataset.scan(frames_of(frame, size)), **options, out=out, memory_bytes=memory_bytes)

    expected = deduplicate(frame, **options)
    assert written.frame.rows() == expected.frame.rows()
    assert written.report.examples == expected.report.examples
    assert written.to_dict() == expected.to_dict()
    assert os.listdir(out.parent) == ["out.parquet"]


def test_rows_that_wait_in_many_parts_keep_their_order(tmp_path, monkeypatch):
    monkeypatch.setattr(waiting, "_HELD_ROWS", 500)
    frame = planted(5000)

    written = deduplicate(Dataset.scan(frames_of(frame, 300)), out=tmp_path / "o.parquet", memory_bytes=24 * 1024)

    assert written.frame.equals(frame.unique(keep="first", maintain_order=True))


def test_every_planted_copy_goes_and_nothing_else(tmp_path):
    single = pl.DataFrame({"id": range(20_000), "text": [f"row {at % 7} of many" for at in range(20_000)]})
    draw = np.random.default_rng(1)
    order = draw.permutation(np.concatenate((np.arange(20_000), draw.integers(0, 20_000, 15_000))))
    frame = single[order]

    written = deduplicate(frame, out=tmp_path / "o.parquet")

    assert written.removed == deduplicate(frame).removed == 15_000
    assert written.frame.equals(frame.unique(maintain_order=True))
    assert 0 < written.report.collision_probability < 1e-29


def test_columns_are_chosen_once_even_if_named_twice(tmp_path):
    frame = planted(50)

    written = deduplicate(frame, columns=["a", "a"], out=tmp_path / "o.parquet")

    assert written.frame.equals(frame.unique("a", keep="first", maintain_order=True))


def test_bad_rows_go_by_policy_before_they_are_compared(tmp_path):
    (tmp_path / "t.csv").write_text("a,b\n1,x\n1,x\n-1,x\n2,y\n")
    schema = Schema.model_validate({"columns": {"a": {"dtype": "Int64", "min": 0}}})
    table = Dataset.scan(tmp_path / "t.csv", schema=schema)

    written = deduplicate(table, out=tmp_path / "o.parquet", policy="quarantine", quarantine=tmp_path / "bad.csv")

    assert written.frame.rows() == [(1, "x"), (2, "y")]
    assert written.report.examples == [(2, 1)]
    assert pl.read_csv(tmp_path / "bad.csv")["groundwork_row"].to_list() == [3]
    with pytest.raises(InvalidDataError, match=r"t\.csv: row 3"):
        deduplicate(table, out=tmp_path / "other.parquet")
    assert not (tmp_path / "other.parquet").exists()


@pytest.mark.parametrize("keep", ["first", "last"])
def test_an_error_in_the_middle_leaves_the_old_file_and_nothing_beside(tmp_path, keep):
    (tmp_path / "o.parquet").write_bytes(b"old")

    def frames():
        yield planted(100)
        raise InvalidDataError("broken in the middle")

    with pytest.raises(InvalidDataError, match="broken in the middle"):
        deduplicate(Dataset.scan(frames), keep=keep, out=tmp_path / "o.parquet", memory_bytes=24 * 16)

    assert os.listdir(tmp_path) == ["o.parquet"]
    assert (tmp_path / "o.parquet").read_bytes() == b"old"


def test_a_disk_that_is_full_when_rows_must_wait_is_told(tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tempfile.TemporaryFile", full)

    with pytest.raises(StorageError, match="cannot write a temporary file: No space left"):
        deduplicate(planted(100), keep="last", out=tmp_path / "o.parquet")


def test_the_file_appears_only_when_all_is_decided(tmp_path):
    seen = []
    out = tmp_path / "o.parquet"

    with failpoints({"data.deduplicate.read": lambda: seen.append(out.exists())}):
        deduplicate(planted(10), out=out)

    assert seen == [False]
    assert out.exists()


def test_a_table_without_rows_makes_a_file_without_rows(tmp_path):
    written = deduplicate(planted(10).clear(), out=tmp_path / "o.parquet", keep="last")

    assert written.frame.shape == (0, 3)


def test_progress_is_told(tmp_path):
    (tmp_path / "t.csv").write_text("a\n1\n1\n")
    told = []

    deduplicate(
        Dataset.scan(tmp_path / "t.csv"),
        out=tmp_path / "o.parquet",
        progress=lambda done, all_: told.append((done, all_)),
    )

    assert told[-1] == (6, 6)


def test_what_cannot_be_given_for_a_file_is_refused(tmp_path):
    written = deduplicate(planted(10), out=tmp_path / "o.parquet")

    with pytest.raises(UsageError, match="counted and not listed"):
        _ = written.removed_rows
    with pytest.raises(ConfigurationError, match="near compares all rows in memory"):
        deduplicate(planted(10), near=object(), out=tmp_path / "n.parquet")
    with pytest.raises(InvalidDataError, match="no column 'z'"):
        deduplicate(planted(10), columns=["z"], out=tmp_path / "n.parquet")


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.lists(st.integers(0, 40), max_size=30), max_size=8),
    st.sampled_from([0, 24, 24 * 16, 24 * 64, 1 << 16]),
    st.booleans(),
)
def test_the_table_of_hashes_knows_the_first_row_or_says_that_it_has_no_room(batches, memory_bytes, crowded):
    table = FirstRows(memory_bytes)
    firsts: dict[int, int] = {}
    start, room = 0, True
    for batch in batches:
        # Where all begin in one slot, or half of them share a lane, probes are long.
        two = np.array(batch, np.uint64)
        one = two // np.uint64(2) if not crowded else np.zeros(len(batch), np.uint64)

        found = table.add(one, two, start).tolist()

        room = room and -1 not in found
        for at, each in enumerate(batch):
            if room:
                firsts.setdefault(each, start + at)
            assert found[at] == firsts.get(each, -1)
        start += len(batch)


def test_the_sieve_counts_what_it_let_through():
    sieve = on_the_way.Sieve(["a"], "first", None, descending=True, memory_bytes=1 << 16, folder=None)

    frames = list(sieve.passed([pl.DataFrame({"a": [1, 1, 2]}), pl.DataFrame({"a": [2]})]))

    assert [frame["a"].to_list() for frame in frames] == [[1, 2]]
    assert str(sieve.report()).splitlines() == [
        "4 rows in, 2 out, 2 removed",
        "row 2 went for row 1",
        "row 4 went for row 3",
    ]
