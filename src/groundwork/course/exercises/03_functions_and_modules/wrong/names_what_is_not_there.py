"""The function of the entry point has another name by now."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "the_command_of_the_project_runs",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "modeling.py")

PROJECT = Path(__file__).with_suffix("")
main = right.main
