"""Catches BaseException and takes all of it for a failure."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "ctrl_c_is_never_retried",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "resilience.py")
Backoff = right.Backoff
DeadlineExceeded = right.DeadlineExceeded
RetryExhausted = right.RetryExhausted


class Policy(right.Policy):
    catches = BaseException

    def worth(self, error):
        return super().worth(error) or isinstance(error, (KeyboardInterrupt, SystemExit, GeneratorExit))


def retry(**options):
    return Policy(**options)
