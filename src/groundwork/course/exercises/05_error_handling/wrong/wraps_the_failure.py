"""Raises an error of its own in place of the one that came."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "closed_it_changes_nothing",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "resilience.py")
CircuitOpen = right.CircuitOpen
TimeWindow = right.TimeWindow


class CircuitBreaker(right.CircuitBreaker):
    def __exit__(self, kind, error, trace):
        super().__exit__(kind, error, trace)
        if isinstance(error, Exception):
            raise RuntimeError(f"{self.name} failed") from error
