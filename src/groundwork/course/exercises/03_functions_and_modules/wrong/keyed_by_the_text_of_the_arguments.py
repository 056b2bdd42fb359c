"""The key is str() of the arguments, which leaves out the middle of a large array."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "an_array_counts_by_its_content",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "modeling.py")

right.key_of = str
cached = right.cached
