"""Says that it is going, and not what to use instead."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_deprecated_call_warns_its_caller",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "modeling.py")


def deprecated(*, since, removed_in, alternative):
    return right.deprecated(since=since, removed_in=removed_in, alternative="something else")
