"""What a Parquet file unpacks to, told from its page headers."""

import datetime as dt
import io
import re

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.errors import InvalidDataError
from groundwork.storage import read, write
from groundwork.storage._parquet_size import _page_sizes, _read_struct, check_unpacked_size

FRAMES = {
    "numbers": lambda: pl.DataFrame({"a": [1, 2, None], "b": [0.5, None, 2.0]}),
    "text": lambda: pl.DataFrame({"s": ["x" * 5000, None, ""]}),
    "odd": lambda: pl.DataFrame(
        {
            "list": [[1, 2], None],
            "struct": [{"a": 1, "b": "z"}] * 2,
            "null": [None, None],
            "flag": [True, None],
            "at": [None, dt.datetime(2020, 1, 1)],
            "kind": pl.Series(["a", "b"], dtype=pl.Categorical),
            "raw": [b"x", None],
            "price": pl.Series([1, 2]).cast(pl.Decimal(12, 2)),
        }
    ),
    "no rows": lambda: pl.DataFrame(schema={"s": pl.String}),
    "no columns": pl.DataFrame,
}


def parquet(frame, **options):
    packed = io.BytesIO()
    frame.write_parquet(packed, **options)
    return packed.getvalue()


def named(content):
    file = io.BytesIO(content)
    file.name = "f.parquet"
    return file


@pytest.mark.parametrize("compression", ["uncompressed", "snappy", "lz4", "gzip", "brotli", "zstd"])
@pytest.mark.parametrize("name", FRAMES)
def test_a_file_of_any_kind_passes_a_bound_above_its_size(tmp_path, name, compression):
    frame = FRAMES[name]()
    write(tmp_path / "f.parquet", frame, compression=compression)

    assert frame.equals(read(tmp_path / "f.parquet", max_bytes=20_000))


@settings(deadline=None, max_examples=50)
@given(
    values=st.lists(st.integers(0, 3) | st.integers(), max_size=60),
    repeat=st.integers(1, 50),
    group=st.sampled_from([None, 7]),
)
def test_the_size_is_never_below_what_the_frame_takes(values, repeat, group):
    fits = [value for value in values if abs(value) < 2**63]
    frame = pl.DataFrame({"n": pl.Series(fits * repeat, dtype=pl.Int64)})
    if frame.estimated_size() < 2:
        return

    with pytest.raises(InvalidDataError):
        check_unpacked_size(named(parquet(frame, row_group_size=group)), frame.estimated_size() - 1)


@pytest.mark.parametrize("row_group_size", [None, 1000])
def test_a_column_that_packs_well_is_found(tmp_path, row_group_size):
    path = tmp_path / "f.parquet"
    write(path, pl.DataFrame({"z": [0] * 200_000}), row_group_size=row_group_size)

    with pytest.raises(InvalidDataError, match=r"its pages unpack to more than max_bytes=1,000,000") as caught:
        read(path, max_bytes=1_000_000)

    assert (True, str(path)) == (path.stat().st_size < 100_000, caught.value.context["file"])


def test_one_long_text_that_packs_well_is_found(tmp_path):
    write(tmp_path / "f.parquet", pl.DataFrame({"s": ["x" * 2_000_000]}))

    with pytest.raises(InvalidDataError, match="max_bytes=1,000,000"):
        read(tmp_path / "f.parquet", max_bytes=1_000_000)


def test_a_long_page_header_is_read_whole(tmp_path):
    write(tmp_path / "f.parquet", pl.DataFrame({"s": ["é" * 30_000, "ü" * 30_000]}), statistics=True)

    assert 2 == read(tmp_path / "f.parquet", max_bytes=1_000_000).height


@settings(deadline=None, max_examples=50)
@given(
    name=st.sampled_from(sorted(FRAMES)),
    place=st.floats(0, 1, exclude_max=True),
    byte=st.binary(min_size=1, max_size=9),
)
def test_damage_anywhere_ends_in_an_error_of_ours_or_in_a_size(tmp_path_factory, name, place, byte):
    content = bytearray(parquet(FRAMES[name]()))
    at = int(place * len(content))
    content[at : at + len(byte)] = byte

    try:
        told = check_unpacked_size(named(bytes(content)), 10**12)
    except (ValueError, InvalidDataError) as error:  # anything else would be a bug
        told = str(error)

    assert told is None or re.search(r"its (footer|header|pages) |end as a Parquet file|names a negative size", told)


@pytest.mark.parametrize("keep", [0, 3, 11, 40])
def test_a_file_without_its_beginning_is_damage(keep):
    content = parquet(FRAMES["numbers"]())

    with pytest.raises(ValueError, match=r"Parquet|damaged|outside"):
        check_unpacked_size(named(content[len(content) - keep :]), 10**9)


@pytest.mark.parametrize(
    ("footer", "words"),
    [
        (b"\x1c" * 50 + b"\0" * 51, "nested too deep"),
        (b"\x15" + b"\xff" * 11 + b"\0", "does not end"),
        (b"\x1e\0", "unknown kind 14"),
        (b"\x18\x7fx\0", "damaged"),
        (b"\x49\xfc\xff\xff\xff\xff\x0f", "damaged"),
    ],
)
def test_a_footer_that_makes_no_sense_is_damage(footer, words):
    content = b"PAR1" + footer + len(footer).to_bytes(4, "little") + b"PAR1"

    with pytest.raises(ValueError, match=words):
        check_unpacked_size(named(content), 10**9)


def test_what_its_pages_unpack_to_together_is_allowed_and_a_byte_less_is_not():
    file = named(parquet(pl.DataFrame({"a": [1.5] * 100, "b": [2.5] * 100}), row_group_size=10))
    sizes = list(_page_sizes(file))

    check_unpacked_size(file, sum(sizes))
    with pytest.raises(InvalidDataError):
        check_unpacked_size(file, sum(sizes) - 1)

    assert 20 <= len(sizes)


def test_rows_that_no_page_holds_count_as_what_they_would_take():
    content = parquet(pl.DataFrame({"a": [1.5] * 100}))
    at = content.rindex(b"\x16\xc8\x01")  # the row group's 100 rows
    more = content[: at + 1] + b"\xca\x01" + content[at + 3 :]

    whole, promised = (sum(_page_sizes(named(each))) for each in (content, more))

    assert promised == whole + 8


@pytest.mark.parametrize("kind", [1, 2])
def test_truth_values_in_a_list_are_a_byte_each_whichever_kind_a_writer_gives_them(kind):
    struct = bytes([0x19, 0x20 | kind, 1, 2, 0])

    assert _read_struct(struct, 0, 0) == ({1: [True, False]}, len(struct))
