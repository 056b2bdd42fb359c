"""Arm the failpoints of the program for the time of a ``with`` block.

Rule: what was armed is disarmed at the end, however the block ends; an outer block's action comes back.
"""

import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import NoReturn

from groundwork import _failpoints
from groundwork.errors import UsageError

Action = BaseException | type[BaseException] | Callable[[], object]
"""What a failpoint does: an exception (or its class) is raised, anything else is called."""

_armed: dict[str, Callable[[], None]] = {}


@contextmanager
def failpoints(actions: Mapping[str, Action]) -> Iterator[dict[str, int]]:
    """Let the named places of the program fail while the block runs.

    Example::

        with failpoints({"storage.atomic_write.before_replace": OSError(errno.ENOSPC, "disk full")}):
            ...

    Args:
        actions: For each failpoint its action: an exception to raise, or a function to call (which may raise,
            count, or be ``kill_self``).

    Raises:
        UsageError: An action is neither.

    Yields:
        How often each place was reached, by name. A test should look: a place never reached proves nothing.
    """
    for name, action in actions.items():
        if not (isinstance(action, BaseException) or callable(action)):
            raise UsageError(f"failpoint {name}: {action!r} is no action; give an exception or a function")
    reached = dict.fromkeys(actions, 0)
    with ExitStack() as stack:
        for name, action in actions.items():
            stack.callback(_restore, name, _armed.get(name))
            _arm(name, _counted(name, action, reached))
        yield reached


@contextmanager
def every_failpoint(action: Callable[[str], None]) -> Iterator[None]:
    """Let something happen at every place that can fail, while the block runs; how a dry run finds the places.

    Example::

        with every_failpoint(print):
            ...

    Args:
        action: Is given the name of each failpoint that is reached, and may raise.

    Yields:
        Nothing.
    """
    _failpoints.watch(action)
    try:
        yield
    finally:
        _failpoints.unwatch()


def kill_self() -> NoReturn:  # pragma: no cover - nothing is left to tell
    """End this process at once, as ``kill -9`` or a power cut would: no ``finally``, no ``atexit``, no flush."""
    if sys.platform == "win32":
        os._exit(137)
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("unreachable: SIGKILL cannot be survived")


def _counted(name: str, action: Action, reached: dict[str, int]) -> Callable[[], None]:
    def act() -> None:
        reached[name] += 1
        if isinstance(action, BaseException) or (isinstance(action, type) and issubclass(action, BaseException)):
            raise action
        action()

    return act


def _arm(name: str, action: Callable[[], None]) -> None:
    _armed[name] = action
    _failpoints.arm(name, action)


def _restore(name: str, earlier: Callable[[], None] | None) -> None:
    if earlier is not None:
        _arm(name, earlier)
    else:
        _armed.pop(name, None)
        _failpoints.disarm(name)
