"""Calls the coroutine function inside the block and awaits outside, as pybreaker does."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "coroutines_are_guarded",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "resilience.py")
CircuitOpen = right.CircuitOpen
TimeWindow = right.TimeWindow


class CircuitBreaker(right.CircuitBreaker):
    def __call__(self, fn):
        def call(*args, **kwargs):
            with self:
                return fn(*args, **kwargs)

        return call
