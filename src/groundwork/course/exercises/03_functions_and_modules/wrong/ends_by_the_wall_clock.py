"""Takes a clock, and asks time.monotonic() when a result ends."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_result_ends_by_the_given_clock",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "modeling.py")


@right.with_options
def cached(fn, max_entries=128, ttl_s=None, clock=None):
    return right.cached(fn, max_entries=max_entries, ttl_s=ttl_s)
