"""FileJournal: what append has returned for is there; a crash takes at most what it has not."""

import contextlib
import errno
import json
import math
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.errors import JournalCorrupt, Locked, StorageError, UsageError
from groundwork.storage import FileJournal, _append, _journal

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
RECORDS = [{"step": "load", "n": 1}, {"step": "träin\n", "values": [1.5, None]}, {}, {"step": "evaluate"}]


def journal_of(path: Path, records=RECORDS) -> FileJournal:
    journal = FileJournal(path)
    for record in records:
        journal.append(record)
    return journal


@settings(deadline=None, max_examples=25)
@given(records=st.lists(st.dictionaries(st.text(max_size=5), values, max_size=3), max_size=5))
def test_records_come_back_in_order(tmp_path_factory, records):
    path = tmp_path_factory.mktemp("journal") / "j.jsonl"

    journal_of(path, records)

    assert records == list(FileJournal(path).records())


def test_cut_at_any_byte_the_records_are_a_prefix_and_appending_goes_on(tmp_path):
    whole = tmp_path / "whole.jsonl"
    journal_of(whole)
    content, cut = whole.read_bytes(), tmp_path / "cut.jsonl"

    for length in range(len(content) + 1):
        cut.write_bytes(content[:length])
        left = list(FileJournal(cut).records())
        FileJournal(cut).append({"after": length})

        assert RECORDS[: content[:length].count(b"\n")] == left
        assert [*left, {"after": length}] == list(FileJournal(cut).records())


@settings(deadline=None, max_examples=50)
@given(position=st.integers(0, 10_000), flip=st.integers(1, 255))
def test_a_flipped_byte_is_never_read_as_a_record(tmp_path_factory, position, flip):
    path = tmp_path_factory.mktemp("flip") / "j.jsonl"
    journal_of(path)
    content = bytearray(path.read_bytes())
    content[position % len(content)] ^= flip
    path.write_bytes(content)
    seen = []

    with contextlib.suppress(JournalCorrupt):
        seen.extend(FileJournal(path).records())

    assert seen == RECORDS[: len(seen)]
    assert len(seen) < len(RECORDS)


def test_damage_before_the_last_line_is_an_error_that_says_where(tmp_path):
    path = tmp_path / "j.jsonl"
    journal_of(path)
    path.write_bytes(path.read_bytes().replace(b"1.5", b"2.5"))

    with pytest.raises(JournalCorrupt, match=r"line 2 \(byte \d+\)") as caught:
        list(FileJournal(path).records())
    with pytest.raises(JournalCorrupt):
        FileJournal(path).append({})

    assert (str(path), 2) == (caught.value.context["file"], caught.value.context["line"])


@pytest.mark.parametrize("tail", [b"\0" * 5000, b'{"crc32":"00000000","record":{}}\n', b"\n", b"\xff"])
def test_a_torn_tail_is_left_out_and_cut_by_the_next_append(tmp_path, tail):
    path = tmp_path / "j.jsonl"
    journal_of(path)
    sound = path.read_bytes()
    path.write_bytes(sound + tail)
    journal = FileJournal(path)

    before = (list(journal.records()), path.read_bytes())
    journal.append({"next": 1})

    assert (RECORDS, sound + tail) == before
    assert [*RECORDS, {"next": 1}] == list(journal.records())


def test_what_was_read_is_not_read_again_to_append_unless_it_has_grown(tmp_path, monkeypatch):
    path = tmp_path / "j.jsonl"
    journal_of(path)
    journal, scan, scans = FileJournal(path), _journal._scan, []
    monkeypatch.setattr(_journal, "_scan", lambda path: scans.append(path) or scan(path))

    assert list(journal.records()) == RECORDS
    journal.append({"after": "reading"})
    alone = len(scans)
    with path.open("ab") as file:
        file.write(b'{"crc32":"torn')
    journal.append({"after": "a crash of another"})

    assert (1, 2) == (alone, len(scans))
    assert [*RECORDS, {"after": "reading"}, {"after": "a crash of another"}] == list(FileJournal(path).records())


def test_a_line_whose_content_is_no_object_is_damage(tmp_path):
    import zlib

    path = tmp_path / "j.jsonl"
    path.write_bytes(b'{"crc32":"%08x","record":[1]}\n' % zlib.crc32(b"[1]"))

    assert list(FileJournal(path).records()) == []


def test_a_line_with_a_right_checksum_over_no_json_is_damage(tmp_path):
    import zlib

    path = tmp_path / "j.jsonl"
    path.write_bytes(b'{"crc32":"%08x","record":nope}\n' % zlib.crc32(b"nope"))

    assert list(FileJournal(path).records()) == []


