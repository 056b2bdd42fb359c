"""Indents its JSON: one record is many lines."""

import json
from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "appended_records_come_back",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "storage.py")
stream = right.stream


def append(path, record, *, durable=True):
    records = [record] if isinstance(record, dict) else list(record)
    with open(path, "a", encoding="utf-8") as file:
        for each in records:
            file.write(json.dumps(each, indent=1) + "\n")
