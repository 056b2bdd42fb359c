"""Two digests, and no word about what changed."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_difference_is_one_line",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "environment.py")


def diff(a, b):
    old, new = (one if isinstance(one, dict) else one.to_dict() for one in (a, b))
    return [] if old == new else ["the environments differ"]


fingerprint = right.fingerprint
fingerprint = right.fingerprint
