"""Refuses, and leaves it to the reader to find out what."""

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
        try:
            return below(*args, **kwargs)
        except ValueError:
            raise ValueError("invalid argument") from None

    return wrapper
