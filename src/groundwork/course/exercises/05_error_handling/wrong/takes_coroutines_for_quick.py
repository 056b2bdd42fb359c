"""Measures how long it takes to make a coroutine, not to await it."""

import functools
import inspect
from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "slow_calls_open_it",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "resilience.py")
CircuitOpen = right.CircuitOpen
TimeWindow = right.TimeWindow


class CircuitBreaker(right.CircuitBreaker):
    async def __aexit__(self, *failure):
        slow_call_s, self.slow_call_s = self.slow_call_s, float("inf")
        try:
            self.__exit__(*failure)
        finally:
            self.slow_call_s = slow_call_s

    def __call__(self, fn):
        @functools.wraps(fn)
        async def call_async(*args, **kwargs):
            async with self:
                return await fn(*args, **kwargs)

        return call_async if inspect.iscoroutinefunction(fn) else super().__call__(fn)
