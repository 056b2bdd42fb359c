"""where(a=1, b=2) gives those of a=1 and those of b=2."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "samples_are_found_by_what_they_are",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "data.py")
Sample = right.Sample


class DatasetIndex(right.DatasetIndex):
    def where(self, **metadata):
        found = {each.id for key, value in metadata.items() for each in super(DatasetIndex, self).where(**{key: value})}
        return self.chosen(found)
