"""A state is the number of batches: it goes on in the order of epoch 0."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "it_goes_on_where_it_stopped",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "data.py")


class BatchLoader(right.BatchLoader):
    def load_state_dict(self, state):
        super().load_state_dict({**state, "epoch": self.epoch})
