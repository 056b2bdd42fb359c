"""Parquet in batches: the same rows whatever the windows, and no half file."""

import gzip
import tempfile

import polars as pl
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.errors import InvalidDataError
from groundwork.storage import _parquet, stream, stream_schema

FRAME = pl.DataFrame({"a": range(1000), "s": [f"text {at}" for at in range(1000)]})
PACK = {"t.parquet.gz": gzip.compress, "t.parquet.zst": zstandard.compress}


def packed(folder, name):
    plain = folder / "plain"
    FRAME.write_parquet(plain)
    path = folder / name
    path.write_bytes(PACK[name](plain.read_bytes()))
    return path


@settings(deadline=None, max_examples=25)
@given(st.integers(1, 1200), st.integers(1, 500), st.integers(1, 400), st.integers(1, 50_000))
def test_batches_are_the_table_whatever_rows_groups_and_windows(tmp_path_factory, rows, group, first, window):
    path = tmp_path_factory.mktemp("p") / "t.parquet"
    FRAME.write_parquet(path, row_group_size=group)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_parquet, "_FIRST_ROWS", first)
        patch.setattr(_parquet, "_WINDOW_BYTES", window)
        frames = list(stream(path, rows))

    assert all(frame.height == rows for frame in frames[:-1])
    assert pl.concat(frames).equals(FRAME)


@pytest.mark.parametrize("name", PACK)
def test_a_compressed_file_is_unpacked_for_as_long_as_it_is_read(tmp_path, monkeypatch, name):
    path = packed(tmp_path, name)
    aside = tmp_path / "aside"
    aside.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(aside))
    calls = []

    frames = stream(path, 400, progress=lambda *call: calls.append(call))
    there = list(aside.iterdir())
    found = pl.concat(list(frames))
    del frames

    assert found.equals(FRAME)
    assert (len(there), list(aside.iterdir())) == (1, [])
    assert calls[-1] == (path.stat().st_size, path.stat().st_size)


@pytest.mark.parametrize("name", PACK)
def test_a_truncated_compressed_file_is_named(tmp_path, name):
    path = packed(tmp_path, name)
    path.write_bytes(path.read_bytes()[:-9])

    with pytest.raises(InvalidDataError, match=f"{name} is truncated or damaged"):
        stream(path)


def test_damage_in_the_middle_is_named_not_passed_over(tmp_path):
    path = tmp_path / "t.parquet"
    FRAME.write_parquet(path, row_group_size=100, compression="zstd")
    content = bytearray(path.read_bytes())
    content[1000:1400] = b"\xff" * 400
    path.write_bytes(content)

    with pytest.raises(InvalidDataError, match=r"t\.parquet is not a whole Parquet file"):
        list(stream(path))


def test_rows_that_vanish_while_reading_are_missed(tmp_path, monkeypatch):
    path = tmp_path / "t.parquet"
    FRAME.write_parquet(path)
    monkeypatch.setattr(_parquet, "_FIRST_ROWS", 10)
    frames = stream(path, 10)
    next(frames)
    FRAME.head(5).write_parquet(path)

    with pytest.raises(InvalidDataError, match="not a whole Parquet file"):
        list(frames)


def test_progress_rises_with_the_rows_to_the_size_of_the_file(tmp_path, monkeypatch):
    path = tmp_path / "t.parquet"
    FRAME.write_parquet(path)
    monkeypatch.setattr(_parquet, "_FIRST_ROWS", 500)
    size, calls = path.stat().st_size, []

    list(stream(path, progress=lambda *call: calls.append(call)))

    assert calls == [(size // 2, size), (size, size)]


def test_a_file_without_rows_has_a_schema_and_ends_at_its_size(tmp_path):
    path = tmp_path / "t.parquet"
    FRAME.clear().write_parquet(path)
    calls = []

    assert (list(stream(path, progress=lambda *call: calls.append(call))), stream_schema(path)) == ([], FRAME.schema)
    assert calls == [(path.stat().st_size, path.stat().st_size)]
