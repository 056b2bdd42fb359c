"""Begins a generator anew wherever it failed, so that its first items come again."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_generator_is_retried_until_its_first_item",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "resilience.py")
Backoff = right.Backoff
DeadlineExceeded = right.DeadlineExceeded
RetryExhausted = right.RetryExhausted


class Policy(right.Policy):
    def generating(self, fn):
        def call(*args, **kwargs):
            state = self.begin()
            while True:
                try:
                    return (yield from fn(*args, **kwargs))
                except self.on as error:
                    self.clock.sleep(self.next_wait_s(state, error))

        return call


def retry(**options):
    return Policy(**options)
