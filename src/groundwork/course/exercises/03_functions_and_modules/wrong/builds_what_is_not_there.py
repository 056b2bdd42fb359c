"""flit looks for a module of the project's name; the module has another, and no [tool.flit.module] says so."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "the_command_of_the_project_runs",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "modeling.py")

PROJECT = Path(__file__).with_suffix("")
main = right.main
