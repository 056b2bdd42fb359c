"""Says hello, in the middle of somebody's JSON."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "importing_does_nothing",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "modeling.py")

print("modeling ready")
timed, logged, cached, validated = right.timed, right.logged, right.cached, right.validated
