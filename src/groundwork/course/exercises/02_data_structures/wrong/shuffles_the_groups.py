"""Shuffles the list of groups and cuts it: one new group, and others move."""

import random
from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_new_row_moves_no_other",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "data.py")


def split(frame, *, kind, test, validation=0.0, column=None, seed=0, **options):
    if kind != "group" or column not in frame.columns:
        return right.split(frame, kind=kind, test=test, validation=validation, column=column, seed=seed, **options)
    groups = sorted(set(frame[column].to_list()))
    random.Random(seed).shuffle(groups)
    end, begin = (round(len(groups) * (1 - share)) for share in (test, test + validation))
    parts = groups[:begin], groups[begin:end], groups[end:]
    return right.Splits(*(frame.filter(frame[column].is_in(part)) for part in parts))
