"""Compressed bytes: whole or refused, and never more than was asked for."""

import gzip
import io
import random

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.errors import InvalidDataError
from groundwork.storage import compressor
from groundwork.storage._compression import decompress, pieces

PACK = {".gz": gzip.compress, ".zst": zstandard.compress}
MIXED = random.Random(0).randbytes(400_000) + b"a" * 3_000_000


def unpacked(suffix, packed, **options):
    return decompress(suffix, io.BytesIO(packed), "f", **options)


def packed_by_us(suffix, data):
    target = io.BytesIO()
    with compressor(suffix)(target) as file:
        file.write(data)
    return target.getvalue()


@settings(deadline=None, max_examples=40)
@given(st.sampled_from([*PACK]), st.lists(st.binary(max_size=200), min_size=1, max_size=4))
def test_members_one_after_the_other_are_one_content(suffix, contents):
    packed = b"".join(PACK[suffix](content) for content in contents)

    assert unpacked(suffix, packed) == b"".join(contents)


@pytest.mark.parametrize("suffix", PACK)
def test_what_we_pack_comes_back_and_is_the_same_bytes_each_time(suffix):
    packed = packed_by_us(suffix, MIXED)

    assert packed == packed_by_us(suffix, MIXED)
    assert unpacked(suffix, packed) == MIXED


@pytest.mark.parametrize("suffix", PACK)
def test_cut_anywhere_it_is_truncated(suffix):
    packed = PACK[suffix](MIXED)
    rng = random.Random(1)

    for length in {1, 2, 5, 9, len(packed) - 1, len(packed) - 4, *(rng.randrange(len(packed)) for _ in range(30))}:
        with pytest.raises(InvalidDataError, match="f is truncated or damaged"):
            unpacked(suffix, packed[:length])


@pytest.mark.parametrize("suffix", PACK)
def test_an_empty_file_is_to_be_fetched_again(suffix):
    with pytest.raises(InvalidDataError, match="f is empty") as caught:
        unpacked(suffix, b"")

    assert "again" in caught.value.hint


@pytest.mark.parametrize("suffix", PACK)
def test_a_file_is_taken_a_part_at_a_time(suffix):
    packed = PACK[suffix](random.Random(0).randbytes(1_000_000))
    file = io.BytesIO(packed)

    next(pieces(suffix, file, "f"))

    assert file.tell() < len(packed) // 2


@pytest.mark.parametrize("suffix", PACK)
def test_a_flipped_bit_is_never_other_content(suffix):
    packed = bytearray(packed_by_us(suffix, MIXED))
    rng = random.Random(2)

    for _ in range(60):
        at, bit = rng.randrange(20, len(packed)), 1 << rng.randrange(8)  # a header has bits that mean nothing
        packed[at] ^= bit
        with pytest.raises(InvalidDataError, match="damaged"):
            unpacked(suffix, bytes(packed))
        packed[at] ^= bit


@pytest.mark.parametrize("suffix", PACK)
def test_what_follows_the_end_is_damage(suffix):
    with pytest.raises(InvalidDataError, match="damaged"):
        unpacked(suffix, PACK[suffix](b"x") + b"garbage")


def test_a_tape_pads_gzip_with_zeros():
    assert unpacked(".gz", gzip.compress(b"x") + b"\0" * 1000) == b"x"


@pytest.mark.parametrize("suffix", PACK)
def test_a_bomb_stops_at_max_bytes(suffix):
    bomb = PACK[suffix](b"\0" * 200_000_000)

    with pytest.raises(InvalidDataError, match="more than max_bytes=1,000,000 bytes") as caught:
        unpacked(suffix, bomb, max_bytes=1_000_000)

    assert caught.value.context == {"file": "f", "max_bytes": 1_000_000}
    assert max(map(len, pieces(suffix, io.BytesIO(bomb), "f"))) <= 2**25


@pytest.mark.parametrize("suffix", PACK)
def test_a_file_of_exactly_max_bytes_is_read(suffix):
    assert unpacked(suffix, PACK[suffix](b"abc"), max_bytes=3) == b"abc"
