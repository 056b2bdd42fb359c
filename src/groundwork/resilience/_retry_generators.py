"""Generators under a retry policy.

Rule: a generator is tried again until it has given its first item; what comes after that is not repeated, since the
first has been seen.
"""

import functools
from collections.abc import AsyncGenerator, Callable, Generator
from typing import Any


class _Begun:
    """A generator whose first item was already taken, for ``yield from``."""

    def __init__(self, items: Generator[Any, Any, Any], first: Any) -> None:
        self._items = items
        self._first = [first]
        self.send, self.throw, self.close = items.send, items.throw, items.close

    def __iter__(self) -> "_Begun":
        return self

    def __next__(self) -> Any:
        return self._first.pop() if self._first else next(self._items)


def retried_generator(policy: Callable[[Any], Any], fn: Callable[..., Any]) -> Callable[..., Any]:
    """Return a generator function that begins under the policy.

    Args:
        policy: Wraps a function in retries.
        fn: A generator function.
    """

    def begin(*args: Any, **kwargs: Any) -> tuple[Generator[Any, Any, Any] | None, Any]:
        items = fn(*args, **kwargs)
        try:
            return items, next(items)
        except StopIteration as empty:
            return None, empty.value

    functools.update_wrapper(begin, fn, updated=())
    begun = policy(begin)

    def generate(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        items, first = begun(*args, **kwargs)
        return first if items is None else (yield from _Begun(items, first))

    return generate


def retried_async_generator(policy: Callable[[Any], Any], fn: Callable[..., Any]) -> Callable[..., Any]:
    """Return an asynchronous generator function that begins under the policy.

    Args:
        policy: Wraps a function in retries.
        fn: An asynchronous generator function.
    """

    async def begin(*args: Any, **kwargs: Any) -> tuple[AsyncGenerator[Any, Any] | None, Any]:
        items = fn(*args, **kwargs)
        try:
            return items, await anext(items)
        except StopAsyncIteration:
            return None, None

    functools.update_wrapper(begin, fn, updated=())
    begun = policy(begin)

    async def generate(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
        items, item = await begun(*args, **kwargs)
        if items is None:
            return
        try:
            while True:
                try:
                    sent = yield item
                except GeneratorExit:
                    raise
                except BaseException as thrown:  # noqa: BLE001 - handed to the generator, whose matter it is
                    item = await items.athrow(thrown)
                else:
                    item = await items.asend(sent)
        except StopAsyncIteration:
            return
        finally:
            await items.aclose()

    return generate
