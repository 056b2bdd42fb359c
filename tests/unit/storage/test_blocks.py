"""A file in blocks: of the size asked for, with progress to its end; what is missing is named."""

import gzip
import io
import random
import zipfile

import pytest
import zstandard

from groundwork.errors import InvalidDataError, StorageError
from groundwork.storage import _blocks
from groundwork.storage._blocks import blocks, check_exists

CONTENT = random.Random(0).randbytes(1000)


def zipped(*names: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name in names:
            archive.writestr(name, CONTENT)
    return target.getvalue()


PACKED = {
    "t.csv": CONTENT,
    "t.csv.gz": gzip.compress(CONTENT),
    "t.csv.zst": zstandard.compress(CONTENT),
    "t.zip": zipped("t.csv"),
}


@pytest.fixture
def packed(tmp_path, request):
    path = tmp_path / request.param
    path.write_bytes(PACKED[request.param])
    return path


@pytest.mark.parametrize("packed", PACKED, indirect=True)
def test_a_block_is_as_long_as_asked_for_and_never_the_file(packed, monkeypatch):
    monkeypatch.setattr(_blocks, "BLOCK", 100)

    found = list(blocks(packed, at_once=2))

    assert b"".join(found) == CONTENT
    assert [200] * 5 == [len(block) for block in found]


@pytest.mark.parametrize("packed", PACKED, indirect=True)
def test_progress_ends_at_the_size_of_the_file_however_it_is_packed(packed):
    size, calls = packed.stat().st_size, []

    list(blocks(packed, progress=lambda *call: calls.append(call)))

    assert calls[-1] == (size, size)


@pytest.mark.parametrize("there", [True, False])
def test_what_is_no_file_is_named_in_the_context(tmp_path, there):
    path = tmp_path / "t.csv"
    if there:
        path.mkdir()

    with pytest.raises(StorageError) as caught:
        check_exists(path)

    assert caught.value.context == {"file": str(path)}


@pytest.mark.parametrize("member", [None, "c.csv"])
def test_a_zip_that_does_not_say_which_table_is_meant_is_named_in_the_context(tmp_path, member):
    path = tmp_path / "t.zip"
    path.write_bytes(zipped("a.csv", "b.csv"))

    with pytest.raises(InvalidDataError) as caught:
        list(blocks(path, member))

    assert caught.value.context == {"file": str(path)}
