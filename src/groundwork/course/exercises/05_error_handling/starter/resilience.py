"""Exercise 05: calls that are tried again, refused or cut in time, and runs that go on after a crash.

Four topics, each on its own: ``retry``, ``CircuitBreaker``, ``deadline`` with ``RetryBudget``, ``Pipeline``.
The README says what they must do, the guide how to get there, and ``groundwork learn check 05`` which rule comes next.
"""

import enum
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

Function = Callable[..., Any]
Errors = type[Exception] | tuple[type[Exception], ...]


class Clock(Protocol):
    """What is waited on and measured with; the checks pass one whose hours last no time."""

    def monotonic(self) -> float:
        """Return the seconds since some moment."""

    def sleep(self, seconds: float) -> None:
        """Wait."""

    async def sleep_async(self, seconds: float) -> None:
        """Wait, and let other tasks run meanwhile."""


class Journal(Protocol):
    """Where a pipeline writes down what has finished."""

    def records(self) -> Iterable[dict[str, Any]]:
        """Return what was appended, oldest first."""

    def append(self, record: Mapping[str, Any]) -> None:
        """Write a record of plain data down."""


class RetryExhausted(Exception):
    """No attempt is left, or no time for one; ``attempts`` says how many there were."""


class CircuitOpen(Exception):
    """A breaker refused the call; ``retry_after_s`` says when to come back."""


class DeadlineExceeded(Exception):
    """The time given for a call is over."""


class Backoff:
    """How long to wait after the first failure, the second, ...

    Args:
        initial_s: The first wait, before jitter.
        factor: Growth from one wait to the next.
        cap_s: No wait is longer.
        jitter: ``"none"``, or ``"equal"``: half of the capped wait fixed, half of it random.
    """

    def __init__(self, initial_s: float = 0.1, factor: float = 2.0, cap_s: float = 5.0, jitter: str = "equal") -> None:
        raise NotImplementedError("Backoff")


def retry(
    *,
    on: Errors = ConnectionError,
    attempts: int = 3,
    backoff: Backoff | None = None,
    deadline_s: float | None = None,
    attempt_timeout_s: float | None = None,
    budget: "RetryBudget | None" = None,
    clock: Clock | None = None,
    seed: int | None = None,
) -> Callable[[Function], Function]:
    """Return a decorator for functions, coroutine functions and generator functions.

    Args:
        on: The exception type worth another attempt, or a tuple of them.
        attempts: Calls at most, the first included.
        backoff: How long to wait; ``Backoff()`` unless given.
        deadline_s: Seconds for everything, waits included; a coroutine that hangs is cancelled.
        attempt_timeout_s: Seconds for one attempt of a coroutine, which is then cancelled; another follows.
        budget: A ``RetryBudget`` that several policies share.
        clock: What is waited on; the real time unless given. Never use ``time`` beside it.
        seed: Of the jitter; None for chance that nobody shares.

    Returns:
        The decorator.
    """
    raise NotImplementedError("retry")


class TimeWindow:
    """How many seconds a breaker looks back on.

    Args:
        span_s: The seconds.
    """

    def __init__(self, span_s: float) -> None:
        raise NotImplementedError("TimeWindow")


class CircuitBreaker:
    """Refuses calls of what keeps failing: ``with``, ``async with``, a decorator, or ``call``.

    Args:
        name: For messages.
        window: How many of the last calls it looks at; a ``TimeWindow``: how many seconds.
        failure_rate: The share of failures among them at which it opens.
        minimum_calls: How many there must be before it judges.
        cooldown_s: Seconds from when it opens until a probe.
        probes: How many probes run at once, and how many successes close it.
        slow_call_s: A call that takes as long is a failure, though it succeeds; None for no limit.
        on: The exception type that is a failure; any other is an answer.
        clock: See ``retry``.
    """

    def __init__(
        self,
        name: str,
        *,
        window: int | TimeWindow = 100,
        failure_rate: float = 0.5,
        minimum_calls: int = 10,
        cooldown_s: float = 30.0,
        probes: int = 1,
        slow_call_s: float | None = None,
        on: Errors = Exception,
        clock: Clock | None = None,
    ) -> None:
        raise NotImplementedError("CircuitBreaker")

    def call(self, fn: Function, *args: Any, **kwargs: Any) -> Any:
        """Call a function behind the breaker."""


def remaining_s() -> float | None:
    """Return the seconds until the deadline around this call, or None."""
    raise NotImplementedError("remaining_s")


class deadline:  # noqa: N801 - used as a verb
    """Bound a block: ``with deadline(5):``, or ``async with deadline(5):``, which is cancelled.

    Args:
        seconds: How long it may take.
        clock: See ``retry``.
    """

    def __init__(self, seconds: float, *, clock: Clock | None = None) -> None:
        raise NotImplementedError("deadline")


class RetryBudget:
    """Retries that first calls earn, for all policies together.

    Args:
        ratio: How many retries each first call earns.
        min_per_s: Retries a second that are allowed in any case.
        clock: See ``retry``.
    """

    def __init__(self, ratio: float = 0.2, min_per_s: float = 10.0, *, clock: Clock | None = None) -> None:
        raise NotImplementedError("RetryBudget")


class PipelineStatus(enum.StrEnum):
    """How a run ended."""

    SUCCESS = "SUCCESS"
    PARTIAL_FAILURE = "PARTIAL_FAILURE"
    FAILURE = "FAILURE"
    CANCELLED = "CANCELLED"


class PipelineResult:
    """What became of a run.

    Attributes:
        status: A ``PipelineStatus``.
        data: Outputs by the names of their steps.
        errors: What ended the run, as dicts of ``type``, ``message`` and ``cause`` (such a dict, or None).
        warnings: Sentences about what went wrong without ending the run.
        steps: An object with ``name`` and ``attempts`` for each step.
    """

    def to_dict(self) -> dict[str, Any]:
        """Return plain data."""
        raise NotImplementedError("PipelineResult")

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "PipelineResult":
        """Read what ``to_dict`` gave."""
        raise NotImplementedError("PipelineResult")


class Step:
    """One function of a pipeline; the names of its parameters say what it needs.

    Args:
        name: Its name, and that of its output.
        fn: The work.
        retry: What ``retry(...)`` returns, which decorates ``fn``; None for one attempt.
        fallback: Called as ``fn`` is when that has failed for good; may take ``error``.
        optional: Whether the run goes on without it.
        when: Asked, by its parameters' names, whether the step is to run; None for always.
    """

    def __init__(
        self,
        name: str,
        fn: Function,
        *,
        retry: Callable[[Function], Function] | None = None,
        fallback: Function | None = None,
        optional: bool = False,
        when: Function | None = None,
    ) -> None:
        raise NotImplementedError("Step")


class Pipeline:
    """Steps in order; each that has finished is written down.

    Args:
        steps: The steps.
        journal: What has finished already, and is to be; None for none.
    """

    def __init__(self, steps: Sequence[Step], *, journal: Journal | None = None) -> None:
        raise NotImplementedError("Pipeline")

    def run(self, inputs: Mapping[str, Any] | None = None) -> PipelineResult:
        """Run what has not finished with these inputs; return a ``PipelineResult``."""

    def cancel(self) -> None:
        """Let the run begin nothing new."""
