"""One lock around all of it: while one result is computed nobody gets any other."""

import functools
import threading
from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_slow_computation_holds_nobody_up",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "modeling.py")


@right.with_options
def cached(fn, **options):
    lock, below = threading.Lock(), right.cached(fn, **options)

    @functools.wraps(fn)
    def wrapper(*args, **kwargs):
        with lock:
            return below(*args, **kwargs)

    return wrapper
