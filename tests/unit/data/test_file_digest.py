"""What a digest of files sees: every byte of small ones and of footers, spread blocks of large ones."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.data import _file_digest
from groundwork.data._file_digest import files_digest
from groundwork.errors import StorageError

BLOCK, BLOCKS = 4, 8


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr(_file_digest, "_BLOCK", BLOCK)
    monkeypatch.setattr(_file_digest, "_BLOCKS", BLOCKS)


def parquet(path, data: bytes, footer: bytes = b"footer", length: int | None = None):
    length = len(footer) if length is None else length
    path.write_bytes(data + footer + length.to_bytes(4, "little") + b"PAR1")
    return path


def changed(content: bytes, at: int) -> bytes:
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]


def digests_of_changes(path, data: bytes, footer: bytes = b"footer"):
    own = files_digest([parquet(path, data, footer)], "")
    of_data = [files_digest([parquet(path, changed(data, at), footer)], "") for at in range(len(data))]
    of_footer = [files_digest([parquet(path, data, changed(footer, at))], "") for at in range(len(footer))]
    return own, of_data, of_footer


@pytest.mark.parametrize("size", [0, 1, BLOCK, BLOCK * BLOCKS])
def test_every_byte_of_a_small_file_counts(tmp_path, size):
    own, of_data, of_footer = digests_of_changes(tmp_path / "a", bytes(size))

    assert len({own, *of_data, *of_footer}) == 1 + size + len(b"footer")


def test_of_a_large_file_the_whole_footer_and_spread_blocks_count(tmp_path):
    size = 100

    own, of_data, of_footer = digests_of_changes(tmp_path / "a", bytes(size), bytes(50))

    seen = [at for at, digest in enumerate(of_data) if digest != own]
    assert own not in of_footer
    assert len(seen) == BLOCK * BLOCKS
    assert (seen[0], seen[-1]) == (0, size - 1)
    assert max(after - before for before, after in pairwise(seen)) <= size // (BLOCKS - 1)


def test_many_files_give_two_blocks_each(tmp_path):
    files = [parquet(tmp_path / str(at), bytes(100)) for at in range(20)]
    own = files_digest(files, "")

    seen = []
    for at in (0, 50, 99):
        parquet(files[7], changed(bytes(100), at))
        seen.append(files_digest(files, "") != own)

    assert seen == [True, False, True]


def test_order_of_files_and_facts_count_and_names_do_not(tmp_path):
    one, two = parquet(tmp_path / "one", b"1"), parquet(tmp_path / "two", b"2")
    same = parquet(tmp_path / "same", b"1")

    own = files_digest([one, two], "a")

    assert own == files_digest([same, two], "a")
    assert len({own, files_digest([two, one], "a"), files_digest([one, two], "b")}) == 3


@settings(deadline=None, max_examples=50)
@given(st.binary(max_size=100), st.binary(max_size=100))
def test_files_of_any_bytes_have_a_digest_of_their_own(tmp_path_factory, one, two):
    path = tmp_path_factory.mktemp("any") / "a"
    digests = set()
    for content in (one, two):
        path.write_bytes(content[: BLOCK * BLOCKS])
        digests.add(files_digest([path], ""))

    assert len(digests) == len({one[: BLOCK * BLOCKS], two[: BLOCK * BLOCKS]})


def test_a_file_that_is_gone_is_the_worlds_fault(tmp_path):
    with pytest.raises(StorageError, match=r"gone\.parquet.*cannot read|cannot read.*gone\.parquet"):
        files_digest([tmp_path / "gone.parquet"], "")
