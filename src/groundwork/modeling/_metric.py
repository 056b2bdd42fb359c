"""A figure of one's own, and what the rest of groundwork must know of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

Task = Literal["classification", "regression"]


@dataclass(frozen=True, slots=True)
class Metric:
    """A function of outcome and prediction, and which way is better.

    A plain function may be registered as a metric too: it is one of both tasks, by which no best can be chosen.

    Attributes:
        function: Takes the outcomes, shape (n,), and as many predictions: of a classification 0 or 1 and the
            probability of 1, of a regression two numbers. Returns one finite number.
        greater_is_better: Whether more is better; None if that cannot be said.
        task: The task that it judges, or None for both.
    """

    function: Callable[[Any, Any], float]
    greater_is_better: bool | None = None
    task: Task | None = None

    def __call__(self, outcome: Any, prediction: Any) -> float:
        """Compute it.

        Args:
            outcome: What happened.
            prediction: What was predicted.
        """
        return self.function(outcome, prediction)

    @property
    def __wrapped__(self) -> Callable[[Any, Any], float]:
        return self.function
