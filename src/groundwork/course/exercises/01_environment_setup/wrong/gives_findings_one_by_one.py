"""A generator: the first who looks at it empties it, and nothing is checked before."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_healthy_environment_is_fine",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "environment.py")


def check(python=None, **options):
    yield from right.check(python, **options)


Finding = right.Finding
