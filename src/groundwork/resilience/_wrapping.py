"""A function inside another of the same kind.

Rule: what is decorated keeps its signature, its type and its kind: sync stays sync, async stays async.
"""

import functools
import inspect
from collections.abc import Callable
from types import FunctionType
from typing import Any, TypeVar, cast

from groundwork.errors import ConfigurationError

Function = Callable[..., Any]
Around = Callable[[Function, bool], Function]
F = TypeVar("F", bound="Callable[..., Any] | classmethod[Any, ..., Any]")
_SPECIAL = inspect.CO_COROUTINE | inspect.CO_ITERABLE_COROUTINE | inspect.CO_GENERATOR | inspect.CO_ASYNC_GENERATOR


def wrapped(fn: F, around: Around, what: str) -> F:
    """Return what ``around`` makes of a function, dressed as that function.

    Args:
        fn: A function, coroutine function or method; also a classmethod or staticmethod.
        around: Makes the new function, of the old one and of whether it is asynchronous.
        what: Who asks, for the message.

    Raises:
        ConfigurationError: It is a generator function.
    """
    if isinstance(fn, classmethod | staticmethod):
        return cast("F", type(fn)(wrapped(fn.__func__, around, what)))
    plain = cast("Function", fn)
    outer = around(plain, is_async(plain, what))
    return cast("F", outer if outer is plain else functools.wraps(plain)(outer))


def is_async(fn: Function, what: str) -> bool:
    """Tell whether calling a function gives something to await.

    Args:
        fn: The function, or an object that can be called.
        what: Who asks, for the message.

    Raises:
        ConfigurationError: It is a generator function, whose work begins long after the call has ended.
    """
    if is_simple(fn):
        return False
    if is_kind(inspect.isgeneratorfunction, fn) or is_kind(inspect.isasyncgenfunction, fn):
        raise ConfigurationError(
            f"{what} cannot hold around the generator function {name_of(fn)}, which works after it was called",
            hint="put it around a function that opens the source or reads one item",
        )
    return is_kind(inspect.iscoroutinefunction, fn)


def name_of(fn: Function) -> str:
    """Name a function for records and messages, as ``module.function``.

    Args:
        fn: The function, or an object that can be called.
    """
    named = fn if hasattr(fn, "__qualname__") else type(fn)
    return f"{named.__module__}.{named.__qualname__}"


def is_simple(fn: Function) -> bool:
    """Tell most functions from the special kinds at once; ``call`` methods ask at every call.

    Args:
        fn: The function, or an object that can be called.
    """
    return isinstance(fn, FunctionType) and not (fn.__code__.co_flags & _SPECIAL or fn.__dict__)


def is_kind(test: Callable[[Any], bool], fn: Function) -> bool:
    """Tell whether a function, or the method by which an object is called, is of a kind.

    Args:
        test: One of ``inspect``'s, as ``iscoroutinefunction``.
        fn: The function, or an object that can be called.
    """
    return test(fn) or (not inspect.isroutine(fn) and test(getattr(type(fn), "__call__", None)))  # noqa: B004
