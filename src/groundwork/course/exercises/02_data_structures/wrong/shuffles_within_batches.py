"""Shuffles the rows of each batch: the batches are those of the sorted file."""

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
        order = list(range(self.frame.height))
        for begin in range(0, len(order), self.batch_size):
            batch = order[begin : begin + self.batch_size]
            order[begin : begin + self.batch_size] = chance.sample(batch, len(batch))
        return order
