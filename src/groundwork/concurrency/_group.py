"""One caller's items on their way through the batcher.

Rule: a call ends once: by its answers, by an error, or by ``cancel``; ``done`` is None from then on.
"""

import asyncio
from collections.abc import Callable, Sequence
from math import inf
from typing import Any, Generic, TypeAlias, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

Outcome: TypeAlias = list[Result | BaseException] | Exception
"""What a call ends with: one answer an item, in order, or the error that ended all of it."""


class Group(Generic[Item, Result]):
    """The items of one call: what of them still waits, which answers are in, and whom to tell.

    Attributes:
        done: Called once with the outcome; None once the call has ended.
        items: What the caller gave; emptied when the call ends.
        rows: How many rows wait; those that a batch took are not counted.
        taken: How many items batches took.
        deadline: In the loop's time; infinity if there is none.
        future: What a task awaits for this call, if one does.
    """

    __slots__ = ("_answers", "_leave", "_left", "_weights", "deadline", "done", "future", "items", "rows", "taken")

    def __init__(
        self,
        items: Sequence[Item],
        rows: int,
        weights: Sequence[int] | None,
        done: Callable[[Outcome[Result]], object],
        leave: "Callable[[Group[Item, Result]], None]",
    ) -> None:
        self.items = items
        self.rows = rows
        self.done: Callable[[Outcome[Result]], object] | None = done
        self.taken = 0
        self.deadline = inf
        self.future: asyncio.Future[Any] | None = None
        self._weights = weights
        self._leave = leave
        self._answers: list[Any] | None = None

    def cancel(self) -> None:
        """End the call without an outcome: what still waits never reaches the model, and ``done`` is not called.

        A call that has ended is left as it is. Cost: constant, however many wait.
        """
        if self.done is not None:
            self._leave(self)

    def take(self, room: int) -> tuple[Sequence[Item], int]:
        """Take the next items that fit.

        Args:
            room: How many rows.

        Returns:
            The items, and how many rows they have.
        """
        if self._weights is None:
            count = rows = min(room, len(self.items) - self.taken)
        else:
            count = rows = 0
            for weight in self._weights[self.taken :]:
                if rows + weight > room:
                    break
                rows += weight
                count += 1
        taken = self.items[self.taken : self.taken + count]
        self.taken += count
        self.rows -= rows
        return taken, rows

    def rows_of(self, start: int, count: int) -> int:
        """Return how many rows some items have, also once the call has ended.

        Args:
            start: Place of the first.
            count: How many items.
        """
        return count if self._weights is None else sum(self._weights[start : start + count])

    def place(self, start: int, answers: list[Any]) -> list[Any] | None:
        """Put the answers of some items, not of all, in their places.

        Args:
            start: Place of the first.
            answers: Of items taken together.

        Returns:
            All answers, once they are complete; None before.
        """
        if self._answers is None:
            self._left = len(self.items)
            self._answers = [None] * self._left
        self._answers[start : start + len(answers)] = answers
        self._left -= len(answers)
        return None if self._left else self._answers
