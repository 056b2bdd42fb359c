"""A label whose last sample went is still there, with a count of nothing."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_removed_sample_is_nowhere",
    "a_change_is_seen_everywhere",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "data.py")
Sample = right.Sample


class DatasetIndex(right.DatasetIndex):
    def leave(self, sample):
        for group in right.groups_of(sample):
            self.groups[group].remove(sample.id)
