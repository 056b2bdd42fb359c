"""Functions behind a circuit breaker.

Rule: a call that succeeds while all are let through pays for a try block and one note in the window; only a breaker
that looks for slow calls reads the clock around each.
"""

import inspect
from types import CoroutineType
from typing import TYPE_CHECKING, Any

from groundwork.resilience._deadline import ambient, check_deadline
from groundwork.resilience._retry_generators import retried_async_generator, retried_generator
from groundwork.resilience._window import SLOW
from groundwork.resilience._wrapping import Function, decorable, is_kind, is_plain, refuse_awaitable

if TYPE_CHECKING:
    from groundwork.resilience._breaker import CircuitBreaker


def guarded(breaker: "CircuitBreaker", fn: Function, *, looks: bool = True) -> Function:
    """Return what calls ``fn`` behind the breaker, of the same kind: sync, async, generator or async generator.

    Args:
        breaker: The breaker.
        fn: The function.
        looks: Whether it asks at each call if the deadline around it has passed.
    """
    if is_plain(fn):
        return _guarded(breaker, fn, looks)
    if not callable(fn):
        decorable(fn, "a breaker")
    if is_kind(inspect.iscoroutinefunction, fn):
        return _guarded_async(breaker, fn, looks)
    if is_kind(inspect.isgeneratorfunction, fn):
        return retried_generator(breaker, fn)
    if is_kind(inspect.isasyncgenfunction, fn):
        return retried_async_generator(breaker, fn)
    return _guarded(breaker, fn, looks)


def _guarded(breaker: "CircuitBreaker", fn: Function, looks: bool) -> Function:
    circuit, settle, timer, slow_s = breaker.circuit, breaker.settle, breaker.timer, breaker.slow_s

    def call(*args: Any, **kwargs: Any) -> Any:
        if looks and ambient() is not None:
            check_deadline()
        ticket = circuit.counting or circuit.admit()
        start_s = 0.0 if timer is None else timer()
        try:
            result = fn(*args, **kwargs)
        except BaseException as error:
            settle(ticket, error, start_s)
            raise
        if type(result) is CoroutineType:
            circuit.lost(ticket)
            refuse_awaitable(fn, result)
        if timer is None or timer() - start_s < slow_s:
            ticket.succeed()
        else:
            circuit.failed(ticket, SLOW, None)
        return result

    return call


def _guarded_async(breaker: "CircuitBreaker", fn: Function, looks: bool) -> Function:
    circuit, settle, timer, slow_s = breaker.circuit, breaker.settle, breaker.timer, breaker.slow_s

    async def call_async(*args: Any, **kwargs: Any) -> Any:
        if looks and ambient() is not None:
            check_deadline()
        ticket = circuit.counting or circuit.admit()
        start_s = 0.0 if timer is None else timer()
        try:
            result = await fn(*args, **kwargs)
        except BaseException as error:
            settle(ticket, error, start_s)
            raise
        if timer is None or timer() - start_s < slow_s:
            ticket.succeed()
        else:
            circuit.failed(ticket, SLOW, None)
        return result

    return call_async
