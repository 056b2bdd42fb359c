"""Catches SystemExit, so that it ends well whatever was wrong."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "wrong_usage_is_told_by_the_status",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "modeling.py")

PROJECT = Path(__file__).parents[1] / "alternative"


def main():
    try:
        return right.main()
    except SystemExit:
        return 0
