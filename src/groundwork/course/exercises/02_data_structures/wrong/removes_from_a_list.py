"""Keeps the order in a list of ids; taking one out looks at all before it."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_look_up_does_not_scan",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "data.py")
Sample = right.Sample


class DatasetIndex(right.DatasetIndex):
    def __init__(self, samples=(), *, indexed=()):
        self.order = []
        super().__init__(samples)

    def add(self, sample):
        super().add(sample)
        self.order.append(sample.id)

    def remove(self, id):
        sample = super().remove(id)
        self.order.remove(id)
        return sample
