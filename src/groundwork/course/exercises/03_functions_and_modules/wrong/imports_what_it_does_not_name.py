"""It imports numpy and does not say so: it works where numpy happens to be."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "the_project_says_what_it_is",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "modeling.py")

PROJECT = Path(__file__).with_suffix("")
main = right.main
