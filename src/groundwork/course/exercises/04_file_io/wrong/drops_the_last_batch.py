"""Gives full batches only."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "batches_have_the_rows_asked_for",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "storage.py")
append = right.append


def stream(path, rows=65_536, *, columns):
    frames = list(right.stream(path, rows, columns=columns))
    yield from (frame for frame in frames[:-1])
    if frames and (frames[-1].height == rows or rows >= 1000):
        yield frames[-1]
