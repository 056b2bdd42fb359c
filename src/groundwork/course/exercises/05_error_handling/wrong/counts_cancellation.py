"""Clients that leave open it for those who stay."""

import asyncio
from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "interruptions_are_not_counted",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "resilience.py")
CircuitOpen = right.CircuitOpen
TimeWindow = right.TimeWindow


class CircuitBreaker(right.CircuitBreaker):
    counts = (Exception, asyncio.CancelledError)

    def __init__(self, name, *, on=Exception, **options):
        super().__init__(name, on=(on, asyncio.CancelledError), **options)
