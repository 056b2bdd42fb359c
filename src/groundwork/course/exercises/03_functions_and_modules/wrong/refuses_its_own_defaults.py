"""Checks the defaults as well: seed: int = None cannot be called any more."""

import inspect
from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "annotations_of_every_kind_count",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "modeling.py")


@right.with_options
def validated(fn, **options):
    below, signature = right.validated(fn, **options), inspect.signature(fn)

    def wrapper(*args, **kwargs):
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        return below(*bound.args, **{**bound.kwargs, **kwargs})

    return wrapper
