"""Turns whatever interrupts a call into an error of its own."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "interruptions_are_not_counted",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "resilience.py")
CircuitOpen = right.CircuitOpen
TimeWindow = right.TimeWindow


class CircuitBreaker(right.CircuitBreaker):
    def __exit__(self, kind, error, trace):
        super().__exit__(kind, error, trace)
        if isinstance(error, KeyboardInterrupt):
            raise RuntimeError(f"{self.name} was interrupted") from error
