"""Whatever TimeoutError comes out of an attempt with a time limit, it takes for the limit's and tries again."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_hung_attempt_is_cut_and_tried_again",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "resilience.py")
Backoff = right.Backoff
DeadlineExceeded = right.DeadlineExceeded
RetryExhausted = right.RetryExhausted


class Policy(right.Policy):
    async def limited(self, state, fn, args, kwargs):
        try:
            return await super().limited(state, fn, args, kwargs)
        except TimeoutError as error:
            if self.attempt_timeout_s is None:
                raise
            raise DeadlineExceeded("an attempt was cancelled") from error


def retry(**options):
    return Policy(**options)
