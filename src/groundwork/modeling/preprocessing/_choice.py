"""One of several ways, by name.

Rule: a name that does not exist is answered with those that do, and with the nearest. Cost: none worth a number.
"""

import difflib
from collections.abc import Iterable

from groundwork.errors import ConfigurationError


def require_one_of(value: object, allowed: Iterable[str], what: str) -> None:
    """Refuse a name that is not among those allowed.

    Args:
        value: As given.
        allowed: Every name there is.
        what: What is being chosen, for the message.

    Raises:
        ConfigurationError: There is none of that name.
    """
    names = list(allowed)
    if value not in names:
        near = difflib.get_close_matches(str(value), names, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]!r}?" if near else f"one of {', '.join(names)}"
        raise ConfigurationError(f"{what} is {value!r}, which does not exist", hint=hint, context={"value": value})
