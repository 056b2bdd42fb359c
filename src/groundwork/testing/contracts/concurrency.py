"""The contract of the concurrency part: bounded work, a rate, batches for a model, and a server around them.

Five topics: ``gather_bounded``, ``TokenBucket`` and ``Batcher`` in any order, then the app and its life on a socket.
"""

from groundwork.testing._contract import Contract
from groundwork.testing.contracts import _batch_load, _bucket_faults, _gathering, _inference_faults, _inference_life

TOPICS = {
    _gathering.CHECKS: ("gather_bounded", "map_async"),
    _bucket_faults.CHECKS: ("TokenBucket",),
    _batch_load.CHECKS: ("Batcher",),
    _inference_faults.CHECKS: ("create_app",),
    _inference_life.CHECKS: ("serve",),
}
"""What each topic asks of the implementation, by name; groundwork has the last two in ``serving``."""

CONTRACT = Contract("concurrency")
for _topic in TOPICS:
    CONTRACT.include(_topic)
