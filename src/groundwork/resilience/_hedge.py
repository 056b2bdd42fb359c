"""A second attempt beside a slow first one.

Rule: a hedge changes how long a call takes and never what it says. The first success wins, the others are cancelled
and awaited; an attempt that fails alone is no reason for another, which is the retry's matter.
Cost: one task for each attempt, and up to ``limit`` times the load when everything is slow; hence the budget.
"""

import asyncio
import functools
import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, ParamSpec, Protocol, TypeVar

from groundwork.errors import ConfigurationError
from groundwork.resilience import _arguments as arguments
from groundwork.resilience._budget import RetryBudget
from groundwork.resilience._deadline import ambient, check_deadline
from groundwork.resilience._retry_hooks import tell
from groundwork.resilience._stopping import stop
from groundwork.resilience._wrapping import Function, decorable, name_of, wrapped

P = ParamSpec("P")
T = TypeVar("T")
F = TypeVar("F", bound="Callable[..., Any] | classmethod[Any, ..., Any]")


@dataclass(frozen=True, slots=True)
class HedgeAttempt:
    """An attempt that begins beside others, because those are slow.

    Attributes:
        name: What was called, as ``module.function``.
        number: Which attempt it is, from 2.
    """

    name: str
    number: int


class HedgeHook(Protocol):
    """A function that is told of each attempt that a hedge adds."""

    def __call__(self, attempt: HedgeAttempt, /) -> Any:
        """Listen; called in the caller's task, so it should be quick.

        Args:
            attempt: What begins.
        """
        ...


class hedge:  # noqa: N801 - used as a verb, as deadline
    """Call again what has not answered yet, and take the first answer: ``@hedge(0.05)``; for coroutine functions.

    Only for calls that may run twice: reads, and writes under a key that makes the second one harmless.

    If every attempt fails, the error of the first is raised, so that retry, breaker and fallback see what they would
    see without a hedge; its cause is the group of the other attempts' errors, unless it has a cause of its own.

    Args:
        delay_s: Seconds before another attempt begins; a good value is the time that 95 % of the calls keep within.
        limit: Attempts at once, at most; 2 or more.
        budget: What further attempts are taken from, so that a slow service is not asked twice by everyone.
        hook: Told of each further attempt.

    Raises:
        ConfigurationError: The numbers make no sense, or what is decorated is no coroutine function.
    """

    __slots__ = ("_budget", "_delay_s", "_hook", "_limit")

    def __init__(
        self, delay_s: float, limit: int = 2, *, budget: RetryBudget | None = None, hook: HedgeHook | None = None
    ) -> None:
        arguments.number("hedge delay_s", delay_s)
        arguments.count("hedge limit", limit, least=2)
        arguments.kind("hedge budget", budget, RetryBudget)
        arguments.listener("hedge", hook)
        self._delay_s = delay_s
        self._limit = limit
        self._budget = budget
        self._hook = hook

    def __call__(self, fn: F) -> F:
        """Return ``fn`` with this hedge; its signature and its type stay.

        Args:
            fn: A coroutine function or method.
        """
        return wrapped(fn, self._around, "a hedge")

    async def call(self, fn: Callable[P, Awaitable[T]], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Call ``fn`` with this hedge.

        Args:
            fn: A coroutine function.
            *args: Passed on.
            **kwargs: Passed on.

        Returns:
            The first answer.
        """
        if ambient() is not None:
            check_deadline()
        if self._budget is not None:
            self._budget.deposit()
        attempts: list[asyncio.Task[T]] = []
        try:
            return await self._race(attempts, functools.partial(_begun, fn, args, kwargs), name_of(fn))
        finally:
            await stop(attempts)

    def _around(self, fn: Function, asynchronous: bool) -> Function:
        if not asynchronous:
            raise ConfigurationError(
                f"the synchronous {name_of(fn)} cannot be hedged, because it cannot be cancelled; make it async"
            )

        async def call_async(*args: Any, **kwargs: Any) -> Any:
            return await self.call(fn, *args, **kwargs)

        return call_async

    async def _race(self, attempts: list[asyncio.Task[T]], begin: Callable[[], Awaitable[T]], name: str) -> T:
        errors: dict[asyncio.Task[T], Exception] = {}
        due, more = True, True
        while True:
            if due:
                if attempts:
                    tell(self._hook, HedgeAttempt(name, len(attempts) + 1))
                attempts.append(asyncio.create_task(_awaited(begin)))
                more = len(attempts) < self._limit
            running = [attempt for attempt in attempts if attempt not in errors]
            done, _ = await asyncio.wait(
                running, timeout=self._delay_s if more else None, return_when=asyncio.FIRST_COMPLETED
            )
            for attempt in running:
                if attempt in done:
                    try:
                        return attempt.result()
                    except Exception as error:  # noqa: BLE001 - judged by whoever called, if no attempt succeeds
                        errors[attempt] = error
            if len(errors) == len(attempts):
                raise _together([errors[attempt] for attempt in attempts])
            # Only slowness asks for another attempt; a budget that is spent is asked once.
            due = more and not done and (self._budget is None or self._budget.withdraw())
            more = due or (more and bool(done))


async def _awaited(begin: Callable[[], Awaitable[T]]) -> T:
    # Called in here, so that one that raises at once is a failed attempt like any other.
    return await begin()


def _begun(fn: Function, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Awaitable[Any]:
    result = decorable(fn, "a hedge")(*args, **kwargs)
    if not inspect.isawaitable(result):
        raise ConfigurationError(f"{name_of(fn)} returned nothing to await and cannot be hedged; make it async")
    return result


def _together(errors: list[Exception]) -> Exception:
    first, *others = errors
    if others and first.__cause__ is None:
        first.__cause__ = ExceptionGroup("the hedged attempts beside it failed too", others)
    return first
