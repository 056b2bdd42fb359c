"""Faults of the system to arm, by their number."""

import os
from collections.abc import Callable

import pytest


@pytest.fixture
def arm(failpoints: Callable[..., object]) -> Callable[..., None]:
    """Arm a failpoint, which the test must reach: with an errno it raises that OSError, with a callable it calls it."""

    def arm(name: str, action: int | Callable[[], None]) -> None:
        failpoints({name: OSError(action, os.strerror(action)) if isinstance(action, int) else action})

    return arm
