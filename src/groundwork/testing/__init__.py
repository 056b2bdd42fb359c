"""Testing: virtual time, failpoints, broken system calls, simulations, and contracts that grade an implementation.

Rule: importing it imports nothing, for pytest loads the plugin below it wherever groundwork is installed. The names are
those of ``_door``, which the first of them loads.
"""

from typing import Any


def __getattr__(name: str) -> Any:
    if name.startswith("_") and name != "__all__":  # the import system asks for modules this way
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from groundwork.testing import _door

    try:
        return getattr(_door, name)
    except AttributeError:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None


def __dir__() -> list[str]:
    from groundwork.testing import _door

    return list(_door.__all__)
