"""Faults to arm, always disarmed again."""

import os
from collections.abc import Callable, Iterator

import pytest

from groundwork import _failpoints


@pytest.fixture
def arm() -> Iterator[Callable[..., None]]:
    """Arm a failpoint: with an errno it raises that OSError, with a callable it calls it."""
    armed = []

    def arm(name: str, action: int | Callable[[], None]) -> None:
        def refuse() -> None:
            raise OSError(action, os.strerror(action))

        armed.append(name)
        _failpoints.arm(name, refuse if isinstance(action, int) else action)

    yield arm
    for name in armed:
        _failpoints.disarm(name)
