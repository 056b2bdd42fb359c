"""Saves up tokens for as long as nobody asks."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_pause_saves_no_more_than_the_burst",
    "a_crowd_is_served_on_time",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "concurrency.py")


class TokenBucket(right.TokenBucket):
    def refill(self):
        now_s = self.clock.monotonic()
        self.tokens += (now_s - self.counted_s) * self.rate_per_s
        self.counted_s = now_s
