"""A group split is a random one: most groups lie on both sides."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_group_lies_in_one_part",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "data.py")


def split(frame, *, kind, column=None, key=None, **options):
    if kind == "group":
        kind, key = "random", "flight" if "flight" in frame.columns else key
    return right.split(frame, kind=kind, column=column, key=key, **options)
