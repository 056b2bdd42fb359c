"""Asks the interpreter before it listens for errors."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_dead_interpreter_is_a_finding",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "environment.py")


def check(python=None, *, only=None, **options):
    place = right.Place(python, None, None)
    if only == "interpreter" or "interpreter" in (only or ()):
        right.ask(place)
    return right.check(python, only=only, **options)


Finding = right.Finding
