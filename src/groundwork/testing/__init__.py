"""Testing: virtual time, failpoints, broken system calls, simulations, and contracts that grade an implementation.

Rule: importing it imports nothing, for pytest loads the plugin below it wherever groundwork is installed. A name loads
the module that it is in, and no other: whoever holds a contract against an implementation needs no server and no loop.
"""

from typing import Any


def __getattr__(name: str) -> Any:
    if name.startswith("_") and name != "__all__":  # the import system asks for modules this way
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    from groundwork.testing._door import HOMES

    if name == "__all__":
        return list(HOMES)
    if name not in HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(importlib.import_module(f"{__name__}.{HOMES[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    from groundwork.testing._door import HOMES

    return list(HOMES)
