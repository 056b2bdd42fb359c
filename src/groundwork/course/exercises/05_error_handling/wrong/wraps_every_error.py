"""Whatever came, the caller gets RetryExhausted."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "other_errors_go_through_at_once",
    "a_hung_attempt_is_cut_and_tried_again",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "resilience.py")
Backoff = right.Backoff
DeadlineExceeded = right.DeadlineExceeded
RetryExhausted = right.RetryExhausted


class Policy(right.Policy):
    def next_wait_s(self, state, error):
        if not self.worth(error):
            raise self.exhausted(state, error, "it was not worth another attempt") from error
        return super().next_wait_s(state, error)


def retry(**options):
    return Policy(**options)
