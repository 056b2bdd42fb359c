"""The pytest plugin: fixtures over the parts of this package.

Rule: importing it imports nothing but pytest and the clock.
"""

import pytest

from groundwork.testing._clock import VirtualClock


@pytest.fixture
def virtual_clock() -> VirtualClock:
    """A clock at zero that only the test and the sleeps of the code under test move.

    Returns:
        The clock; pass it as ``clock=`` to what waits.
    """
    return VirtualClock()
