"""Runs those of the named checks that it knows."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "an_unknown_check_is_refused",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "environment.py")


def check(python=None, *, only=None, **options):
    names = list(right.CHECKS) if only is None else [only] if isinstance(only, str) else only
    return right.check(python, only=[name for name in names if name in right.CHECKS], **options)


Finding = right.Finding
