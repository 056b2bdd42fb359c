"""Counts an epoch when it begins: one that was broken off is never finished."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_finished_epoch_is_followed_by_the_next",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "data.py")


class BatchLoader(right.BatchLoader):
    def __iter__(self):
        begun = self.epoch
        iterator = super().__iter__()
        for batch in iterator:
            self.epoch = begun + 1
            yield batch
        self.epoch = begun + 1

    def state_dict(self):
        return {**super().state_dict(), "epoch": self.epoch - (self.delivered > 0)}
