"""random.seed(...) and random.shuffle: the program's own draws are disturbed."""

import random
from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "an_order_depends_on_nothing_else",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "data.py")


class BatchLoader(right.BatchLoader):
    def made(self, order, begin):
        if self.shuffle:
            random.seed(f"{self.seed} {self.epoch}")
        return super().made(order, begin)
