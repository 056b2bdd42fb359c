"""A function inside another of the same kind.

Rule: what is decorated keeps its signature, its type and its kind: sync stays sync, async stays async.
"""

import functools
import inspect
from collections.abc import Callable
from types import CoroutineType, FunctionType
from typing import Any, NoReturn, TypeVar, cast

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
        ConfigurationError: It is a generator function, or nothing that can be decorated.
    """
    if isinstance(fn, classmethod | staticmethod):
        return cast("F", type(fn)(wrapped(fn.__func__, around, what)))
    plain = decorable(fn, what)
    outer = around(plain, is_async(plain, what))
    return cast("F", outer if outer is plain else functools.wraps(plain)(outer))


def decorable(fn: object, what: str) -> Function:
    """Return what is to be decorated, if it is a function or an object that can be called.

    Args:
        fn: What stands below the decorator; of a classmethod or staticmethod, the function inside.
        what: Who asks, for the message.

    Raises:
        ConfigurationError: It is a class, whose instances would go past the decorator, or cannot be called.
    """
    if callable(fn) and not isinstance(fn, type):
        return fn
    if isinstance(fn, property):
        hint = "write @property above it"
    elif isinstance(fn, type):
        hint = "decorate its methods"
    elif inspect.isawaitable(fn):
        hint = "give the coroutine function, without calling it"
    else:
        hint = "give options by name, as attempts=3 or cooldown_s=30"
    if isinstance(fn, CoroutineType):
        fn.close()
    raise ConfigurationError(f"{what} goes around a function, and {fn!r} is none", hint=hint)


def refuse_awaitable(fn: Function, result: "CoroutineType[Any, Any, Any]") -> NoReturn:
    """Raise because a plain function returned a coroutine, whose work no guard would have seen.

    Whoever calls a function asks for the type of the result itself: that costs some 15 ns, and a call here 60.

    Args:
        fn: The function.
        result: What it returned.

    Raises:
        ConfigurationError: Always.
    """
    result.close()
    raise ConfigurationError(
        f"{name_of(fn)} returned something to await; make it a coroutine function",
        hint="give the coroutine function with its arguments, as call(fetch, url) and not call(lambda: fetch(url))",
    )


def is_async(fn: Function, what: str) -> bool:
    """Tell whether calling a function gives something to await.

    Args:
        fn: The function, or an object that can be called.
        what: Who asks, for the message.

    Raises:
        ConfigurationError: It is a generator function, whose work begins long after the call has ended.
    """
    if is_plain(fn):
        return False
    if not callable(fn):
        decorable(fn, what)
    if is_kind(inspect.isgeneratorfunction, fn) or is_kind(inspect.isasyncgenfunction, fn):
        raise ConfigurationError(
            f"{what} cannot hold around the generator function {name_of(fn)}, which works after it was called",
            hint="put it around a function that opens the source or reads one item",
        )
    return is_kind(inspect.iscoroutinefunction, fn)


def is_plain(fn: Function) -> bool:
    """Tell most functions from coroutine functions and generators at once; a ``call`` asks at every call.

    Args:
        fn: The function, or an object that can be called; False says only that one has to look closer.
    """
    return isinstance(fn, FunctionType) and not (fn.__code__.co_flags & _SPECIAL or fn.__dict__)


def is_kind(test: Callable[[Any], bool], fn: Function) -> bool:
    """Tell whether a function, or the method by which an object is callable, is of a kind.

    Args:
        test: The kind, as ``inspect.iscoroutinefunction``.
        fn: The function, or an object that can be called.
    """
    while isinstance(fn, functools.partial):
        fn = fn.func
    return test(fn) or (not inspect.isroutine(fn) and test(getattr(type(fn), "__call__", None)))  # noqa: B004


def name_of(fn: Function) -> str:
    """Name a function for records and messages, as ``module.function``.

    Args:
        fn: The function, or an object that can be called.
    """
    named = fn if hasattr(fn, "__qualname__") else type(fn)
    return f"{named.__module__}.{named.__qualname__}"
