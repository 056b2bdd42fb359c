"""Keeps a list, and looks at each sample in every look-up."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_look_up_does_not_scan",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "data.py")
Sample = right.Sample


class DatasetIndex(right.DatasetIndex):
    def by_label(self, label):
        return [each for each in self if each.label == label]
