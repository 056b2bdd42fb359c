"""The contract of ``append`` and ``stream``: a log of JSON lines that no crash tears, read in bounded memory.

The subject offers ``append(path, record_or_records, *, durable=True)``, and ``stream(path, rows=…, columns=…)``, which
gives polars frames of so many rows; ``columns`` maps names to polars types. The path is ``.jsonl`` or ``.jsonl.gz``.
"""

import gzip
from typing import Any

from groundwork.errors import ContractBroken
from groundwork.testing._contract import Contract, Level
from groundwork.testing._lab import Lab
from groundwork.testing.contracts._records import (
    LOG,
    batches,
    columns,
    expect_records,
    record,
    records_of,
    write_log,
)

CHECKS = Contract("storage/logs")


@CHECKS.check(
    Level.BASIC,
    rule="append adds a record as one line of JSON; stream gives the records back, in order.",
    why="A log is read by tools that take a line for a record.",
    hint="json.dumps without indent never has a line end in it.",
)
def appended_records_come_back(subject: Any, lab: Lab) -> None:
    """One record, several at once, and texts with line ends."""
    path = lab.folder / LOG
    subject.append(path, record(1, "naïve\nπ"))
    subject.append(str(path), [record(2), record(3)])
    subject.append(path, record(4))
    expect_records(subject, path, [record(1, "naïve\nπ"), *map(record, (2, 3, 4))], "after three appends")
    if (lines := path.read_bytes().count(b"\n")) != 4:
        raise ContractBroken(f"the log has {lines} lines after four records; expected a line each")


@CHECKS.check(
    Level.BASIC,
    rule="stream gives frames of so many rows, the last one shorter, also from .jsonl.gz.",
    why="The caller sizes the batch by the memory there is; a frame of another size breaks that.",
    hint="itertools.islice takes so many lines of an open file; gzip.open opens the other kind.",
)
def batches_have_the_rows_asked_for(subject: Any, lab: Lab) -> None:
    """Seven records in batches of one to eight."""
    records = [record(step) for step in range(7)]
    path = write_log(lab.folder / LOG, records)
    packed = lab.folder / f"{LOG}.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    for source in (path, packed):
        for rows, frames in batches(subject, source, 8):
            heights = [frame.height for frame in frames]
            expected = [rows] * (7 // rows) + [7 % rows] * (7 % rows > 0)
            if heights != expected:
                raise ContractBroken(f"{source.name}: 7 records at rows={rows} came as {heights}; expected {expected}")
            if records_of(frames) != records:
                raise ContractBroken(f"{source.name}: the records came back changed at rows={rows}; expected the same")


@CHECKS.check(
    Level.EDGE,
    rule="Every frame has the declared types, whatever stands in its rows.",
    why="Guessed from a batch, a column is Int64 in one frame and Float64 in the next, and concat fails in the night.",
    hint="Give polars the schema; let it guess nothing.",
    after=["batches_have_the_rows_asked_for"],
)
def types_do_not_depend_on_the_batch(subject: Any, lab: Lab) -> None:
    """Whole numbers before fractions, missing values first, a key that comes late."""
    records: list[dict[str, Any]] = [
        {"step": 1, "loss": None},
        {"step": 2, "loss": 1, "note": None},
        {"step": 3, "loss": 0.5, "note": "x"},
    ]
    path = write_log(lab.folder / LOG, records)
    declared = columns()
    for rows, frames in batches(subject, path, 4):
        for frame in frames:
            if dict(frame.schema) != declared:
                raise ContractBroken(f"a frame at rows={rows} has {dict(frame.schema)}; expected {declared}")
        expected = [{"note": None, **each} for each in records]
        if records_of(frames) != expected:
            raise ContractBroken(f"{records_of(frames)} came back at rows={rows}; expected {expected}")


@CHECKS.check(
    Level.EDGE,
    rule="A last record whose line has no end is kept when the next is appended.",
    why="Other programs and editors leave the last line end out; the record is whole all the same.",
    hint="Before you append, look at the last byte, then at the last line.",
    after=["appended_records_come_back"],
)
def a_last_line_without_an_end_is_kept(subject: Any, lab: Lab) -> None:
    """Two records, and a third appended."""
    path = write_log(lab.folder / LOG, [record(1), record(2)])
    path.write_bytes(path.read_bytes()[:-1])
    subject.append(path, record(3))
    expect_records(subject, path, [record(1), record(2), record(3)], "when the last line had no end")
