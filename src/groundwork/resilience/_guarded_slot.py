"""A bulkhead inside a breaker.

Rule: a call that got no slot was not begun, so it says nothing of what the breaker watches; otherwise too many callers
here would open the circuit to a service that is well.
"""

from types import CoroutineType
from typing import Any

from groundwork.errors import ConfigurationError
from groundwork.resilience._breaker import CircuitBreaker
from groundwork.resilience._breaker_calls import guarded
from groundwork.resilience._bulkhead import Bulkhead
from groundwork.resilience._wrapping import Function, refuse_awaitable


class _NotBegun(BaseException):
    """Carries a refusal past the breaker, which counts none but ``Exception`` and frees the slot of a lost probe."""

    def __init__(self, why: BaseException) -> None:
        super().__init__(why)
        self.why = why


def guarded_slot(
    breaker: CircuitBreaker, bulkhead: Bulkhead, fn: Function, asynchronous: bool, *, looks: bool = True
) -> Function:
    """Return what calls ``fn`` in a slot of the bulkhead, if the breaker lets it.

    Args:
        breaker: The breaker.
        bulkhead: The bulkhead inside it.
        fn: The function.
        asynchronous: Whether it is a coroutine function.
        looks: Whether it asks at each call if the deadline around it has passed.
    """
    around = _guarded_async if asynchronous else _guarded
    return around(breaker, bulkhead, fn, looks)


def _guarded(breaker: CircuitBreaker, bulkhead: Bulkhead, fn: Function, looks: bool) -> Function:
    take, leave = bulkhead.take, bulkhead.leave

    def in_slot(*args: Any, **kwargs: Any) -> Any:
        try:
            waiter = take()
            if waiter is not None:
                bulkhead.wait(waiter)
        except BaseException as error:  # noqa: BLE001 - raised again behind the breaker
            raise _NotBegun(error) from None
        try:
            result = fn(*args, **kwargs)
        finally:
            leave()
        if type(result) is CoroutineType:
            try:
                refuse_awaitable(fn, result)
            except ConfigurationError as error:
                raise _NotBegun(error) from None
        return result

    watched = guarded(breaker, in_slot, looks=looks)

    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return watched(*args, **kwargs)
        except _NotBegun as not_begun:
            raise not_begun.why from not_begun.why.__cause__

    return call


def _guarded_async(breaker: CircuitBreaker, bulkhead: Bulkhead, fn: Function, looks: bool) -> Function:
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

    watched = guarded(breaker, in_slot, looks=looks)

    async def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return await watched(*args, **kwargs)
        except _NotBegun as not_begun:
            raise not_begun.why from not_begun.why.__cause__

    return call
