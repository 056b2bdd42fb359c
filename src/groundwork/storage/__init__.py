"""Files that are never torn, checkpoints that are never lost.

Rule: importing it imports nothing; a name loads the module that it is in, and polars and numpy only where that needs
them.
"""

from typing import Any


def __getattr__(name: str) -> Any:
    from groundwork._doors import opened

    return opened(__name__, name)


def __dir__() -> list[str]:
    from groundwork._doors import names

    return names(__name__)
