"""Testing: virtual time, failpoints, broken system calls, simulations, and contracts that grade an implementation.

Rule: importing it imports nothing, for pytest loads the plugin below it wherever groundwork is installed. A name loads
the module that it is in, and no other: whoever holds a contract against an implementation needs no server and no loop.
"""

from typing import Any


def __getattr__(name: str) -> Any:
    from groundwork._doors import opened

    return opened(__name__, name)


def __dir__() -> list[str]:
    from groundwork._doors import names

    return names(__name__)
