"""One batch on its way through the model.

Rule: what nobody wants any more when a thread comes to it does not reach the model.
"""

from collections.abc import Callable, Sequence
from time import perf_counter
from typing import Any

from groundwork.concurrency._batch_errors import deadline_exceeded
from groundwork.concurrency._group_queue import Slices
from groundwork.concurrency._isolation import Answer, predict_isolated


class BatchRun:
    """A batch that was handed over.

    Args:
        items: What it holds.
        slices: Whose they are.

    Attributes:
        began: When the model got it, in seconds of ``perf_counter``; -1.0 as long as it has not.
    """

    __slots__ = ("began", "items", "slices")

    def __init__(self, items: list[Any], slices: Slices) -> None:
        self.items = items
        self.slices = slices
        self.began = -1.0

    def wanted(self) -> Slices:
        """Return the slices of calls that have not ended."""
        return [each for each in self.slices if each[0].done is not None]

    def predict_wanted(self, predict: Callable[[list[Any]], Sequence[Any]], clock: Callable[[], float]) -> list[Answer]:
        """Predict what is still wanted, on the executor's thread.

        Args:
            predict: The model.
            clock: The loop's.

        Returns:
            One answer an item; of what was left out, the error of a deadline.
        """
        now = clock()
        wanted = [
            group.done is not None and group.deadline > now and (group.future is None or not group.future.done())
            for group, _, _ in self.slices
        ]
        if any(wanted):
            # What predicts nothing has not begun: it says nothing of how long a batch takes.
            self.began = perf_counter()
        if all(wanted):
            return predict_isolated(predict, self.items)
        kept = [keep for keep, (_, _, count) in zip(wanted, self.slices, strict=True) for _ in range(count)]
        items = [item for item, keep in zip(self.items, kept, strict=True) if keep]
        answers = iter(predict_isolated(predict, items) if items else [])
        return [next(answers) if keep else deadline_exceeded() for keep in kept]
