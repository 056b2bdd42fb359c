"""Functions under a retry policy.

Rule: nothing is built before the first exception, so a call that succeeds pays for one look at the clock and one try
block. Only a policy with a time limit of its own arms it at each call.
"""

import inspect
from types import CoroutineType
from typing import TYPE_CHECKING, Any

from groundwork.resilience._attempts import Attempts
from groundwork.resilience._deadline import ambient, check_deadline
from groundwork.resilience._retry_generators import retried_async_generator, retried_generator
from groundwork.resilience._wrapping import Function, decorable, is_kind, is_plain, name_of, refuse_awaitable

if TYPE_CHECKING:
    from groundwork.resilience._retry import Retry


def retried(policy: "Retry", fn: Function, *, looks: bool = True) -> Function:
    """Return what calls ``fn`` under the policy, of the same kind: sync, async, generator or async generator.

    Args:
        policy: The policy.
        fn: The function.
        looks: Whether it asks at each call if the deadline around it has passed.
    """
    timed = policy.deadline_s is not None or policy.attempt_timeout_s is not None
    if is_plain(fn):
        return _timed(policy, fn) if timed else _plain(policy, fn, looks)
    if not callable(fn):
        decorable(fn, "a retry")
    if is_kind(inspect.iscoroutinefunction, fn):
        return _timed_async(policy, fn) if timed else _plain_async(policy, fn, looks)
    if is_kind(inspect.isgeneratorfunction, fn):
        return retried_generator(policy, fn)
    if is_kind(inspect.isasyncgenfunction, fn):
        return retried_async_generator(policy, fn)
    return _timed(policy, fn) if timed else _plain(policy, fn, looks)


def _plain(policy: "Retry", fn: Function, looks: bool) -> Function:
    kinds, monotonic = policy.kinds, policy.clock.monotonic
    deposit = None if policy.budget is None else policy.budget.deposit

    def call(*args: Any, **kwargs: Any) -> Any:
        if looks and ambient() is not None:
            check_deadline()
        start_s = monotonic()
        if deposit is not None:
            deposit()
        try:
            result = fn(*args, **kwargs)
        except kinds as error:
            attempts = Attempts(policy, name_of(fn), start_s)
            if not attempts.again(error):
                raise
        else:
            if type(result) is CoroutineType:
                refuse_awaitable(fn, result)
            return result
        # Outside the except block, so that later failures do not show the first as their context.
        return _tried(attempts, fn, args, kwargs)

    return call


def _plain_async(policy: "Retry", fn: Function, looks: bool) -> Function:
    kinds, monotonic = policy.kinds, policy.clock.monotonic
    deposit = None if policy.budget is None else policy.budget.deposit

    async def call_async(*args: Any, **kwargs: Any) -> Any:
        if looks and ambient() is not None:
            check_deadline()
        start_s = monotonic()
        if deposit is not None:
            deposit()
        try:
            return await fn(*args, **kwargs)
        except kinds as error:
            attempts = Attempts(policy, name_of(fn), start_s)
            if not attempts.again(error):
                raise
        return await _tried_async(attempts, fn, args, kwargs)

    return call_async


def _timed(policy: "Retry", fn: Function) -> Function:
    def call(*args: Any, **kwargs: Any) -> Any:
        return _tried(policy.begin(name_of(fn)), fn, args, kwargs)

    return call


def _timed_async(policy: "Retry", fn: Function) -> Function:
    async def call_async(*args: Any, **kwargs: Any) -> Any:
        return await _tried_async(policy.begin(name_of(fn)), fn, args, kwargs)

    return call_async


def _tried(attempts: Attempts, fn: Function, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    while True:
        with next(attempts):
            result = fn(*args, **kwargs)
            break
    if type(result) is CoroutineType:
        refuse_awaitable(fn, result)
    return result


async def _tried_async(attempts: Attempts, fn: Function, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    while True:
        async with await anext(attempts):
            return await fn(*args, **kwargs)
