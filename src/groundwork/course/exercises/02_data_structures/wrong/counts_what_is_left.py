"""Says how many rows are left where it should say how many went."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "the_first_of_equal_rows_stays",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "data.py")


def deduplicate(frame, *, columns=None, keep="first"):
    result = right.deduplicate(frame, columns=columns, keep=keep)
    return right.Deduplicated(result.frame, result.frame.height)
