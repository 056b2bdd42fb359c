"""One caller's items on their way through the batcher.

Rule: a caller has one future, whatever its number of items and over however many batches they are spread.
"""

import asyncio
from collections.abc import Sequence
from typing import Any, Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class Group(Generic[Item, Result]):
    """The items of one call: how many were taken, which answers are in, and the future that its caller awaits."""

    __slots__ = ("answers", "deadline", "future", "items", "taken", "timer")

    def __init__(self, items: Sequence[Item], future: "asyncio.Future[list[Result | BaseException]]") -> None:
        self.items = items
        self.future = future
        self.taken = 0
        self.answers: list[Result | BaseException] = []
        self.deadline: float | None = None
        self.timer: asyncio.TimerHandle | None = None

    @property
    def waiting(self) -> int:
        """How many items no batch has taken yet."""
        return len(self.items) - self.taken

    def take(self, room: int) -> Sequence[Item]:
        """Take the next items, as many as there is room for."""
        taken = self.items[self.taken : self.taken + room]
        self.taken += len(taken)
        return taken

    def answer(self, answers: list[Any]) -> None:
        """Add the answers of the items taken first; the last ones complete the call."""
        self.answers += answers
        if len(self.answers) == len(self.items) and not self.future.done():
            self.future.set_result(self.answers)

    def refuse(self, error: Exception) -> None:
        """End the call with an error, unless it has ended."""
        if not self.future.done():
            self.future.set_exception(error)
