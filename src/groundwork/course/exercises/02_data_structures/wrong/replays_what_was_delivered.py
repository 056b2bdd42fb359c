"""Goes on by making all batches from the first, and throwing away what was delivered."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "what_was_delivered_is_not_made_again",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "data.py")


class BatchLoader(right.BatchLoader):
    def made(self, order, begin):
        for nth, batch in enumerate(super().made(order, 0)):
            if nth >= begin:
                yield batch
