"""Checks the arguments after the call."""

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
        result = fn(*args, **kwargs)
        below(*args, **kwargs)
        return result

    return wrapper
