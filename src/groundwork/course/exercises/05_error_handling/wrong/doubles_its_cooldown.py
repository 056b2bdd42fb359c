"""Each failed probe doubles the cooldown that was asked for."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_probe_that_fails_opens_it_again",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "resilience.py")
CircuitOpen = right.CircuitOpen
TimeWindow = right.TimeWindow


class CircuitBreaker(right.CircuitBreaker):
    def change(self, state):
        if state == "open" and self.period.state == "half-open":
            self.cooldown_s *= 2
        super().change(state)
