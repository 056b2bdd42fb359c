"""What policies are given, looked at when they are made.

Rule: what cannot work is refused where it is written, and not at the first outage.
"""

import inspect
import math
from typing import Any

from groundwork.errors import ConfigurationError
from groundwork.resilience._clock import Clock


def number(what: str, value: object, *, least: float = 0.0, above: bool = False, most: float = math.inf) -> None:
    """Refuse what is no finite number within bounds.

    Args:
        what: Whose argument it is and how it is called, as ``retry deadline_s``.
        value: The value.
        least: Nothing less will do.
        above: Whether ``least`` itself will not do either.
        most: Nothing more will do.

    Raises:
        ConfigurationError: It is text, a bool, a timedelta, not finite, or out of bounds.
    """
    hint = None
    if isinstance(value, int | float) and not isinstance(value, bool):
        enough = value > least if above else value >= least
        if enough and value <= most and math.isfinite(value):
            return
    elif hasattr(value, "total_seconds"):
        hint = "give seconds: .total_seconds()"
    bounds = f"above {least:g}" if above else f"of {least:g} or more"
    if most < math.inf:
        bounds += f", at most {most:g}"
    raise ConfigurationError(f"{what}={value!r} cannot work; give a finite number {bounds}", hint=hint)


def count(what: str, value: object, *, least: int = 1) -> None:
    """Refuse what is no whole number from ``least`` on.

    Args:
        what: As in ``number``.
        value: The value.
        least: Nothing less will do.

    Raises:
        ConfigurationError: It is none.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ConfigurationError(f"{what}={value!r} cannot work; give a whole number of {least} or more")


def kind(what: str, value: object, wanted: type, *, optional: bool = True) -> None:
    """Refuse what is not of a type.

    Args:
        what: As in ``number``.
        value: The value.
        wanted: The type.
        optional: Whether None will do.

    Raises:
        ConfigurationError: It is not.
    """
    if not (isinstance(value, wanted) or (optional and value is None)):
        name, advice = ("text", "text") if wanted is str else (wanted.__name__, f"{wanted.__name__}(…)")
        raise ConfigurationError(f"{what}={value!r} is no {name}; give {advice}")


def clock(what: str, value: object) -> None:
    """Refuse what is no clock.

    Args:
        what: Whose argument it is.
        value: The value, or None for the system's clock.

    Raises:
        ConfigurationError: It lacks a method of ``Clock``.
    """
    if value is not None and (isinstance(value, type) or not isinstance(value, Clock)):
        raise ConfigurationError(
            f"{what} clock={value!r} is no Clock; give an object with monotonic, sleep and sleep_async"
        )


def listener(what: str, value: Any) -> None:
    """Refuse what cannot listen.

    Args:
        what: Whose hook it is.
        value: The hook, or None.

    Raises:
        ConfigurationError: It cannot be called, or it is a coroutine function, which nobody would await.
    """
    if value is None:
        return
    if not callable(value):
        raise ConfigurationError(f"{what} hook={value!r} cannot be called; give a function of one record")
    if inspect.iscoroutinefunction(value) or inspect.iscoroutinefunction(getattr(value, "__call__", None)):  # noqa: B004
        raise ConfigurationError(
            f"{what} hook={value!r} is a coroutine function, which nobody would await; give a plain function",
            hint="let it put the record into a queue that a task reads",
        )
