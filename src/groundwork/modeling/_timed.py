"""How long a call takes, on the wall and on the processor.

Rule: one record a call, to a hook or a logger; nothing is summed up here. Where nobody listens, nothing is measured: a
call then costs one look at the logger's level, some 0.1 us.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Any, Self, overload

from groundwork.errors import ConfigurationError
from groundwork.modeling._decorate import F, Function, Kind, async_items_of, decorated, items_of, name_of
from groundwork.modeling._stopwatch import Stopwatch, Watched, WatchedItems, watched_items
from groundwork.resilience import Clock, SystemClock


@dataclass(frozen=True)
class Timing:
    """What one call took.

    Attributes:
        name: The function, as ``module.function``, or the name given.
        wall_s: Seconds from begin to end; of a generator, those in which its reader waited for it.
        cpu_s: Seconds of processor, of all threads of the process meanwhile; of a coroutine, during its own steps.
        error: What the call raised, or None.
    """

    name: str
    wall_s: float
    cpu_s: float
    error: BaseException | None = None


class Timed:
    """What ``timed`` with options returns: a decorator, and a context manager for a block that has a name."""

    def __init__(
        self,
        name: str | None,
        hook: Callable[[Timing], object] | None,
        logger: logging.Logger | str | None,
        level: int,
        clock: Clock,
        cpu: Callable[[], float],
    ) -> None:
        self._name, self._hook, self._logger, self._level = name, hook, logger, level
        self._wall, self._cpu = clock.monotonic, cpu
        self._open: list[tuple[float, float]] = []

    def __call__(self, fn: F) -> F:
        """Decorate a function.

        Args:
            fn: See ``timed``.
        """
        return decorated(fn, self._around, "timed")

    def __enter__(self) -> Self:
        if self._name is None:
            raise ConfigurationError("this block has no name to be timed under", hint='write with timed("load"):')
        self._open.append((self._wall(), self._cpu()))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        wall_s, cpu_s = self._open.pop()
        logger = self._logger_of("groundwork.timed")
        self._tell(logger, Timing(str(self._name), self._wall() - wall_s, self._cpu() - cpu_s, error))

    def _logger_of(self, home: str) -> logging.Logger:
        given = self._logger
        return given if isinstance(given, logging.Logger) else logging.getLogger(given or home)

    def _tell(self, logger: logging.Logger, timing: Timing) -> None:
        if self._hook is not None:
            self._hook(timing)
        elif logger.isEnabledFor(self._level):
            failed = f", raised {type(timing.error).__name__}" if timing.error is not None else ""
            logger.log(
                self._level,
                "%s took %.6f s, %.6f s of processor%s",
                timing.name,
                timing.wall_s,
                timing.cpu_s,
                failed,
                extra={"function": timing.name, "wall_s": timing.wall_s, "cpu_s": timing.cpu_s},
            )

    def _around(self, fn: Function, kind: Kind) -> Function:
        name = self._name or name_of(fn)
        logger = self._logger_of(getattr(fn, "__module__", None) or "groundwork.timed")
        enabled, level, always = logger.isEnabledFor, self._level, self._hook is not None
        read_wall, read_cpu = self._wall, self._cpu

        def opened(watch: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
            wall, cpu = Stopwatch(read_wall), Stopwatch(read_cpu)

            def ended(error: BaseException | None) -> None:
                self._tell(logger, Timing(name, wall.seconds, cpu.seconds, error))

            return watch(fn(*args, **kwargs), wall, cpu, ended)

        def sync(*args: Any, **kwargs: Any) -> Any:
            if not (always or enabled(level)):
                return fn(*args, **kwargs)
            error: BaseException | None = None
            wall_s, cpu_s = read_wall(), read_cpu()
            try:
                return fn(*args, **kwargs)
            except BaseException as raised:
                error = raised
                raise
            finally:
                self._tell(logger, Timing(name, read_wall() - wall_s, read_cpu() - cpu_s, error))

        async def awaited(*args: Any, **kwargs: Any) -> Any:
            if not (always or enabled(level)):
                return await fn(*args, **kwargs)
            error: BaseException | None = None
            wall_s, cpu = read_wall(), Stopwatch(read_cpu)
            try:
                return await Watched(fn(*args, **kwargs), cpu)
            except BaseException as raised:
                error = raised
                raise
            finally:
                self._tell(logger, Timing(name, read_wall() - wall_s, cpu.seconds, error))

        match kind:
            case Kind.SYNC:
                return sync
            case Kind.ASYNC:
                return awaited
            case Kind.GENERATOR:
                return items_of(partial(opened, watched_items))
            case _:
                return async_items_of(partial(opened, WatchedItems))


@overload
def timed(name: F) -> F: ...
@overload
def timed(
    name: str | None = None,
    *,
    hook: Callable[[Timing], object] | None = None,
    logger: logging.Logger | str | None = None,
    level: int = logging.INFO,
    clock: Clock | None = None,
    cpu: Callable[[], float] = time.process_time,
) -> Timed: ...
def timed(
    name: Any = None,
    *,
    hook: Callable[[Timing], object] | None = None,
    logger: logging.Logger | str | None = None,
    level: int = logging.INFO,
    clock: Clock | None = None,
    cpu: Callable[[], float] = time.process_time,
) -> Any:
    """Measure a function, or a block that has a name.

    Sync and async functions, generators of both kinds, methods, classmethods and staticmethods keep signature, type and
    kind. A generator is told once, when it ends or is closed. An error is told and goes on.

    Args:
        name: What to call it in the record; a function's own name unless given. A block needs one.
        hook: Takes each ``Timing`` instead of a logger; what it raises reaches the caller.
        logger: A logger or its name; that of the function's module unless given.
        level: Of the records; where the logger leaves it out, nothing is measured.
        clock: For the wall time.
        cpu: For the processor's time; ``time.thread_time`` leaves out other threads.

    Raises:
        ConfigurationError: What stands below is no function, or a block has no name.

    Example:
        >>> @timed
        ... def rows() -> list[int]:
        ...     return [1, 2]
        >>> seen = []
        >>> with timed("load", hook=seen.append):
        ...     rows = list(range(3))
        >>> seen[0].name
        'load'
    """
    made = Timed(name if isinstance(name, str) else None, hook, logger, level, clock or SystemClock(), cpu)
    return made if name is None or isinstance(name, str) else made(name)
