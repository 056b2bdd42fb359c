"""A model that tests can hold: it stops in mid-batch until it is let go."""

import asyncio
import threading
from collections.abc import Iterator

import pytest

PATIENCE_S = 30


class HeldModel:
    """Doubles its items; each batch waits for a ``release()`` while the model is held."""

    def __init__(self):
        self.batches = []
        self._entered = threading.Semaphore(0)
        self._released = threading.Semaphore(0)
        self.held = True

    def __call__(self, items):
        self.batches.append(list(items))
        self._entered.release()
        if self.held and not self._released.acquire(timeout=PATIENCE_S):
            raise AssertionError("nobody released the model")
        for item in items:
            if isinstance(item, Exception):
                raise item
        return [item * 2 for item in items]

    async def entered(self):
        """Return once the model has begun the next batch."""
        assert await asyncio.to_thread(self._entered.acquire, timeout=PATIENCE_S)

    def release(self):
        self._released.release()

    def let_go(self):
        """Hold no batch from now on."""
        self.held = False
        for _ in range(100):
            self._released.release()


@pytest.fixture
def model() -> Iterator[HeldModel]:
    held = HeldModel()
    yield held
    held.let_go()
