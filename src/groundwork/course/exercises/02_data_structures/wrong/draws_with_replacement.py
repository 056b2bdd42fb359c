"""Draws each row by chance: a third of them never comes, others come twice."""

import random
from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "an_epoch_has_every_row_once",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "data.py")


class BatchLoader(right.BatchLoader):
    def made(self, order, begin):
        if self.shuffle:
            order = self.mixed(random.Random(f"{self.seed} {self.epoch}"))
        return super().made(order, begin)

    def mixed(self, chance):
        rows = range(self.frame.height)
        return chance.choices(rows, k=len(rows)) if rows else []
