"""Delivers the short last batch, but len() does not count it: progress ends at 101 %."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "every_row_is_in_a_batch",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "data.py")


class BatchLoader(right.BatchLoader):
    counts = False

    def __len__(self):
        return super().__len__() if self.counts else self.frame.height // self.batch_size

    def made(self, order, begin):
        self.counts = True
        try:
            yield from super().made(order, begin)
        finally:
            self.counts = False
