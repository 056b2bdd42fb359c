"""Logs every argument as it is."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_secret_is_not_logged",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "modeling.py")

right.SECRETS = ()
logged = right.logged
