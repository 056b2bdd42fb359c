"""sha256: the fingerprint of a file."""

import hashlib
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.errors import StorageError
from groundwork.storage import sha256
from groundwork.storage._hash import Sha256Beside, read_hashed


@settings(deadline=None, max_examples=20)
@given(content=st.binary(max_size=2000))
def test_it_is_the_sha256_of_the_bytes(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("hash") / "file"
    path.write_bytes(content)

    assert hashlib.sha256(content).hexdigest() == sha256(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(StorageError, match="missing: cannot read: No such file"):
        sha256(tmp_path / "missing")


@pytest.mark.parametrize("sizes", [[], [10], [10, 2 << 20, 5, 3 << 20], [1 << 20] * 9])
@pytest.mark.parametrize("kind", [bytes, memoryview])
def test_chunks_hashed_beside_give_the_hash_of_them_all(sizes, kind):
    chunks = [bytes([number]) * size for number, size in enumerate(sizes)]

    with Sha256Beside() as digest:
        for chunk in chunks:
            digest.update(kind(chunk))
        found = digest.hexdigest()

    assert hashlib.sha256(b"".join(chunks)).hexdigest() == found


def test_no_thread_stays_behind_when_the_work_fails(assert_no_leaks):
    with assert_no_leaks(), pytest.raises(KeyboardInterrupt), Sha256Beside() as digest:
        digest.update(bytes(2 << 20))
        raise KeyboardInterrupt


def test_a_fault_of_the_hashing_thread_is_told_and_blocks_nobody():
    class Broken:
        def update(self, chunk):
            raise MemoryError("no room")

    with Sha256Beside() as digest:
        digest._digest = Broken()
        for _ in range(20):
            digest.update(bytes(1 << 20))

        with pytest.raises(MemoryError, match="no room"):
            digest.hexdigest()


@pytest.mark.parametrize("size", [0, 5, 3_000_000])
def test_a_file_is_read_and_hashed_in_one_pass(tmp_path, size):
    content = os.urandom(size)
    (tmp_path / "file").write_bytes(content)
    descriptor = os.open(tmp_path / "file", os.O_RDONLY)

    data, digest = read_hashed(descriptor, size)
    short, _ = read_hashed(descriptor, size)
    os.close(descriptor)

    assert (content, hashlib.sha256(content).hexdigest(), 0) == (bytes(data), digest, len(short))
    assert not data.readonly
