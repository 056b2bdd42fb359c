"""Takes max_entries and keeps everything."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_cache_is_bounded",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "modeling.py")


@right.with_options
def cached(fn, max_entries=None, **options):
    return right.cached(fn, max_entries=None, **options)
