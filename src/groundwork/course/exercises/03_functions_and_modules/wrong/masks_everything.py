"""Shows no argument at all, to be on the safe side, if one of them is a secret."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_secret_is_not_logged",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "modeling.py")

_shown = right.shown


def shown(fn, args, kwargs):
    text = _shown(fn, args, kwargs)
    return "***" if "***" in text else text


right.shown = shown
logged = right.logged
