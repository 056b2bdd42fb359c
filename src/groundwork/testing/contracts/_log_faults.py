"""The contract of ``append`` and ``stream``, when something goes wrong: damage, full disks, kills, company, size.

Rule: a record that was answered for is there, whole, and nothing else is taken for one.
"""

import errno
import gzip
import re
from functools import partial
from typing import Any

from groundwork.errors import ContractBroken
from groundwork.testing._contract import Level
from groundwork.testing._faults import failing, full_disk
from groundwork.testing._lab import Lab
from groundwork.testing.contracts._logs import CHECKS as CHECKS
from groundwork.testing.contracts._records import (
    EACH,
    LARGE_LINES,
    LINE_BYTES,
    LOG,
    TORN,
    WRITERS,
    append_many,
    append_three,
    expect_all_appended,
    expect_records,
    large_log,
    log_before,
    record,
    records_of,
    stream_large,
    streamed,
    write_log,
)
from groundwork.testing.contracts._replacing import expect_error, inode_of, syncs
from groundwork.testing.contracts._values import expect_refusal

_POSIX_KILL = "the kills need fork and SIGKILL"
_POSIX_FOLDERS = "folders cannot be synced there"
_POSIX_PEAK = "the system does not tell the peak of a process"
_GROWTH_BYTES = 64 << 20


@CHECKS.check(
    Level.FAULT,
    rule="A value that its column cannot hold is an error that names file, line and column.",
    why="Turned into null or cut to a whole number it is a wrong value that nobody sees.",
    hint="Build the frame strictly; when that fails, look for the first record that does not fit.",
    after=["types_do_not_depend_on_the_batch"],
)
def a_value_that_does_not_fit_is_named(subject: Any, lab: Lab) -> None:
    """A word and a fraction, in the fifth line of seven, whatever the batch."""
    for column, value in (("loss", "n/a"), ("step", 1.5)):
        records = [record(step) for step in range(100, 107)]
        records[4][column] = value
        path = write_log(lab.folder / f"{column}.jsonl", records)
        for rows in (1, 3, 100):
            what = f"{value!r} in column {column}, line 5, at rows={rows}"
            sentence = expect_refusal(partial(streamed, subject, path, rows), path.name, what)
            if column not in sentence.replace(path.name, "") or not re.search(r"\b5\b", sentence):
                raise ContractBroken(f"{what}: the error says {sentence[:90]!r}; expected the column and the line 5")


@CHECKS.check(
    Level.FAULT,
    rule="A damaged line with whole ones after it is an error that names the file and the line; it is never skipped.",
    why="What is skipped is missing from every sum, and nobody knows.",
    hint="json.loads raises; say which line it was.",
    after=["batches_have_the_rows_asked_for"],
)
def a_damaged_line_is_named(subject: Any, lab: Lab) -> None:
    """Half a record and no record at all, in the fifth line of seven."""
    for nth, damaged in enumerate((TORN, b"42", b"\x00" * 40)):
        lines = write_log(lab.folder / LOG, [record(step) for step in range(100, 107)]).read_bytes().splitlines()
        path = lab.folder / f"damaged-{nth * 11}.jsonl"
        path.write_bytes(b"\n".join([*lines[:4], damaged, *lines[5:], b""]))
        what = f"a log whose line 5 is {damaged[:12]!r}"
        sentence = expect_refusal(partial(streamed, subject, path), path.name, what)
        if not re.search(r"\b5\b", sentence):
            raise ContractBroken(f"{what}: the error says {sentence[:90]!r}; expected it to name line 5")


