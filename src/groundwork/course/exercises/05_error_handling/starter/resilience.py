"""Exercise 05: calls that are tried again, refused or cut in time, and runs that go on after a crash.

Four topics, each on its own: ``retry``, ``CircuitBreaker``, ``deadline`` with ``RetryBudget``, ``Pipeline``.
The README says what they must do, the guide how to get there, and ``groundwork learn check 05`` which rule comes next.
"""

import enum


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

    def __init__(self, initial_s=0.1, factor=2.0, cap_s=5.0, jitter="equal"):
        raise NotImplementedError("Backoff")


def retry(
    *,
    on=ConnectionError,
    attempts=3,
    backoff=None,
    deadline_s=None,
    attempt_timeout_s=None,
    budget=None,
    clock=None,
    seed=None,
):
    """Return a decorator for functions, coroutine functions and generator functions.

    Args:
        on: The exception type worth another attempt, or a tuple of them.
        attempts: Calls at most, the first included.
        backoff: A ``Backoff``.
        deadline_s: Seconds for everything, waits included; a coroutine that hangs is cancelled.
        attempt_timeout_s: Seconds for one attempt of a coroutine, which is then cancelled; another follows.
        budget: A ``RetryBudget`` that several policies share.
        clock: Has ``monotonic()``, ``sleep(seconds)`` and ``async sleep_async(seconds)``; never use ``time`` instead.
        seed: Of the jitter; None for chance that nobody shares.
    """
    raise NotImplementedError("retry")


class TimeWindow:
    """How many seconds a breaker looks back on.

    Args:
        span_s: The seconds.
    """

    def __init__(self, span_s):
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
        name,
        *,
        window=100,
        failure_rate=0.5,
        minimum_calls=10,
        cooldown_s=30.0,
        probes=1,
        slow_call_s=None,
        on=Exception,
        clock=None,
    ):
        raise NotImplementedError("CircuitBreaker")

    def call(self, fn, *args, **kwargs):
        """Call a function behind the breaker."""


def remaining_s():
    """Return the seconds until the deadline around this call, or None."""
    raise NotImplementedError("remaining_s")


class deadline:  # noqa: N801 - used as a verb
    """Bound a block: ``with deadline(5):``, or ``async with deadline(5):``, which is cancelled.

    Args:
        seconds: How long it may take.
        clock: See ``retry``.
    """

    def __init__(self, seconds, *, clock=None):
        raise NotImplementedError("deadline")


class RetryBudget:
    """Retries that first calls earn, for all policies together.

    Args:
        ratio: How many retries each first call earns.
        min_per_s: Retries a second that are allowed in any case.
        clock: See ``retry``.
    """

    def __init__(self, ratio=0.2, min_per_s=10.0, *, clock=None):
        raise NotImplementedError("RetryBudget")


class PipelineStatus(enum.StrEnum):
    """How a run ended."""

    SUCCESS = "SUCCESS"
    PARTIAL_FAILURE = "PARTIAL_FAILURE"
    FAILURE = "FAILURE"
    CANCELLED = "CANCELLED"


class PipelineResult:
    """What became of a run: ``status``, ``data``, ``errors``, ``warnings``, ``steps``."""

    def to_dict(self):
        """Return plain data."""
        raise NotImplementedError("PipelineResult")

    @classmethod
    def from_dict(cls, data):
        """Read what ``to_dict`` gave."""
        raise NotImplementedError("PipelineResult")


class Step:
    """One function of a pipeline; the names of its parameters say what it needs.

    Args:
        name: Its name, and that of its output.
        fn: The work.
        retry: A retry policy, or None.
        fallback: Called when ``fn`` has failed for good; may take ``error``.
        optional: Whether the run goes on without it.
        when: Asked, by its parameters' names, whether the step is to run; None for always.
    """

    def __init__(self, name, fn, *, retry=None, fallback=None, optional=False, when=None):
        raise NotImplementedError("Step")


class Pipeline:
    """Steps in order; each that has finished is written down.

    Args:
        steps: The steps.
        journal: Has ``records()``, which iterates over dicts, and ``append(dict)``; None for none.
    """

    def __init__(self, steps, *, journal=None):
        raise NotImplementedError("Pipeline")

    def run(self, inputs=None):
        """Run what has not finished with these inputs; return a ``PipelineResult``."""

    def cancel(self):
        """Let the run begin nothing new."""
