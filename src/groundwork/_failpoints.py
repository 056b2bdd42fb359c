"""Named places at which a test may break the program.

Rule: a failpoint that no test has armed costs one look at an empty dict and one at an empty list, and does nothing.
"""

from collections.abc import Callable

_armed: dict[str, Callable[[], None]] = {}
_watchers: list[Callable[[str], None]] = []


def failpoint(name: str) -> None:
    """Run the action that a test has armed under this name, if any.

    Args:
        name: Dotted path of the place, as ``storage.atomic_write.before_replace``.
    """
    if _armed and (action := _armed.get(name)) is not None:
        action()
    if _watchers:
        _watchers[-1](name)


def arm(name: str, action: Callable[[], None]) -> None:
    """Let ``action`` run at every later ``failpoint(name)``; tests use ``testing.failpoints``, which disarms too.

    Args:
        name: The failpoint.
        action: What to do there: raise an OSError, kill the process, count.
    """
    _armed[name] = action


def disarm(name: str) -> None:
    """Make ``failpoint(name)`` do nothing again.

    Args:
        name: The failpoint.
    """
    _armed.pop(name, None)


def watch(action: Callable[[str], None]) -> None:
    """Let ``action`` run at every failpoint, whatever its name; the latest to watch is the only one.

    Args:
        action: Is given the name of the failpoint.
    """
    _watchers.append(action)


def unwatch() -> None:
    """End the latest ``watch``."""
    _watchers.pop()
