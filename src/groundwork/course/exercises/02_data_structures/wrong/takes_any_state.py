"""Goes on from any state, with rows that are others."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_state_of_another_loader_is_refused",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "data.py")


class BatchLoader(right.BatchLoader):
    def load_state_dict(self, state):
        super().load_state_dict({**state, **self.facts()})
