"""A model that answers what a test says, and remembers what it was asked.

Rule: without orders it gives back what it gets. It goes wherever a model with ``predict(batch)`` does, the server too.
"""

from collections.abc import Callable, Sequence
from typing import Any

from groundwork.errors import UsageError


class FakeModel:
    """A model under the orders of a test.

    Args:
        answer: Gives the prediction of one row; None gives the row itself.
        version: What it says its version is.

    Attributes:
        answer: As given; may be replaced.
        version: As given.
        batches: Every batch that it was asked for, in order, also those that failed.
    """

    def __init__(self, answer: Callable[[Any], Any] | None = None, *, version: str = "1") -> None:
        self.answer = answer
        self.version = version
        self.batches: list[list[Any]] = []
        self._failures: list[BaseException] = []

    @property
    def rows(self) -> list[Any]:
        """Every row that it was asked for, in order."""
        return [row for batch in self.batches for row in batch]

    def fail_next(self, *errors: BaseException) -> None:
        """Let the next calls fail, one error each.

        Args:
            *errors: What they raise, in order.

        Raises:
            UsageError: One of them is no exception.
        """
        odd = next((error for error in errors if not isinstance(error, BaseException)), None)
        if odd is not None:
            raise UsageError(f"a model cannot raise {odd!r}; give an exception, as RuntimeError('broken')")
        self._failures += errors

    def predict(self, batch: Sequence[Any]) -> list[Any]:
        """Answer.

        Args:
            batch: The rows.

        Returns:
            One prediction a row.
        """
        self.batches.append(list(batch))
        if self._failures:
            raise self._failures.pop(0)
        return [row if self.answer is None else self.answer(row) for row in batch]
