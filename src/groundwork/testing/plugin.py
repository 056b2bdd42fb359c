"""The pytest plugin: fixtures over the parts of this package, and tests on virtual time.

Rule: importing it imports nothing but pytest and this package's door, which is light.
"""

import inspect
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from groundwork.testing import _run_virtual
from groundwork.testing._clock import VirtualClock


@pytest.fixture
def virtual_clock() -> VirtualClock:
    """A clock at zero that only the test and the sleeps of the code under test move.

    Returns:
        The clock; pass it as ``clock=`` to what waits.
    """
    return VirtualClock()


@pytest.fixture
def run_virtual(virtual_clock: VirtualClock) -> Callable[[Coroutine[Any, Any, Any]], Any]:
    """A function that runs a coroutine on the virtual time of ``virtual_clock``.

    Returns:
        ``testing.run_virtual`` with that clock.
    """
    return lambda main: _run_virtual.run_virtual(main, clock=virtual_clock)


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line(
        "markers", "virtual_time(seed=None): run this async test on virtual time, that of the fixture virtual_clock"
    )


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a marked async test on virtual time.

    Returns:
        True if it was one, so that nobody else runs it.
    """
    marker = pyfuncitem.get_closest_marker("virtual_time")
    if marker is None or not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    arguments: dict[str, Any] = {
        name: pyfuncitem.funcargs[name] for name in inspect.signature(pyfuncitem.obj).parameters
    }
    clock = arguments.get("virtual_clock")
    _run_virtual.run_virtual(pyfuncitem.obj(**arguments), clock=clock, seed=marker.kwargs.get("seed"))
    return True
