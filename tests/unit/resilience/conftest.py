import asyncio
import inspect
import selectors

import pytest

from groundwork.errors import TransientError
from groundwork.testing import VirtualClock, run_virtual


class FakeClock:
    """Time that moves only when someone sleeps."""

    def __init__(self):
        self.now_s = 100.0
        self.slept = []

    def monotonic(self):
        return self.now_s

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.now_s += seconds

    async def sleep_async(self, seconds):
        self.sleep(seconds)


class LoopClock(FakeClock):
    """The same time for a clock and for the timers of an event loop."""

    async def sleep_async(self, seconds):
        self.slept.append(seconds)
        await asyncio.sleep(seconds)

    def run(self, main):
        """Run a coroutine on a loop that jumps to its next timer."""
        with asyncio.Runner(loop_factory=lambda: _JumpingLoop(self)) as runner:
            return runner.run(main)


class _JumpingLoop(asyncio.SelectorEventLoop):
    def __init__(self, clock):
        super().__init__(_JumpingSelector(clock))
        self.time = clock.monotonic


class _JumpingSelector(selectors.DefaultSelector):
    def __init__(self, clock):
        super().__init__()
        self.clock = clock

    def select(self, timeout=None):
        ready = super().select(0)
        if timeout is None and not ready:
            raise RuntimeError("nothing is scheduled, so this loop would wait for ever")
        if not ready:
            self.clock.now_s += max(timeout, 0)
        return ready


class Flaky:
    """Fails a number of times, then answers; each attempt may take time."""

    def __init__(self, failures, error=TransientError, clock=None, takes_s=0.0):
        self.failures = failures
        self.error = error
        self.clock = clock
        self.takes_s = takes_s
        self.calls = 0

    def __call__(self, value="done"):
        self.calls += 1
        if self.clock is not None:
            self.clock.now_s += self.takes_s
        if self.calls <= self.failures:
            raise self.error(f"failure {self.calls}")
        return value

    async def answer(self, value="done"):
        return self(value)


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def loop_clock():
    return LoopClock()


@pytest.fixture
def flaky():
    return Flaky


@pytest.fixture
def virtual_clock():
    return VirtualClock()


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    """Run a test that is a coroutine function on the time of its ``virtual_clock``."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = inspect.signature(pyfuncitem.obj).parameters
    arguments = {name: pyfuncitem.funcargs[name] for name in names}
    run_virtual(pyfuncitem.obj(**arguments), clock=arguments.get("virtual_clock"))
    return True
