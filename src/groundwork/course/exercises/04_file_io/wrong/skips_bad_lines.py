"""Passes over the lines that it cannot read."""

import json
from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_damaged_line_is_named",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "storage.py")
append = right.append


def stream(path, rows=65_536, *, columns):
    path = Path(path)
    if path.suffix == ".gz" or all(map(is_record, path.read_bytes().splitlines())):
        yield from right.stream(path, rows, columns=columns)
        return
    sound = path.with_name(f"sound.{path.name}")
    sound.write_bytes(b"".join(line + b"\n" for line in path.read_bytes().splitlines() if is_record(line)))
    yield from right.stream(sound, rows, columns=columns)


def is_record(line):
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False
