"""Counts a batch when the next one is asked for: the one that is being learnt comes again."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "it_goes_on_where_it_stopped",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "data.py")


class BatchLoader(right.BatchLoader):
    def __iter__(self):
        self.late = 1
        for batch in super().__iter__():
            yield batch
            self.late = 1
        self.late = 0

    def state_dict(self):
        state = super().state_dict()
        return {**state, "delivered": max(0, state["delivered"] - 1)}