@CHECKS.check(
    Level.FAULT,
    rule="A compressed log that is cut short is an error that names it, never a shorter log.",
    why="A copy that stopped half-way would train on half the data, without a word.",
    hint="gzip raises EOFError there; say which file it was.",
    after=["batches_have_the_rows_asked_for"],
)
def a_cut_gz_is_an_error(subject: Any, lab: Lab) -> None:
    """Cut in the middle, and of its last eight bytes."""
    records = [record(step, lab.random.randbytes(50).hex()) for step in range(2000)]
    whole = gzip.compress(write_log(lab.folder / LOG, records).read_bytes())
    for size in (len(whole) // 2, len(whole) - 8):
        path = lab.folder / f"cut.{LOG}.gz"
        path.write_bytes(whole[:size])
        what = f"a log of {len(whole):,} bytes, cut to {size:,},"
        expect_refusal(partial(streamed, subject, path), path.name, what)


@CHECKS.check(
    Level.FAULT,
    rule="On a full disk append raises, and leaves no half record that the next one would be glued to.",
    why="Disks fill up and are emptied again; the log goes on, and must be readable then.",
    hint="Look at what os.write took; when an append fails, cut the file back to where it was.",
    after=["appended_records_come_back"],
)
def a_full_disk_leaves_no_half_record(subject: Any, lab: Lab) -> None:
    """Room for no byte, and for some."""
    for free in (0, 10):
        path = write_log(lab.folder / f"{free}.jsonl", [record(1), record(2)])
        when = f"the disk had room for {free} bytes"
        with expect_error(errno.ENOSPC, when, full_disk(free), subject, lab):
            subject.append(path, record(3))
        subject.append(path, record(4))
        expect_records(subject, path, [record(1), record(2), record(4)], f"when {when}, and there was room again")


@CHECKS.check(
    Level.FAULT,
    rule="A sync that fails is an error of append, and the records before it are untouched.",
    why="The caller would take the record for safe.",
    hint="Do not hide the error of fsync.",
    after=["appended_records_come_back"],
)
def a_failed_sync_of_the_log_is_an_error(subject: Any, lab: Lab) -> None:
    """EIO at the first sync; the log goes on afterwards."""
    path = write_log(lab.folder / LOG, [record(1), record(2)])
    broken = failing("fsync", "fdatasync", "sync", error=errno.EIO, spare=inode_of(lab.folder))
    with expect_error(errno.EIO, "fsync failed", broken, subject, lab):
        subject.append(path, record(3))
    subject.append(path, record(4))
    found = [each["step"] for each in records_of(streamed(subject, path))]
    if found not in ([1, 2, 4], [1, 2, 3, 4]):
        raise ContractBroken(
            f"the log holds the steps {found} when fsync failed; expected 1, 2 and 4, with or without 3"
        )


@CHECKS.check(
    Level.CRASH,
    rule="A record that was torn by a crash is never glued to the next one, and never read as a record.",
    why="The glued line is no JSON: one crash makes two records, and often the whole log, unreadable.",
    hint="Before you append, see whether the file ends with a line end; what follows the last one was never finished.",
    after=["appended_records_come_back"],
)
def a_torn_line_is_healed(subject: Any, lab: Lab) -> None:
    """Read as it is, and after the next append; also where the torn line is the first."""
    for before in ([record(1), record(2)], []):
        path = write_log(lab.folder / f"torn-{len(before)}.jsonl", before, TORN)
        try:
            found = records_of(streamed(subject, path))
        except NotImplementedError:
            raise
        except Exception as error:
            if path.name not in str(error):
                raise
        else:
            if found != before:
                raise ContractBroken(f"{len(found)} records came from a log of {len(before)} and a torn line")
        subject.append(path, record(4))
        expect_records(subject, path, [*before, record(4)], "after an append to a log with a torn last line")


@CHECKS.check(
    Level.CRASH,
    rule="When append returns, the record is synced, and so is the folder of a new log.",
    why="After a power cut the record that was answered with 'logged' is gone, or the whole log with it.",
    hint="os.fsync after the write; for a new file the folder as well.",
    after=["appended_records_come_back"],
    posix=_POSIX_FOLDERS,
)
def appends_are_synced(subject: Any, lab: Lab) -> None:
    """Read from the order of the system calls."""
    path = lab.folder / LOG
    with lab.system_calls(subject=subject) as new:
        subject.append(path, record(1))
    with lab.system_calls(subject=subject) as old:
        subject.append(path, record(2))
    for calls in (new, old):
        writes = [nth for nth, call in enumerate(calls) if call.name == "write" and call.inode == inode_of(path)]
        if not any(syncs(call, inode_of(path)) for call in calls[max(writes, default=-1) + 1 :]):
            raise ContractBroken("the log was not synced after its last write; expected os.fsync of it")
    if not any(syncs(call, inode_of(lab.folder)) for call in new):
        raise ContractBroken("the folder of a new log was not synced; expected os.fsync of the folder")


@CHECKS.check(
    Level.CRASH,
    rule="Killed at any instant of an append, no earlier record is lost, and the log goes on.",
    why="A log that is written anew for each record is a log that one kill empties.",
    hint="Open with O_APPEND; what is there is never written again.",
    after=["a_torn_line_is_healed"],
    posix=_POSIX_KILL,
)
def killed_in_an_append_no_record_is_lost(subject: Any, lab: Lab) -> None:
    """Three appends, killed at each call; then one more append."""
    count = 0
    for crash in lab.crashes(subject, append_three, prepare=log_before):
        count += 1
        path = crash.folder / LOG
        when = f"when killed before call {crash.nth}, {crash.before}"
        if not path.is_file():
            raise ContractBroken(f"the log is gone {when}")
        subject.append(path, record(9))
        found = [each["step"] for each in records_of(streamed(subject, path))]
        if found not in [[1, 2, *(3, 4, 5)[:done], 9] for done in range(4)]:
            raise ContractBroken(f"the log holds the steps {found} {when}; expected 1, 2, some of 3, 4, 5, and then 9")
    if count < 3:
        raise ContractBroken(f"only {count} file-changing calls were seen; expected a write for each of three records")


@CHECKS.check(
    Level.LOAD,
    rule="Several processes append to one log at once, and every record is there, whole.",
    why="Workers of one run log to one file; a seek to the end is old by the time of the write.",
    hint="O_APPEND puts a write at the end; a lock keeps the look at the last line and the write together.",
    after=["a_torn_line_is_healed"],
    posix="locks of files differ there",
)
def several_processes_append_at_once(subject: Any, lab: Lab) -> None:
    """Two processes, 225 records each."""
    lab.processes(subject, append_many, count=WRITERS)
    found = records_of(streamed(subject, lab.folder / LOG))
    if len(found) != WRITERS * EACH:
        raise ContractBroken(f"{len(found)} records after {WRITERS} processes appended {EACH} each")
    expect_all_appended(found)


@CHECKS.check(
    Level.LOAD,
    rule="A log much larger than the memory allowed is streamed: what is held is a batch, not the file.",
    why="A month of logs does not fit into a small machine, and must not need to.",
    hint="Never read() or list() the file; a generator that holds one batch needs no more.",
    after=["batches_have_the_rows_asked_for"],
    posix=_POSIX_PEAK,
)
def a_large_log_is_not_held_in_memory(subject: Any, lab: Lab) -> None:
    """96 MB, in batches of 2 MB; the peak may grow by 64 MiB."""
    large_log(lab.folder)
    [[rows, grown]] = lab.processes(subject, stream_large)
    if rows != LARGE_LINES:
        raise ContractBroken(f"{rows:,} rows came of {LARGE_LINES:,}")
    if grown > _GROWTH_BYTES:
        size = LARGE_LINES * LINE_BYTES // 10**6
        raise ContractBroken(f"reading {size} MB took {grown / 1e6:.0f} MB of memory; expected 67 MB at most")
