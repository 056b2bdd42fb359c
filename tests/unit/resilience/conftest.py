import pytest

from groundwork.errors import TransientError
from groundwork.testing import VirtualClock, run_virtual


class FakeClock(VirtualClock):
    """Virtual time from 100 s on, so that nobody takes a time of its own for seconds since the beginning."""

    def __init__(self):
        super().__init__(100.0)

    def run(self, main):
        """Run a coroutine on this time."""
        return run_virtual(main, clock=self)


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
            self.clock.advance(self.takes_s)
        if self.calls <= self.failures:
            raise self.error(f"failure {self.calls}")
        return value

    async def answer(self, value="done"):
        return self(value)


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def flaky():
    return Flaky
