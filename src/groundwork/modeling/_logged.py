"""Calls in the log: with what, what came of it, how long it took.

Rule: the standard library's logging and nothing configured; no data and no secrets in a record. Where the level is left
out a call costs one look at it and one reading of the clock, some 0.3 us; an error is told all the same.
"""

import inspect
import logging
from collections.abc import Callable
from functools import partial
from typing import Any, overload

from groundwork.modeling._bounded_repr import MASK, is_secret, kind_of_value, short
from groundwork.modeling._decorate import F, Function, Kind, async_items_of, decorated, items_of, name_of
from groundwork.modeling._stopwatch import Stopwatch, WatchedItems, watched_items
from groundwork.resilience import Clock, SystemClock


class _Calls:
    """The records of one function.

    Args:
        fn: The function.
        logger: Where they go.
        level: Of a call and its result.
        error_level: Of an error.
        most: How many characters of an argument are shown.
    """

    def __init__(self, fn: Function, logger: logging.Logger, level: int, error_level: int, most: int) -> None:
        self.name = name_of(fn)
        self._fn, self._logger, self._level, self._error_level, self._most = fn, logger, level, error_level, most

    def began(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        if self._logger.isEnabledFor(self._level):
            shown = self._shown(args, kwargs)
            self._logger.log(self._level, "%s(%s)", self.name, shown, extra={"function": self.name})

    def returned(self, result: Any, duration_s: float) -> None:
        if self._logger.isEnabledFor(self._level):
            self._ended(self._level, f"returned {kind_of_value(result)}", duration_s, None)

    def finished(self, duration_s: float) -> None:
        if self._logger.isEnabledFor(self._level):
            self._ended(self._level, "gave its last item", duration_s, None)

    def failed(self, error: BaseException, duration_s: float) -> None:
        # A cancelled task or an interrupted program is no failure of the function.
        level = self._error_level if isinstance(error, Exception) else self._level
        if self._logger.isEnabledFor(level):
            self._ended(level, f"raised {type(error).__name__}", duration_s, error)

    def _ended(self, level: int, what: str, duration_s: float, error: BaseException | None) -> None:
        extra = {"function": self.name, "duration_s": duration_s}
        self._logger.log(level, "%s %s after %.6f s", self.name, what, duration_s, exc_info=error, extra=extra)

    def _shown(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
        try:
            given = inspect.signature(self._fn).bind(*args, **kwargs).arguments
        except (TypeError, ValueError):  # the call itself will say what is wrong, or it has no signature
            given = {**{f"{place}": value for place, value in enumerate(args)}, **kwargs}
        return ", ".join(
            f"{name}={MASK if is_secret(name) else short(value, self._most)}" for name, value in given.items()
        )


@overload
def logged(fn: F, /) -> F: ...
@overload
def logged(
    *,
    logger: logging.Logger | str | None = None,
    level: int = logging.DEBUG,
    error_level: int = logging.ERROR,
    most_characters: int = 80,
    clock: Clock | None = None,
) -> Callable[[F], F]: ...
def logged(
    fn: Any = None,
    /,
    *,
    logger: logging.Logger | str | None = None,
    level: int = logging.DEBUG,
    error_level: int = logging.ERROR,
    most_characters: int = 80,
    clock: Clock | None = None,
) -> Any:
    """Log each call with its arguments, the kind and size of its result, its duration, and its error with its causes.

    Sync and async functions, generators of both kinds, methods, classmethods and staticmethods keep signature, type and
    kind. An array or a table is told by kind and size; an argument, key or field whose name says that it is a secret is
    masked, and so is a ``Secret``.

    Args:
        fn: The function, where the decorator has no options.
        logger: A logger or its name; that of the function's module unless given.
        level: Of the records of a call and of its result.
        error_level: Of the record of an error, which carries its traceback and causes; the error goes on.
        most_characters: How much of one argument is shown.
        clock: For the duration.

    Raises:
        ConfigurationError: What stands below is no function.
    """
    now = (clock or SystemClock()).monotonic

    def around(plain: Function, kind: Kind) -> Function:
        home = getattr(plain, "__module__", None) or "groundwork.logged"
        log = logger if isinstance(logger, logging.Logger) else logging.getLogger(logger or home)
        return _around(plain, kind, _Calls(plain, log, level, error_level, most_characters), log, level, now)

    def decorate(below: F) -> F:
        return decorated(below, around, "logged")

    return decorate if fn is None else decorate(fn)


def _around(
    fn: Function, kind: Kind, calls: _Calls, logger: logging.Logger, level: int, now: Callable[[], float]
) -> Function:
    def opened(watch: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        calls.began(args, kwargs)
        wall, cpu = Stopwatch(now), Stopwatch(float)

        def ended(error: BaseException | None) -> None:
            if error is None:
                calls.finished(wall.seconds)
            else:
                calls.failed(error, wall.seconds)

        return watch(fn(*args, **kwargs), wall, cpu, ended)

    match kind:
        case Kind.SYNC:
            return _sync(fn, calls, logger.isEnabledFor, level, now)
        case Kind.ASYNC:
            return _async(fn, calls, logger.isEnabledFor, level, now)
        case Kind.GENERATOR:
            return items_of(partial(opened, watched_items))
        case _:
            return async_items_of(partial(opened, WatchedItems))


def _sync(
    fn: Function, calls: _Calls, enabled: Callable[[int], bool], level: int, now: Callable[[], float]
) -> Function:
    def sync(*args: Any, **kwargs: Any) -> Any:
        if told := enabled(level):
            calls.began(args, kwargs)
        began_s = now()
        try:
            result = fn(*args, **kwargs)
        except BaseException as error:
            calls.failed(error, now() - began_s)
            raise
        if told:
            calls.returned(result, now() - began_s)
        return result

    return sync


def _async(
    fn: Function, calls: _Calls, enabled: Callable[[int], bool], level: int, now: Callable[[], float]
) -> Function:
    async def awaited(*args: Any, **kwargs: Any) -> Any:
        if told := enabled(level):
            calls.began(args, kwargs)
        began_s = now()
        try:
            result = await fn(*args, **kwargs)
        except BaseException as error:
            calls.failed(error, now() - began_s)
            raise
        if told:
            calls.returned(result, now() - began_s)
        return result

    return awaited
