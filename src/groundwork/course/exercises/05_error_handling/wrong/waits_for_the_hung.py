"""Its deadline is between attempts; an attempt may take for ever."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_hung_attempt_ends_at_the_deadline",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "resilience.py")
Backoff = right.Backoff
DeadlineExceeded = right.DeadlineExceeded
RetryExhausted = right.RetryExhausted


class Policy(right.Policy):
    async def limited(self, state, fn, args, kwargs):
        state.start_s, before = float("inf"), state.start_s
        try:
            return await super().limited(state, fn, args, kwargs)
        finally:
            state.start_s = before


def retry(**options):
    return Policy(**options)
