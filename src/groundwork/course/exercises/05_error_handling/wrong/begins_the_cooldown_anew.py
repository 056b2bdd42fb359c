"""Each refused call sets the cooldown back, so that under traffic it never ends."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "tries_again_after_the_cooldown",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "resilience.py")
CircuitOpen = right.CircuitOpen
TimeWindow = right.TimeWindow


class CircuitBreaker(right.CircuitBreaker):
    def begin(self):
        try:
            return super().begin()
        except CircuitOpen:
            self.period.since_s = self.clock.monotonic()
            raise
