"""Says that the state is of another loader, and not what differs."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_state_of_another_loader_is_refused",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "data.py")


class BatchLoader(right.BatchLoader):
    def load_state_dict(self, state):
        try:
            super().load_state_dict(state)
        except ValueError:
            raise ValueError("bad state") from None
