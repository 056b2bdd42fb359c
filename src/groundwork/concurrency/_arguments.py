"""The numbers that limits are made of, looked at when they are given.

Rule: what cannot work is refused by name where it is written, and not by a hang or a foreign error later. Cost: a
fraction of a microsecond each.
"""

import math
from numbers import Integral, Real

from groundwork.errors import ConfigurationError


def check_number(name: str, value: object, *, above: bool = False) -> None:
    """Refuse what is no finite number from 0 on.

    Args:
        name: How the argument is called.
        value: Its value.
        above: Whether 0 itself will not do either.

    Raises:
        ConfigurationError: It is text, a bool, not finite, or too small.
    """
    if isinstance(value, Real) and not isinstance(value, bool):
        found = float(value)
        if math.isfinite(found) and (found > 0 if above else found >= 0):
            return
    bound = "above 0" if above else "of at least 0"
    raise ConfigurationError(f"{name} is {value!r}; it must be a finite number {bound}")


def whole(value: object) -> bool:
    """Say whether a value is a whole number from 1 on, and no bool."""
    return isinstance(value, Integral) and not isinstance(value, bool) and int(value) >= 1


def check_count(name: str, value: object) -> None:
    """Refuse what is no whole number from 1 on.

    Args:
        name: How the argument is called.
        value: Its value.

    Raises:
        ConfigurationError: It is none.
    """
    if not whole(value):
        raise ConfigurationError(f"{name} is {value!r}; it must be a whole number of at least 1")
