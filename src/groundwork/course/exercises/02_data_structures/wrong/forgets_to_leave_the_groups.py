"""remove() takes the sample out of the dict of ids, and of nothing else."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_removed_sample_is_nowhere",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "data.py")
Sample = right.Sample


class DatasetIndex(right.DatasetIndex):
    def remove(self, id):
        sample = self.get(id)
        del self.samples[id]
        return sample

    def chosen(self, ids):
        return [self.samples.get(id, right.Sample(id)) for id in sorted(ids, key=self.places.__getitem__)]
