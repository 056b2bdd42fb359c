"""append: what it has returned for is there, whole, whatever a crash has left before it."""

import errno
import json
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.errors import Locked, StorageError, UnsupportedFormatError, UsageError
from groundwork.storage import _append, append, stream

RECORDS = [{"step": 1, "loss": 0.5}, {"step": 2, "note": "träin\n"}, {}, {"step": 3, "tags": [1, None]}]


def records(path):
    return [json.loads(line) for line in path.read_bytes().splitlines()]


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2), inner, max_size=2),
    max_leaves=4,
)


@settings(deadline=None, max_examples=25)
@given(st.lists(st.lists(st.dictionaries(st.text(max_size=3), values, max_size=3), max_size=3), max_size=4))
def test_records_come_back_in_order(tmp_path_factory, batches):
    path = tmp_path_factory.mktemp("log") / "l.jsonl"
    path.touch()

    for batch in batches:
        append(path, batch, durable=False)

    assert records(path) == [record for batch in batches for record in batch]


def test_a_mapping_is_one_record_and_folders_are_made(tmp_path):
    path = tmp_path / "new" / "folder" / "l.ndjson"

    append(path, {"a": 1})
    append(path, iter([{"a": 2}, {"a": 3}]))

    assert [row for frame in stream(path) for row in frame.rows()] == [(1,), (2,), (3,)]


def test_no_record_makes_no_file(tmp_path):
    append(tmp_path / "l.jsonl", [])

    assert list(tmp_path.iterdir()) == []


def test_cut_at_any_byte_the_records_are_a_prefix_and_appending_goes_on(tmp_path):
    path = tmp_path / "l.jsonl"
    append(path, RECORDS)
    content = path.read_bytes()

    for length in range(len(content) + 1):
        path.write_bytes(content[:length])
        append(path, {"after": length}, durable=False)

        *left, last = records(path)
        whole = content[: length + 1].count(b"\n")  # a record that lacks its line end alone is whole
        assert (left, last) == (RECORDS[:whole], {"after": length})


@pytest.mark.parametrize("tail", [b"\0" * 100_000, b'{"a":"' + b"x" * 200_000, b"\xff", b"{" * 100_000])
def test_a_torn_tail_of_any_length_is_cut(tmp_path, tail):
    path = tmp_path / "l.jsonl"
    append(path, RECORDS)
    path.write_bytes(path.read_bytes() + tail)

    append(path, {"next": 1})

    assert records(path) == [*RECORDS, {"next": 1}]


def test_a_line_that_only_lacks_its_end_is_kept(tmp_path):
    path = tmp_path / "l.jsonl"
    path.write_bytes(b'{"a": 1}\n[2]')

    append(path, {"a": 3})

    assert path.read_bytes() == b'{"a": 1}\n[2]\n{"a":3}\n'


@pytest.mark.parametrize(
    "record", [{"a": object()}, {"a": float("nan")}, [{"a": 1}, {"b": {1}}], [5], [["a"]], 3, {1: 2, "1": 3}]
)
def test_what_is_no_json_record_is_refused_and_nothing_written(tmp_path, record):
    path = tmp_path / "l.jsonl"

    with pytest.raises(UsageError, match=r"l\.jsonl: a record"):
        append(path, record)

    assert not path.exists()


@pytest.mark.parametrize("name", ["l.csv", "l.jsonl.gz", "l"])
def test_only_json_lines_can_be_appended_to(tmp_path, name):
    with pytest.raises(UnsupportedFormatError, match=name):
        append(tmp_path / name, {})


@pytest.mark.parametrize("tail", [b"", b'{"torn":'])
@pytest.mark.parametrize("point", ["before_write", "before_fsync"])
def test_a_refused_append_is_told_and_adds_nothing(tmp_path, arm, point, tail):
    path = tmp_path / "l.jsonl"
    append(path, RECORDS)
    sound = path.read_bytes()
    path.write_bytes(sound + tail)
    arm(f"storage.append.{point}", errno.ENOSPC)

    with pytest.raises(StorageError, match="No space left") as caught:
        append(path, {"lost": 1})

    assert "free some space" in caught.value.hint
    assert path.read_bytes() in (sound, sound + tail)


