"""Try again what may pass.

Rule: nothing is built before the first exception, so a call that succeeds pays for one try block.
"""

import functools
import inspect
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, ParamSpec, TypeVar, cast

from groundwork.errors import ConfigurationError, RetryExhausted, TransientError
from groundwork.resilience._backoff import Backoff
from groundwork.resilience._clock import Clock, SystemClock

P = ParamSpec("P")
T = TypeVar("T")
Kinds = type[Exception] | tuple[type[Exception], ...]


@dataclass(frozen=True, slots=True)
class Retry:
    """A retry policy; apply it to a function, or hand it to a pipeline step.

    Attributes:
        on: Exceptions worth another attempt.
        attempts: Calls at most, the first included.
        backoff: Waits between them.
        deadline_s: Seconds from the first call after which no further attempt begins, or None.
        clock: Where time comes from.
        seed: Seed of the jitter, or None for a different spread in each process.
    """

    on: Kinds = TransientError
    attempts: int = 3
    backoff: Backoff = field(default_factory=Backoff)
    deadline_s: float | None = None
    clock: Clock = field(default_factory=SystemClock)
    seed: int | None = None

    def __post_init__(self) -> None:
        if self.attempts < 1:
            raise ConfigurationError(f"retry attempts={self.attempts} would never call; give 1 or more")

    def __call__(self, fn: Callable[P, T]) -> Callable[P, T]:
        """Return ``fn`` with this policy; its signature and its kind (sync or async) stay.

        Args:
            fn: A function, coroutine function or method.

        Raises:
            RetryExhausted: From the returned function, when the last attempt failed; that failure is the cause.
        """
        if inspect.iscoroutinefunction(fn):

            @functools.wraps(fn)
            async def call_async(*args: P.args, **kwargs: P.kwargs) -> Any:
                start_s = self.clock.monotonic()
                try:
                    return await fn(*args, **kwargs)
                except self.on as error:
                    return await self._again_async(functools.partial(fn, *args, **kwargs), error, start_s)

            return cast("Callable[P, T]", call_async)

        @functools.wraps(fn)
        def call(*args: P.args, **kwargs: P.kwargs) -> T:
            start_s = self.clock.monotonic()
            try:
                return fn(*args, **kwargs)
            except self.on as error:
                return self._again(functools.partial(fn, *args, **kwargs), error, start_s)

        return call

    def _again(self, fn: Callable[[], T], error: Exception, start_s: float) -> T:
        rng = random.Random(self.seed)
        for failures in range(1, self.attempts):
            self.clock.sleep(self._wait_s(failures, error, rng, start_s))
            try:
                return fn()
            except self.on as next_error:
                error = next_error
        raise self._exhausted(self.attempts, error, start_s) from error

    async def _again_async(self, fn: Callable[[], Awaitable[T]], error: Exception, start_s: float) -> T:
        rng = random.Random(self.seed)
        for failures in range(1, self.attempts):
            await self.clock.sleep_async(self._wait_s(failures, error, rng, start_s))
            try:
                return await fn()
            except self.on as next_error:
                error = next_error
        raise self._exhausted(self.attempts, error, start_s) from error

    def _wait_s(self, failures: int, error: Exception, rng: random.Random, start_s: float) -> float:
        wait_s = self.backoff.wait_s(failures, rng)
        asked_s = getattr(error, "retry_after_s", None)
        if asked_s is not None:
            wait_s = max(wait_s, asked_s)
        if self.deadline_s is not None and self.clock.monotonic() + wait_s > start_s + self.deadline_s:
            # Waiting for an attempt that may not begin would only delay the bad news.
            raise self._exhausted(failures, error, start_s) from error
        return wait_s

    def _exhausted(self, failures: int, error: Exception, start_s: float) -> RetryExhausted:
        seconds = self.clock.monotonic() - start_s
        return RetryExhausted(
            f"{failures} of {self.attempts} attempts failed in {seconds:.1f} s; the last: {error}",
            hint=getattr(error, "hint", None),
            context={"attempts": failures, "seconds": seconds, **getattr(error, "context", {})},
        )


def retry(
    on: Kinds = TransientError,
    attempts: int = 3,
    backoff: Backoff | None = None,
    deadline_s: float | None = None,
    *,
    clock: Clock | None = None,
    seed: int | None = None,
) -> Retry:
    """Return a retry policy, for use as a decorator.

    Args:
        on: Exceptions worth another attempt.
        attempts: Calls at most, the first included.
        backoff: Waits between them; exponential with equal jitter if None.
        deadline_s: Seconds from the first call after which no further attempt begins.
        clock: Where time comes from; the system's if None.
        seed: Seed of the jitter.

    Returns:
        The policy; ``@retry(attempts=5)`` wraps a function with it.

    Raises:
        ConfigurationError: Fewer than one attempt.
    """
    return Retry(on, attempts, backoff or Backoff(), deadline_s, clock or SystemClock(), seed)
