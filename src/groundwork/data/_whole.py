"""Whole numbers that are asked for: sizes, counts, seeds."""

from numbers import Integral
from typing import Any

from groundwork.errors import ConfigurationError


def require_whole(name: str, value: Any, least: int, most: int | None = None) -> int:
    """Refuse what is no whole number in a range.

    Args:
        name: The argument, for messages.
        value: What was given; of numpy's types too, but no truth value.
        least: The smallest.
        most: The largest, if there is one.

    Returns:
        The number, as Python's own.

    Raises:
        ConfigurationError: It is none.
    """
    whole = isinstance(value, Integral) and not isinstance(value, bool)
    if not whole or value < least or (most is not None and value > most):
        upto = "" if most is None else f" to {most}"
        raise ConfigurationError(
            f"{name} {value!r} is no whole number from {least}{upto}", hint=f"as {name}={max(least, 0)}"
        )
    return int(value)