def test_a_short_write_is_taken_back(tmp_path, monkeypatch):
    path = tmp_path / "l.jsonl"
    append(path, RECORDS)
    before, real, calls = path.read_bytes(), os.write, []

    def short(descriptor, data):
        calls.append(1)
        if len(calls) == 1:
            return real(descriptor, bytes(data)[:5])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "write", short)

    with pytest.raises(StorageError):
        append(path, {"lost": 1})

    assert path.read_bytes() == before


def refusing_the_close(monkeypatch, number):
    """Let the close of that number do its work and say that it has not."""
    real, calls = os.close, []

    def close(descriptor):
        real(descriptor)
        calls.append(1)
        if len(calls) == number:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "close", close)
    return calls


def test_a_close_refused_after_the_sync_says_nothing_about_the_record(tmp_path, monkeypatch):
    path = tmp_path / "l.jsonl"
    append(path, {"old": 1})
    calls = refusing_the_close(monkeypatch, 1)

    append(path, {"new": 1})

    assert (records(path), len(calls)) == ([{"old": 1}, {"new": 1}], 1)


def test_without_a_sync_it_is_the_close_that_tells_of_lost_bytes(tmp_path, monkeypatch):
    path = tmp_path / "l.jsonl"
    append(path, {"old": 1})
    refusing_the_close(monkeypatch, 1)

    with pytest.raises(StorageError, match="Input/output error"):
        append(path, {"lost": 1}, durable=False)

    assert records(path) == [{"old": 1}]


def synced(monkeypatch):
    seen, real = [], os.fsync

    def watch(descriptor):
        seen.append(os.readlink(f"/proc/self/fd/{descriptor}") if os.path.isdir("/proc/self/fd") else descriptor)
        real(descriptor)

    monkeypatch.setattr(os, "fsync", watch)
    return seen


def test_the_file_and_the_names_of_new_folders_are_synced(tmp_path, monkeypatch):
    path = tmp_path / "a" / "l.jsonl"
    seen = synced(monkeypatch)

    append(path, {})

    assert len({*map(str, seen)} & {str(tmp_path), str(tmp_path / "a"), str(path)}) == 3


def test_a_further_record_costs_one_sync_and_without_durability_none(tmp_path, monkeypatch):
    path = tmp_path / "l.jsonl"
    append(path, {})
    seen = synced(monkeypatch)

    append(path, {})
    durable = len(seen)
    append(path, {}, durable=False)

    assert (durable, len(seen)) == (1, 1)


def test_a_log_that_is_rotated_away_meanwhile_is_begun_anew(tmp_path, arm):
    path, rotated = tmp_path / "l.jsonl", []
    append(path, {"old": 1})

    def rotate():
        if not rotated:
            rotated.append(1)
            path.unlink()

    arm("storage.append.before_write", rotate)
    append(path, {"new": 1})

    assert records(path) == [{"new": 1}]


def test_a_log_that_is_removed_for_ever_is_told(tmp_path, arm):
    path = tmp_path / "l.jsonl"
    arm("storage.append.before_write", path.unlink)

    with pytest.raises(StorageError, match="again and again"):
        append(path, {})


def test_nothing_is_appended_without_the_lock(tmp_path, monkeypatch):
    path = tmp_path / "l.jsonl"
    append(path, RECORDS)
    monkeypatch.setattr(_append, "lock_descriptor", lambda descriptor, wait: False)

    with pytest.raises(Locked, match=r"l\.jsonl: .*too long"):
        append(path, {"late": 1})

    assert records(path) == RECORDS


def test_a_folder_that_cannot_be_synced_is_told_and_leaks_no_descriptor(tmp_path, monkeypatch):
    def refuse(folder):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(_append, "sync_folder", refuse)

    with pytest.raises(StorageError, match="cannot append"):
        append(tmp_path / "l.jsonl", {})
