"""Only calls that succeed pay into the budget: in an outage nothing is ever tried again."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_budget_bounds_an_outage",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "resilience.py")
Backoff = right.Backoff
DeadlineExceeded = right.DeadlineExceeded
RetryBudget = right.RetryBudget
RetryExhausted = right.RetryExhausted
deadline = right.deadline
remaining_s = right.remaining_s


class Policy(right.Policy):
    def begin(self):
        return right.Call(self.clock.monotonic())

    def synchronous(self, fn):
        call = super().synchronous(fn)

        def paying(*args, **kwargs):
            value = call(*args, **kwargs)
            if self.budget is not None:
                self.budget.deposit()
            return value

        return paying


def retry(**options):
    return Policy(**options)
