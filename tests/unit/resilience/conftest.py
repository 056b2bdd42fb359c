import pytest


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


@pytest.fixture
def clock():
    return FakeClock()
