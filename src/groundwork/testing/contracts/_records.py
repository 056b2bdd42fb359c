"""The scenes of the contract of the logs: records are appended and streamed, and something goes wrong."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from groundwork.errors import ContractBroken
from groundwork.testing._processes import peak_memory_bytes

LOG = "log.jsonl"
TORN = b'{"step": 3, "loss": 0.12, "no'
WRITERS, EACH = 2, 225
LARGE_LINES, LINE_BYTES = 24_000, 4000


def record(step: int, note: str = "as usual") -> dict[str, Any]:
    """Make a record of the log."""
    return {"step": step, "loss": 1 / (step + 1), "note": note}


def columns() -> dict[str, Any]:
    """Declare the log's columns."""
    import polars as pl

    return {"step": pl.Int64, "loss": pl.Float64, "note": pl.String}


def write_log(path: Path, records: Iterable[dict[str, Any]], tail: bytes = b"") -> Path:
    """Make a log as another program would."""
    lines = (json.dumps(each).encode() + b"\n" for each in records)
    path.write_bytes(b"".join(lines) + tail)
    return path


def streamed(subject: Any, path: Path, rows: int = 1000, types: Any = None) -> list[Any]:
    """Read the log through the subject; frames with ``height``, ``schema`` and ``rows()``, as polars has them."""
    frames = list(subject.stream(path, rows=rows, columns=types or columns()))
    for frame in frames:
        if not all(hasattr(frame, name) for name in ("height", "schema", "to_dicts")):
            raise ContractBroken(f"stream gave a {type(frame).__name__}; expected polars frames")
    return frames


def records_of(frames: Iterable[Any]) -> list[dict[str, Any]]:
    """Put the rows of frames into one list."""
    return [row for frame in frames for row in frame.to_dicts()]


def expect_records(subject: Any, path: Path, expected: list[dict[str, Any]], when: str) -> None:
    """Break the contract unless exactly these records are streamed."""
    found = records_of(streamed(subject, path))
    if found != expected:
        raise ContractBroken(f"the log holds {_steps(found)} {when}; expected {_steps(expected)}")


def _steps(records: list[dict[str, Any]]) -> str:
    shown = [f"step {each.get('step')}" for each in records[:6]]
    return f"{len(records):,} records ({', '.join(shown)}{', ...' if len(records) > 6 else ''})"


def log_before(folder: Path) -> None:
    """Put a log of two records into a folder, as it is before each kill."""
    write_log(folder / LOG, [record(1), record(2)])


def append_three(subject: Any, folder: Path) -> None:
    """The scene of the kills: two records and a longer one, each in a call of its own."""
    for step in (3, 4):
        subject.append(folder / LOG, record(step))
    subject.append(folder / LOG, record(5, "long" * 5000))


def append_many(subject: Any, folder: Path, nth: int) -> None:
    """The scene of several writers: each appends its records to one log."""
    for step in range(EACH):
        subject.append(folder / LOG, record(nth * EACH + step, "x" * 300), durable=False)


def expect_all_appended(found: list[dict[str, Any]]) -> None:
    """Break the contract unless the records of every writer are there once, each writer's in its order."""
    for nth in range(WRITERS):
        own = range(nth * EACH, (nth + 1) * EACH)
        seen = [each["step"] for each in found if each["step"] in own]
        if seen != list(own):
            raise ContractBroken(
                f"{len(seen)} of the {EACH} records of one of {WRITERS} processes are in the log, or out of order; "
                f"expected each once, in order"
            )


def large_log(folder: Path) -> None:
    """Make a log much larger than the memory that reading it may take."""
    filler = "x" * (LINE_BYTES - 60)
    with open(folder / "large.jsonl", "w", encoding="utf-8", newline="\n") as file:
        file.writelines(f'{{"step": {step}, "loss": 0.5, "note": "{filler}"}}\n' for step in range(LARGE_LINES))
    write_log(folder / "small.jsonl", [record(step) for step in range(2000)])


def stream_large(subject: Any, folder: Path, _: int) -> list[int]:
    """The scene of the large log: how many rows came, and by how much the memory grew."""
    for _frame in subject.stream(folder / "small.jsonl", rows=500, columns=columns()):
        pass
    before, rows = peak_memory_bytes(), 0
    for frame in subject.stream(folder / "large.jsonl", rows=500, columns=columns()):
        rows += frame.height
    return [rows, peak_memory_bytes() - before]


def batches(subject: Any, path: Path, most: int) -> Iterator[tuple[int, list[Any]]]:
    """Read a log in batches of one row, of two, ..."""
    for rows in range(1, most + 1):
        yield rows, streamed(subject, path, rows)
