"""After an error there is a result: None."""

import functools
import inspect
from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "an_error_is_not_kept",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "modeling.py")


@right.with_options
def cached(fn, **options):
    if inspect.iscoroutinefunction(fn):
        return right.cached(fn, **options)
    failed = set()

    def guarded(*args, **kwargs):
        key = right.key_of(args)
        if key in failed:
            return None
        try:
            return fn(*args, **kwargs)
        except Exception:
            failed.add(key)
            raise

    return right.cached(functools.wraps(fn)(guarded), **options)
