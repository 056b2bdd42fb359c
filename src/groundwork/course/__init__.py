"""The course: exercises that rebuild the parts of groundwork, graded by the contracts that grade groundwork itself.

Rule: importing it imports nothing, for each learner's process begins below it; a name loads the module that it is in.
"""

from typing import Any


def __getattr__(name: str) -> Any:
    from groundwork._doors import opened

    return opened(__name__, name)


def __dir__() -> list[str]:
    from groundwork._doors import names

    return names(__name__)
