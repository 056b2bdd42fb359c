"""What a pipeline tells while it runs.

Rule: an observer listens; whatever it does, the run goes on as if nobody did.
"""

from dataclasses import dataclass
from typing import Any, Protocol

from groundwork.resilience._result import PipelineResult, PipelineStatus, StepResult


@dataclass(frozen=True, slots=True)
class RunEvent:
    """A run begins or has ended.

    Attributes:
        run: The run's id, as given to ``Pipeline``.
        status: RUNNING at the beginning, then what became of it.
        steps: Names of the steps, in order.
        seconds: Time since it began.
        result: What became of it; None at the beginning, and where an exception ended it.
    """

    run: str
    status: PipelineStatus
    steps: tuple[str, ...]
    seconds: float = 0.0
    result: PipelineResult | None = None


@dataclass(frozen=True, slots=True)
class StepEvent:
    """A step begins, failed an attempt that its policy may repeat, or has ended.

    Attributes:
        run: The run's id, as given to ``Pipeline``.
        step: The step so far: RUNNING at the beginning; RUNNING with an error after a failed attempt; else its end.
        optional: Whether the run goes on without it.
    """

    run: str
    step: StepResult
    optional: bool = False


Event = RunEvent | StepEvent


class Observer(Protocol):
    """A function that is told of every event of a run."""

    def __call__(self, event: Event, /) -> Any:
        """Listen; called in the thread or task of the run, so it should be quick.

        Args:
            event: What happened.
        """
        ...
