"""A state is a number by which the process remembers the place: another process knows none."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "killed_again_and_again_it_learns_each_row_once",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "data.py")

_PLACES = {}


class BatchLoader(right.BatchLoader):
    def state_dict(self):
        state = super().state_dict()
        _PLACES[len(_PLACES)] = state["delivered"]
        return {**state, "delivered": len(_PLACES) - 1}

    def load_state_dict(self, state):
        super().load_state_dict({**state, "delivered": _PLACES[state["delivered"]]})
