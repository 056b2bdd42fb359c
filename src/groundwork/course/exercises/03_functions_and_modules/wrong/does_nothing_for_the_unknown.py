"""A way that is misspelt is no way, and nothing happens."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "an_unknown_way_is_refused",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "modeling.py")

impute = right.impute


def scale(train, *others, how="standard"):
    if how not in ("standard", "minmax"):
        return (train, *others)
    return right.scale(train, *others, how=how)
