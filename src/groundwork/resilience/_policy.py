"""Retry, breaker, bulkhead, deadline and fallback around one call.

Rule: one order, which the docs argue for. From the outside in: fallback, deadline, retry, breaker, bulkhead, call.
Cost: the parts are put around a function once, when it is decorated; a call goes through those that were asked for.
"""

import functools
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from groundwork.errors import ConfigurationError
from groundwork.resilience._breaker import CircuitBreaker
from groundwork.resilience._breaker_calls import guarded
from groundwork.resilience._bulkhead import Bulkhead
from groundwork.resilience._deadline import deadline as Deadline  # noqa: N812 - an argument has its name
from groundwork.resilience._fallback import fallback as Fallback  # noqa: N812 - an argument has its name
from groundwork.resilience._guarded_slot import guarded_slot
from groundwork.resilience._retried import retried
from groundwork.resilience._retry import Retry
from groundwork.resilience._wrapping import Function, is_async, wrapped

P = ParamSpec("P")
T = TypeVar("T")
F = TypeVar("F", bound="Callable[..., Any] | classmethod[Any, ..., Any]")


class Policy:
    """How a call is guarded: ``@policy``, or ``policy.call(fn, …)``.

    Put it around what is called often as a decorator, since ``call`` puts the parts together anew each time. One
    policy may guard many functions; they then share its breaker, its bulkhead and its retry budget, as they should
    where they call the same thing.

    Args:
        retry: Tries again. By default it does not retry ``CircuitOpen``; it does retry ``Overloaded``, which the
            bulkhead raises.
        breaker: Counts each attempt. A call that the bulkhead kept from beginning is none.
        bulkhead: Bounds the attempts that run at once; a call that waits for its next attempt holds no slot.
        deadline: Seconds for everything, waits included; or a ``deadline``, for its clock.
        fallback: Answers when all of that failed.

    Raises:
        ConfigurationError: An argument is no such thing.
    """

    __slots__ = ("_breaker", "_bulkhead", "_deadline", "_fallback", "_retry")

    def __init__(
        self,
        *,
        retry: Retry | None = None,
        breaker: CircuitBreaker | None = None,
        bulkhead: Bulkhead | None = None,
        deadline: Deadline | float | None = None,
        fallback: Fallback | None = None,
    ) -> None:
        if isinstance(deadline, int | float):
            deadline = Deadline(deadline)
        for name, part, kind in (
            ("retry", retry, Retry),
            ("breaker", breaker, CircuitBreaker),
            ("bulkhead", bulkhead, Bulkhead),
            ("deadline", deadline, Deadline),
            ("fallback", fallback, Fallback),
        ):
            if not (part is None or isinstance(part, kind)):
                raise ConfigurationError(
                    f"policy {name}={part!r} is no {kind.__name__}", hint=f"write {name}={kind.__name__}(…)"
                )
        self._retry = retry
        self._breaker = breaker
        self._bulkhead = bulkhead
        self._deadline = deadline
        self._fallback = fallback

    def __call__(self, fn: F) -> F:
        """Return ``fn`` under this policy; its signature, its type and its kind stay.

        Args:
            fn: A function, coroutine function or method; also a classmethod or staticmethod.

        Raises:
            ConfigurationError: It is a generator function, or an asynchronous fallback is to answer for a
                synchronous function.
        """
        return wrapped(fn, self._around, "a policy")

    def call(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Call ``fn`` under this policy.

        Args:
            fn: A function, or a coroutine function, whose result is then awaited as if it were called directly.
            *args: Passed on.
            **kwargs: Passed on.

        Returns:
            What ``fn`` returns, or the fallback.
        """
        return self._around(fn, is_async(fn, "a policy"))(*args, **kwargs)  # type: ignore[no-any-return]

    def _around(self, fn: Function, asynchronous: bool) -> Function:
        # Whether the time around the call is over is asked once, by the outermost that has to do with time.
        looks = self._deadline is None and self._retry is None
        guard = self._guard(fn, asynchronous, looks)
        if self._retry is not None:
            guard = retried(self._retry, _named(guard, fn), looks=self._deadline is None)
        for outer in (self._deadline, self._fallback):
            guard = guard if outer is None else outer.around(_named(guard, fn), asynchronous)
        return _named(guard, fn)

    def _guard(self, fn: Function, asynchronous: bool, looks: bool) -> Function:
        if self._breaker is None:
            return fn if self._bulkhead is None else self._bulkhead.around(fn, asynchronous, looks=looks)
        if self._bulkhead is None:
            return guarded(self._breaker, fn, looks=looks)
        return guarded_slot(self._breaker, self._bulkhead, fn, asynchronous, looks=looks)


def _named(guard: Function, fn: Function) -> Function:
    return guard if guard is fn else functools.update_wrapper(guard, fn)
