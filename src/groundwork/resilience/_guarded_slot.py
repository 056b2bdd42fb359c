"""A bulkhead inside a breaker.

Rule: a call that got no slot was not begun, so it says nothing of what the breaker watches; otherwise too many callers
here would open the circuit to a service that is well.
"""

import functools
from typing import Any

from groundwork.resilience._breaker import CircuitBreaker
from groundwork.resilience._bulkhead import Bulkhead
from groundwork.resilience._wrapping import Function


class _NotBegun(BaseException):
    """Carries a refusal past the breaker, which counts none but ``Exception`` and frees the slot of a lost probe."""

    def __init__(self, why: BaseException) -> None:
        super().__init__(why)
        self.why = why


def guarded_slot(breaker: CircuitBreaker, bulkhead: Bulkhead, fn: Function, asynchronous: bool) -> Function:
    """Return what calls ``fn`` in a slot of the bulkhead, if the breaker lets it.

    Args:
        breaker: The breaker.
        bulkhead: The bulkhead inside it.
        fn: The function.
        asynchronous: Whether it is a coroutine function.
    """
    return _guarded_async(breaker, bulkhead, fn) if asynchronous else _guarded(breaker, bulkhead, fn)


def _guarded(breaker: CircuitBreaker, bulkhead: Bulkhead, fn: Function) -> Function:
    take, leave = bulkhead.take, bulkhead.leave

    def in_slot(*args: Any, **kwargs: Any) -> Any:
        try:
            waiter = take()
            if waiter is not None:
                bulkhead.wait(waiter)
        except BaseException as error:  # noqa: BLE001 - raised again behind the breaker
            raise _NotBegun(error) from None
        try:
            return fn(*args, **kwargs)
        finally:
            leave()

    guarded = breaker(in_slot)

    @functools.wraps(fn)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return guarded(*args, **kwargs)
        except _NotBegun as not_begun:
            raise not_begun.why from not_begun.why.__cause__

    return call


def _guarded_async(breaker: CircuitBreaker, bulkhead: Bulkhead, fn: Function) -> Function:
    take, leave = bulkhead.take_async, bulkhead.leave

    async def in_slot(*args: Any, **kwargs: Any) -> Any:
        try:
            waiter = take()
            if waiter is not None:
                await bulkhead.wait_async(waiter)
        except BaseException as error:  # noqa: BLE001 - raised again behind the breaker
            raise _NotBegun(error) from None
        try:
            return await fn(*args, **kwargs)
        finally:
            leave()

    guarded = breaker(in_slot)

    @functools.wraps(fn)
    async def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return await guarded(*args, **kwargs)
        except _NotBegun as not_begun:
            raise not_begun.why from not_begun.why.__cause__

    return call
