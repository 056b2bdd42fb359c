"""replace() and assign() take the sample out and add it again, behind all others."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_change_is_seen_everywhere",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "data.py")
Sample = right.Sample


class DatasetIndex(right.DatasetIndex):
    def replace(self, sample):
        self.remove(sample.id)
        self.add(sample)
