"""The contract of the concurrency part: bounded work, a rate, batches for a model, and a server around them.

Four topics, which can be met in any order but the last: ``gather_bounded``, ``TokenBucket``, ``Batcher``, the server.
"""

from groundwork.testing._contract import Contract
from groundwork.testing.contracts import _batch_faults, _buckets, _gathering

TOPICS = {
    _gathering.CHECKS: ("gather_bounded", "map_async"),
    _buckets.CHECKS: ("TokenBucket",),
    _batch_faults.CHECKS: ("Batcher",),
}
"""What each topic asks of the implementation, by name."""

CONTRACT = Contract("concurrency")
for _topic in TOPICS:
    CONTRACT.include(_topic)
