"""Which exceptions are meant.

Rule: types, or a function that judges; never what ends a program or cancels a task.
"""

import inspect
from collections.abc import Callable
from typing import cast

from groundwork.errors import ConfigurationError

Kinds = type[Exception] | tuple[type[Exception], ...]
Judge = Callable[[Exception], bool]
On = Kinds | Judge


def kinds_of(on: On, what: str) -> Kinds:
    """Return the types to catch; all of ``Exception`` where a function judges.

    Args:
        on: Exception types, or a function that says of an exception whether it is meant.
        what: Whose argument it is, for the message.

    Raises:
        ConfigurationError: It is neither, or a type that is no ``Exception``.
    """
    kinds = on if isinstance(on, tuple) else (on,)
    if all(isinstance(kind, type) and issubclass(kind, Exception) for kind in kinds):
        return cast("Kinds", on)
    if callable(on) and not isinstance(on, type):
        if inspect.iscoroutinefunction(on):
            raise ConfigurationError(f"{what} on={on!r} is a coroutine function; give one that says so at once")
        return Exception
    raise ConfigurationError(
        f"{what} on={on!r} is no subclass of Exception, tuple of them or function; give one of these",
        hint="cancellation, Ctrl-C and exit always go through",
    )


def is_meant(error: Exception, on: On, kinds: Kinds) -> bool:
    """Tell whether an exception is one of those that are meant.

    Args:
        error: The exception.
        on: Exception types, or a function.
        kinds: What ``kinds_of`` returned for ``on``.
    """
    return isinstance(error, kinds) and (kinds is on or cast("Judge", on)(error))
