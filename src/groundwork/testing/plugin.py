"""The pytest plugin: markers, options, fixtures over the parts of this package, and tests on virtual time.

Rule: pytest loads it wherever groundwork is installed, so it imports nothing but pytest; what a fixture or marker needs
is imported when a test asks for it. Cost of an unused plugin: some milliseconds a run.
"""

import inspect
from collections.abc import Iterable
from typing import Any

import pytest

from groundwork.testing._fixtures import (
    assert_close,
    assert_deterministic,
    assert_no_leaks,
    checkpoint_store,
    failpoints,
    fake_model,
    fault_fs,
    flaky_server,
    golden,
    memory_limit,
    model_server,
    planted,
    run_virtual,
    small_data,
    virtual_clock,
)

__all__ = [
    "assert_close",
    "assert_deterministic",
    "assert_no_leaks",
    "checkpoint_store",
    "failpoints",
    "fake_model",
    "fault_fs",
    "flaky_server",
    "golden",
    "memory_limit",
    "model_server",
    "planted",
    "run_virtual",
    "small_data",
    "virtual_clock",
]

_MARKERS = (
    "virtual_time(seed=None): run this async test on virtual time, that of the fixture virtual_clock",
    "slow: takes more than a few seconds; runs with --run-slow",
    "integration: several parts together, real files, sockets and processes",
    "e2e: the whole command as a user runs it",
    "gpu: needs a graphics processor; skipped where there is none",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Make the options known."""
    group = parser.getgroup("groundwork")
    group.addoption("--run-slow", action="store_true", help="also run the tests marked slow")
    group.addoption("--update-golden", action="store_true", help="write golden files instead of comparing with them")


def pytest_configure(config: pytest.Config) -> None:
    """Make the markers known."""
    for marker in _MARKERS:
        config.addinivalue_line("markers", marker)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip what is slow, unless asked for, and what needs a graphics processor where there is none."""
    if not config.getoption("--run-slow"):
        _skip(items, "slow", "slow; pass --run-slow to run it")
    if any(item.get_closest_marker("gpu") for item in items) and (reason := no_gpu()):
        _skip(items, "gpu", reason)


def no_gpu() -> str:
    """Tell why tests that need a graphics processor cannot run here.

    Returns:
        A reason, or an empty text.
    """
    from groundwork.environment import check

    (finding,) = check(only=["gpu"])
    if finding.severity != "ok":
        return f"gpu: {finding.found}"
    return "gpu: none is found (no nvidia-smi)" if finding.found.startswith("none") else ""


def _skip(items: Iterable[pytest.Item], marker: str, reason: str) -> None:
    skipped = pytest.mark.skip(reason=reason)
    for item in items:
        if item.get_closest_marker(marker):
            item.add_marker(skipped)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a marked async test on virtual time.

    Returns:
        True if it was one, so that nobody else runs it.
    """
    marker = pyfuncitem.get_closest_marker("virtual_time")
    if marker is None or not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    from groundwork.testing import _run_virtual

    arguments: dict[str, Any] = {
        name: pyfuncitem.funcargs[name] for name in inspect.signature(pyfuncitem.obj).parameters
    }
    _run_virtual.run_virtual(
        pyfuncitem.obj(**arguments), clock=arguments.get("virtual_clock"), seed=marker.kwargs.get("seed")
    )
    return True
