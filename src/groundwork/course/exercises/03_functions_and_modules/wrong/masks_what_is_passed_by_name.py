"""Masks password=..., and shows the password that was passed by its place."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_secret_is_not_logged",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "modeling.py")


def shown(fn, args, kwargs):
    names = [f"{name}={'***' if name in right.SECRETS else repr(value)}" for name, value in kwargs.items()]
    return ", ".join([*map(repr, args), *names])


right.shown = shown
logged = right.logged
