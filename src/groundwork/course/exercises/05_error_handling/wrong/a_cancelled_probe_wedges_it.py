"""Thinks of Ctrl-C and not of cancellation, which takes the probe's slot with it."""

import asyncio
from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_lost_probe_frees_its_slot",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "resilience.py")
CircuitOpen = right.CircuitOpen
TimeWindow = right.TimeWindow


class CircuitBreaker(right.CircuitBreaker):
    def end(self, period, error):
        if period.state == "half-open" and isinstance(error, asyncio.CancelledError):
            return
        super().end(period, error)
