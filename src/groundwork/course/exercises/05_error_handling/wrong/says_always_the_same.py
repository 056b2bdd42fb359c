"""Tells everybody to come back after a whole cooldown."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_refusal_says_when_to_come_back",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "resilience.py")
CircuitOpen = right.CircuitOpen
TimeWindow = right.TimeWindow


class CircuitBreaker(right.CircuitBreaker):
    def refusal(self, message, retry_after_s):
        return CircuitOpen(message, self.cooldown_s)
