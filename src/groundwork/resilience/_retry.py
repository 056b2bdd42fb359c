"""Try again what may pass.

Rule: a policy is a value; decorator, call and loop are three ways into the same attempts.
"""

import functools
import random
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, ParamSpec, TypeVar, cast, overload

from groundwork.errors import ConfigurationError, TransientError
from groundwork.resilience import _arguments as arguments
from groundwork.resilience._attempts import Attempt, Attempts
from groundwork.resilience._backoff import Backoff
from groundwork.resilience._budget import RetryBudget
from groundwork.resilience._clock import Clock, SystemClock
from groundwork.resilience._deadline import check_deadline
from groundwork.resilience._on import Kinds, On, is_meant, kinds_of
from groundwork.resilience._retried import retried
from groundwork.resilience._retry_hooks import RetryHook
from groundwork.resilience._wrapping import decorable

P = ParamSpec("P")
T = TypeVar("T")
F = TypeVar("F", bound="Callable[..., Any] | classmethod[Any, ..., Any]")


@dataclass(frozen=True, slots=True)
class Retry:
    """A retry policy: a decorator, a way to call, or a loop.

    ``policy(fn)`` decorates, ``policy.call(fn, …)`` calls, and ``for attempt in policy:`` with ``with attempt:`` inside
    (or ``async for`` with ``async with``) tries a block. One policy may serve many calls, threads and tasks at once.
    Cancellation, Ctrl-C and exit are never retried.

    Attributes:
        on: Exceptions worth another attempt: types, or a function that says of an exception whether it is.
        attempts: Calls at most, the first included; None for no bound but the deadline or the budget, which bounds
            how many retries there are in a second, and not how many in all.
        backoff: Waits between them; an error's own ``retry_after_s`` makes a wait longer.
        deadline_s: Seconds for everything, waits included, or None. No wait begins that would outlast it, and an
            asynchronous attempt is cancelled when it is over.
        attempt_timeout_s: Seconds for one attempt, or None. An asynchronous attempt is cancelled, which counts as a
            failure worth another. A synchronous one cannot be stopped; it finds the limit as its ``deadline``.
        budget: What retries are taken from, shared with other policies, or None.
        hook: Told of each failure that is retried or given up on.
        clock: Where time comes from.
        seed: Seed of the jitter, for all calls of this policy together; None for a spread that nothing repeats.
        rng: Made of the seed; None without one.
        kinds: The types of exceptions that are looked at; the same as ``on``, unless that is a function.
    """

    on: On = TransientError
    attempts: int | None = 3
    backoff: Backoff = field(default_factory=Backoff)
    deadline_s: float | None = None
    attempt_timeout_s: float | None = None
    budget: RetryBudget | None = None
    hook: RetryHook | None = None
    clock: Clock = field(default_factory=SystemClock)
    seed: int | None = None
    rng: random.Random | None = field(init=False, repr=False, compare=False)
    kinds: Kinds = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._check_bounds()
        arguments.kind("retry backoff", self.backoff, Backoff, optional=False)
        arguments.kind("retry budget", self.budget, RetryBudget)
        arguments.kind("retry seed", self.seed, int)
        arguments.listener("retry", self.hook)
        arguments.clock("retry", self.clock)
        # Frozen for everyone else.
        object.__setattr__(self, "rng", None if self.seed is None else random.Random(self.seed))
        object.__setattr__(self, "kinds", kinds_of(self.on, "retry"))

    def _check_bounds(self) -> None:
        if self.attempts is None:
            if self.deadline_s is None and self.budget is None:
                raise ConfigurationError("retry attempts=None would never end; give deadline_s or a budget with it")
        else:
            arguments.count("retry attempts", self.attempts)
        for name, limit_s in (("deadline_s", self.deadline_s), ("attempt_timeout_s", self.attempt_timeout_s)):
            if limit_s is not None:
                arguments.number(f"retry {name}", limit_s, above=True)

    def __call__(self, fn: F) -> F:
        """Return ``fn`` with this policy; its signature, its type and its kind (sync or async) stay.

        A generator function is retried until it gives its first item.

        Args:
            fn: A function, coroutine function, generator function or method; also a classmethod or staticmethod.

        Raises:
            RetryExhausted: From the returned function, when there is no other attempt; the last failure is the cause.
        """
        if isinstance(fn, classmethod | staticmethod):
            return cast("F", type(fn)(self(fn.__func__)))
        plain = decorable(fn, "a retry")
        return cast("F", functools.wraps(plain)(retried(self, plain)))

    def call(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Call ``fn`` under this policy.

        Args:
            fn: A function, or a coroutine function, whose result is then awaited as if it were called directly.
            *args: Passed on.
            **kwargs: Passed on.

        Returns:
            What ``fn`` returns.

        Raises:
            RetryExhausted: There is no other attempt; the last failure is the cause.
        """
        return cast("T", retried(self, fn)(*args, **kwargs))

    def __iter__(self) -> Iterator[Attempt]:
        return self.begin("block")

    def __aiter__(self) -> AsyncIterator[Attempt]:
        return self.begin("block")

    def retries(self, error: Exception) -> bool:
        """Say whether an exception is worth another attempt.

        Args:
            error: The exception.
        """
        return is_meant(error, self.on, self.kinds)

    def begin(self, name: str, clock: Clock | None = None) -> Attempts:
        """Return the attempts of one call that begins now.

        Args:
            name: What is called, for hooks.
            clock: What sleeps between them; the policy's if None.

        Raises:
            DeadlineExceeded: The deadline around the call has passed.
        """
        check_deadline()
        if self.budget is not None:
            self.budget.deposit()
        return Attempts(self, name, self.clock.monotonic(), clock)


@overload
def retry(
    target: Kinds = ...,
    /,
    *,
    on: On = ...,
    attempts: int | None = ...,
    backoff: Backoff | None = ...,
    deadline_s: float | None = ...,
    attempt_timeout_s: float | None = ...,
    budget: RetryBudget | None = ...,
    hook: RetryHook | None = ...,
    clock: Clock | None = ...,
    seed: int | None = ...,
) -> Retry: ...
@overload
def retry(target: F, /) -> F: ...
def retry(
    target: Any = None,
    /,
    *,
    on: On = TransientError,
    attempts: int | None = 3,
    backoff: Backoff | None = None,
    deadline_s: float | None = None,
    attempt_timeout_s: float | None = None,
    budget: RetryBudget | None = None,
    hook: RetryHook | None = None,
    clock: Clock | None = None,
    seed: int | None = None,
) -> Any:
    """Return a retry policy: ``@retry(attempts=5)``; or, as plain ``@retry``, the function with the default policy.

    Args:
        target: The function of a plain ``@retry``; or exception types, as ``on``.
        on: Exceptions worth another attempt: types, or a function that says of an exception whether it is.
        attempts: Calls at most, the first included; None for no bound but the deadline or the budget.
        backoff: Waits between them; exponential with equal jitter if None.
        deadline_s: Seconds for everything, waits included.
        attempt_timeout_s: Seconds for one attempt.
        budget: What retries are taken from, shared with other policies.
        hook: Told of each failure that is retried or given up on.
        clock: Where time comes from; the system's if None.
        seed: Seed of the jitter.

    Returns:
        The policy, see ``Retry``.

    Raises:
        ConfigurationError: Fewer than one attempt, no bound at all, a limit of no time, or something to retry on
            that is no ``Exception``.
    """
    bare = target is not None and not _are_types(target)
    policy = Retry(
        on if target is None or bare else target,
        attempts,
        Backoff() if backoff is None else backoff,
        deadline_s,
        attempt_timeout_s,
        budget,
        hook,
        SystemClock() if clock is None else clock,
        seed,
    )
    return policy(target) if bare else policy


def _are_types(value: object) -> bool:
    return isinstance(value, tuple) or (isinstance(value, type) and issubclass(value, BaseException))