def test_a_missing_journal_is_empty_and_reading_does_not_make_it(tmp_path):
    path = tmp_path / "runs" / "j.jsonl"

    assert list(FileJournal(path).records()) == []
    assert not path.parent.exists()


def test_a_number_that_is_none_comes_back(tmp_path):
    journal = journal_of(tmp_path / "j.jsonl", [{"loss": math.nan, "bound": -math.inf}])

    (record,) = journal.records()

    assert (True, -math.inf) == (math.isnan(record["loss"]), record["bound"])


def test_a_journal_that_is_forgotten_keeps_no_file_open(tmp_path):
    journal = journal_of(tmp_path / "j.jsonl")
    descriptor = journal._descriptor

    del journal

    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)


def test_every_line_is_json(tmp_path):
    path = tmp_path / "a" / "j.jsonl"
    journal_of(path)

    assert [json.loads(line)["record"] for line in path.read_text(encoding="utf-8").splitlines()] == RECORDS


def test_two_writers_take_turns(tmp_path):
    path = tmp_path / "j.jsonl"
    first, second = FileJournal(path), FileJournal(path)

    for number in range(3):
        first.append({"first": number})
        second.append({"second": number})

    expected = [{name: number} for number in range(3) for name in ("first", "second")]
    assert expected == list(first.records())


def test_what_is_not_json_is_refused_and_nothing_written(tmp_path):
    journal = FileJournal(tmp_path / "j.jsonl")

    with pytest.raises(UsageError, match="JSON"):
        journal.append({"a": object()})

    assert not journal.path.exists()


@pytest.mark.parametrize("point", ["before_append", "before_fsync"])
def test_a_refused_append_is_told_and_leaves_the_journal_as_it_was(tmp_path, arm, point):
    path = tmp_path / "j.jsonl"
    journal = journal_of(path)
    before = path.read_bytes()
    failed = []

    def once():
        if not failed:
            failed.append(1)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    arm(f"storage.journal.{point}", once)

    with pytest.raises(StorageError, match=r"j\.jsonl: cannot append to the journal: No space left") as caught:
        journal.append({"lost": 1})

    assert (before, True) == (path.read_bytes(), "free some space" in (caught.value.hint or ""))
    journal.append({"next": 1})
    assert [*RECORDS, {"next": 1}] == list(journal.records())


def test_a_short_write_is_taken_back(tmp_path, monkeypatch):
    path = tmp_path / "j.jsonl"
    journal = journal_of(path)
    before, real, calls = path.read_bytes(), os.write, []

    def short(descriptor, data):
        calls.append(1)
        if len(calls) == 1:
            return real(descriptor, bytes(data)[:5])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "write", short)

    with pytest.raises(StorageError):
        journal.append({"lost": 1})

    assert before == path.read_bytes()


def test_a_refused_unlock_says_nothing_about_the_record(tmp_path, monkeypatch):
    journal = journal_of(tmp_path / "j.jsonl")

    def refuse(descriptor):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(_journal, "unlock_descriptor", refuse)

    journal.append({"next": 1})
    journal.append({"last": 1})

    assert [*RECORDS, {"next": 1}, {"last": 1}] == list(journal.records())


def test_a_journal_that_was_removed_is_not_written_to(tmp_path):
    journal = journal_of(tmp_path / "j.jsonl")
    journal.path.unlink()

    with pytest.raises(StorageError, match="removed"):
        journal.append({"lost": 1})


def test_an_append_is_synced_before_it_returns(tmp_path, monkeypatch):
    journal = journal_of(tmp_path / "j.jsonl")
    synced = []
    monkeypatch.setattr(os, "fsync", synced.append)

    journal.append({})

    assert len(synced) == 1


def test_nothing_is_appended_without_the_lock(tmp_path, monkeypatch):
    journal = journal_of(tmp_path / "journal.jsonl")
    monkeypatch.setattr(_append, "lock_descriptor", lambda descriptor, wait: False)

    with pytest.raises(Locked, match="too long"):
        journal.append({"step": "late"})

    assert list(journal.records()) == RECORDS


def test_a_held_journal_is_held_once_and_free_again_afterwards(tmp_path):
    journal = FileJournal(tmp_path / "runs" / "j.jsonl")

    with (
        journal.held(),
        pytest.raises(Locked, match=f"j.jsonl: a run uses this journal already .*process {os.getpid()} holds"),
        FileJournal(journal.path).held(),
    ):
        pass

    with journal.held():
        journal.append({"n": 1})
    assert list(journal.records()) == [{"n": 1}]


def test_a_path_in_a_record_is_refused_with_what_to_write_instead(tmp_path):
    with pytest.raises(UsageError, match="Path is not") as raised:
        FileJournal(tmp_path / "j.jsonl").append({"output": tmp_path})

    assert raised.value.hint == "write a path as text: str(path); Path(text) makes it one again"
