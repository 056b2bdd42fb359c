"""Create, check, repair and fingerprint a Python environment.

Rule: standard library alone; bootstrap.py uses this door before anything is installed. Importing it imports nothing, a
name loads the module that it is in.
"""

from typing import Any


def __getattr__(name: str) -> Any:
    from groundwork._doors import opened

    return opened(__name__, name)


def __dir__() -> list[str]:
    from groundwork._doors import names

    return names(__name__)
