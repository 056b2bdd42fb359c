"""Splits whatever it is told, and a part may have no rows."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "what_cannot_be_split_is_refused",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "data.py")


def split(frame, *, kind, test, validation=0.0, column=None, **options):
    if 0 < test < 1 and test + validation < 1:
        return right.split(frame, kind=kind, test=test, validation=validation, column=column, **options)
    end = max(0, round(frame.height * (1 - test)))
    return right.Splits(frame[:end], frame[:0], frame[end:])
