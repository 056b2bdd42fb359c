"""Only calls that have failed pay into the budget, so a single failure finds it empty."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_full_budget_changes_nothing",
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

    def next_wait_s(self, state, error):
        if state.failures == 0 and self.budget is not None:
            self.budget.deposit()
        return super().next_wait_s(state, error)


def retry(**options):
    return Policy(**options)
