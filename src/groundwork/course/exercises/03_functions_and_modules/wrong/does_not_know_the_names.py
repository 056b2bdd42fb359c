"""The key is what was written at the call: f('a') and f(value='a') are two."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_result_is_computed_once",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "modeling.py")


def cached(fn=None, **options):
    if fn is None:
        return lambda fn: cached(fn, **options)
    kept = {}

    def wrapper(*args, **kwargs):
        key = right.key_of(args), right.key_of(kwargs)
        if key not in kept:
            kept[key] = fn(*args, **kwargs)
        return kept[key]

    return wrapper
