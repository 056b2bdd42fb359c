"""Tries again after half of the cooldown."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "tries_again_after_the_cooldown",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "resilience.py")
CircuitOpen = right.CircuitOpen
TimeWindow = right.TimeWindow


class CircuitBreaker(right.CircuitBreaker):
    def left_s(self):
        return super().left_s() - self.cooldown_s / 2
