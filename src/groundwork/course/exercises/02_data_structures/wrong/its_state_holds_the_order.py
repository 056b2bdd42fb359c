"""Puts the order of all rows into the state."""

import random
from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_state_is_small",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "data.py")


class BatchLoader(right.BatchLoader):
    def state_dict(self):
        order = list(range(self.frame.height))
        random.Random(f"{self.seed} {self.epoch}").shuffle(order)
        return {**super().state_dict(), "order": order}
