"""`if row not in seen`, where seen is a list."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "its_time_grows_with_the_rows",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "data.py")


def deduplicate(frame, *, columns=None, keep="first"):
    seen = []
    for row in (frame if columns is None else frame.select(columns)).rows():
        if row not in seen:
            seen.append(row)
    return right.deduplicate(frame, columns=columns, keep=keep)
