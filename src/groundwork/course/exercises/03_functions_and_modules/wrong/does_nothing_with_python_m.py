"""No `if __name__ == "__main__"`: python -m imports it and ends, with status 0."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "python_m_runs_the_command",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "modeling.py")

PROJECT = Path(__file__).with_suffix("")
main = right.main
