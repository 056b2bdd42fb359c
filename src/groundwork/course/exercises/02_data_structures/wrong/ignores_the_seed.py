"""Draws the first ones of each label, whatever the seed."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_draw_depends_on_the_seed_alone",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "data.py")
Sample = right.Sample


class DatasetIndex(right.DatasetIndex):
    def balanced_sample(self, per_label, *, seed, split=None, replace=False):
        return super().balanced_sample(per_label, seed=0, split=split, replace=replace)
