"""What will go away says so, and says what to use instead.

Rule: Python's own ``DeprecationWarning``, at the line that calls; Python's filters decide that each line says it once.
"""

import functools
import warnings
from collections.abc import Callable
from typing import Any, TypeVar, cast, overload

from groundwork.modeling._decorate import Function, Kind, async_items_of, decorated, items_of

C = TypeVar("C", bound="Callable[..., Any] | classmethod[Any, ..., Any]")


@overload
def deprecated(fn: C, /) -> C: ...
@overload
def deprecated(
    message: str = "", /, *, since: str = "", removed_in: str = "", alternative: str = ""
) -> Callable[[C], C]: ...
def deprecated(message: Any = "", /, *, since: str = "", removed_in: str = "", alternative: str = "") -> Any:
    """Warn whoever still uses a function or a class.

    A sync function warns where it is called; a coroutine function where it is awaited (one that is handed to
    ``create_task``, in asyncio); a generator where its first item is asked for; a class where an instance is made and
    where a subclass is defined, but not where an instance of a subclass is made. All keep signature, type and kind.

    Args:
        message: What else there is to say.
        since: The version that deprecated it.
        removed_in: The version that will not have it.
        alternative: What to use instead.

    Raises:
        ConfigurationError: What stands below is neither a function nor a class.

    Example:
        >>> @deprecated(since="0.2", removed_in="0.4", alternative="load_table")
        ... def load_csv(path): ...
    """

    def text(name: str) -> str:
        told = f"{name} is deprecated" + (f" since {since}" if since else "")
        told += f" and will be removed in {removed_in}" if removed_in else ""
        told += f"; use {alternative} instead" if alternative else ""
        return f"{told}: {message}" if isinstance(message, str) and message else told

    def decorate(below: C) -> C:
        if isinstance(below, type):
            return cast("C", _class(below, text(below.__qualname__)))
        return decorated(below, lambda fn, kind: _around(fn, kind, text(_name(fn))), "deprecated")

    return decorate if isinstance(message, str) else decorate(message)


def _name(fn: Function) -> str:
    return getattr(fn, "__qualname__", type(fn).__qualname__)


def _around(fn: Function, kind: Kind, text: str) -> Function:
    def sync(*args: Any, **kwargs: Any) -> Any:
        warnings.warn(text, DeprecationWarning, stacklevel=2)
        return fn(*args, **kwargs)

    async def awaited(*args: Any, **kwargs: Any) -> Any:
        warnings.warn(text, DeprecationWarning, stacklevel=2)
        return await fn(*args, **kwargs)

    def opened(*args: Any, **kwargs: Any) -> Any:
        # Two frames up: the generator function around this one, and whoever asked it for an item.
        warnings.warn(text, DeprecationWarning, stacklevel=3)
        return fn(*args, **kwargs)

    match kind:
        case Kind.SYNC:
            return sync
        case Kind.ASYNC:
            return awaited
        case Kind.GENERATOR:
            return items_of(opened)
        case _:
            return async_items_of(opened)


def _class(cls: Any, text: str) -> Any:
    begin = cls.__init__
    subclassed = cls.__dict__.get("__init_subclass__")

    @functools.wraps(begin)
    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        if type(self) is cls:
            warnings.warn(text, DeprecationWarning, stacklevel=2)
        begin(self, *args, **kwargs)

    def init_subclass(child: Any, /, **kwargs: Any) -> None:
        warnings.warn(text, DeprecationWarning, stacklevel=2)
        if subclassed is not None:
            subclassed.__get__(None, child)(**kwargs)
        else:
            super(cls, child).__init_subclass__(**kwargs)

    cls.__init__ = init
    cls.__init_subclass__ = classmethod(init_subclass)
    return cls
