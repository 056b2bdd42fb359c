"""The contract of the resilience part: calls that are tried again, refused or cut, and runs that go on after a crash.

Four topics, which can be met in any order: ``retry``, ``CircuitBreaker``, ``deadline`` with the budget, ``Pipeline``.
"""

from groundwork.testing._contract import Contract
from groundwork.testing.contracts import _breaker_faults, _deadlines, _pipeline_faults, _retry_faults

TOPICS = {
    _retry_faults.CHECKS: ("retry", "Backoff"),
    _breaker_faults.CHECKS: ("CircuitBreaker",),
    _deadlines.CHECKS: ("deadline", "remaining_s", "RetryBudget"),
    _pipeline_faults.CHECKS: ("Pipeline", "Step", "PipelineResult", "PipelineStatus"),
}
"""What each topic asks of the implementation, by name."""

CONTRACT = Contract("resilience")
for _topic in TOPICS:
    CONTRACT.include(_topic)
