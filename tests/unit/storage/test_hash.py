"""sha256: the fingerprint of a file."""

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.errors import StorageError
from groundwork.storage import sha256


@settings(deadline=None, max_examples=20)
@given(content=st.binary(max_size=2000))
def test_it_is_the_sha256_of_the_bytes(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("hash") / "file"
    path.write_bytes(content)

    assert hashlib.sha256(content).hexdigest() == sha256(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(StorageError, match="missing: cannot read: No such file"):
        sha256(tmp_path / "missing")
