"""Its error asks for the breaker's name and hands Exception a sentence."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_refusal_survives_pickle",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "resilience.py")
TimeWindow = right.TimeWindow



class CircuitOpen(Exception):
    def __init__(self, message, *, retry_after_s):
        super().__init__(message)
        self.retry_after_s = retry_after_s


class CircuitBreaker(right.CircuitBreaker):
    def refusal(self, message, retry_after_s):
        return CircuitOpen(message, retry_after_s=retry_after_s)
