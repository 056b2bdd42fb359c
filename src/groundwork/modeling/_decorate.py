"""What every decorator does with the thing below it: find the function, keep its kind and dress the new one as it.

Rule: sync stays sync, async stays async, a generator stays a generator; a classmethod or staticmethod is opened and
closed again around the new function.
"""

import functools
import inspect
from collections.abc import Callable, Generator
from enum import Enum
from types import CoroutineType
from typing import Any, Protocol, TypeVar, cast

from groundwork.errors import ConfigurationError

Function = Callable[..., Any]
F = TypeVar("F", bound="Callable[..., Any] | classmethod[Any, ..., Any]")


class Kind(Enum):
    """What calling a function gives."""

    SYNC = "a result"
    ASYNC = "something to await"
    GENERATOR = "items"
    ASYNC_GENERATOR = "items to await"


def decorated(fn: F, around: Callable[[Function, Kind], Function], what: str) -> F:
    """Return what ``around`` makes of a function, dressed as that function.

    Args:
        fn: A function of any kind, a method, a classmethod or staticmethod, an object that can be called.
        around: Makes the new function, of the old one and its kind.
        what: Who asks, for the message.

    Raises:
        ConfigurationError: It is a class, a coroutine or nothing that can be called.
    """
    if isinstance(fn, classmethod | staticmethod):
        return cast("F", type(fn)(decorated(fn.__func__, around, what)))
    plain = _decorable(fn, what)
    made = around(plain, kind_of(plain))
    own = dict(vars(made))
    functools.update_wrapper(made, plain)
    # What the decorator itself has put there stays, where the function below has the same name.
    vars(made).update(own)
    return cast("F", made)


def kind_of(fn: Function) -> Kind:
    """Tell what calling a function gives.

    Args:
        fn: The function, a partial of it, or an object that can be called.
    """
    while isinstance(fn, functools.partial):
        fn = fn.func
    inner = fn if inspect.isroutine(fn) else getattr(type(fn), "__call__", fn)  # noqa: B004 - the method, not a test
    for test, kind in (
        (inspect.iscoroutinefunction, Kind.ASYNC),
        (inspect.isgeneratorfunction, Kind.GENERATOR),
        (inspect.isasyncgenfunction, Kind.ASYNC_GENERATOR),
    ):
        if test(fn) or test(inner):
            return kind
    return Kind.SYNC


def name_of(fn: Function) -> str:
    """Name a function for records and messages, as ``module.function``.

    Args:
        fn: The function, a partial of it, or an object that can be called.
    """
    while isinstance(fn, functools.partial):
        fn = fn.func
    named = fn if hasattr(fn, "__qualname__") else type(fn)
    return f"{named.__module__}.{named.__qualname__}"


class AsyncItems(Protocol):
    """What an async generator offers to whoever hands it on."""

    async def asend(self, value: Any, /) -> Any:
        """Go on to the next item.

        Args:
            value: What the reader sends.
        """
        ...

    async def athrow(self, error: BaseException, /) -> Any:
        """Go on with an error.

        Args:
            error: What the reader throws.
        """
        ...

    async def aclose(self) -> None:
        """End it."""
        ...


def items_of(opened: Callable[..., Generator[Any, Any, Any]]) -> Function:
    """Make a generator function that hands on to another generator what its reader sends, throws and closes.

    Args:
        opened: Opens the other generator, at the first item.
    """

    def items(*args: Any, **kwargs: Any) -> Any:
        return (yield from opened(*args, **kwargs))

    return items


def async_items_of(opened: Callable[..., AsyncItems]) -> Function:
    """Make an async generator function that hands on as ``items_of`` does, and always closes what it has opened.

    Args:
        opened: Opens the other one, at the first item.
    """

    async def items(*args: Any, **kwargs: Any) -> Any:
        inner = opened(*args, **kwargs)
        step: Callable[[Any], Any] = inner.asend
        given: Any = None
        try:
            while True:
                try:
                    item = await step(given)
                except StopAsyncIteration:
                    return
                try:
                    step, given = inner.asend, (yield item)
                except GeneratorExit:
                    raise
                except BaseException as error:  # noqa: BLE001 - thrown into the generator, where its reader aimed
                    step, given = inner.athrow, error
        finally:
            await inner.aclose()

    return items


def _decorable(fn: object, what: str) -> Function:
    if callable(fn) and not isinstance(fn, type):
        return fn
    if isinstance(fn, property):
        hint = "write @property above it"
    elif isinstance(fn, type):
        hint = "decorate its methods"
    elif isinstance(fn, CoroutineType):
        fn.close()
        hint = "give the coroutine function, without calling it"
    else:
        hint = "give options by name"
    raise ConfigurationError(f"{what} goes around a function, and {fn!r} is none", hint=hint)
