"""Checks what is passed by name; what is passed by its place goes through."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_wrong_argument_is_refused",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "modeling.py")


@right.with_options
def validated(fn, **options):
    below = right.validated(fn, **options)

    def wrapper(*args, **kwargs):
        return below(*args, **kwargs) if kwargs else fn(*args)

    return wrapper
