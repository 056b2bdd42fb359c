"""The contract of the data part: a cache, an index, no row twice, parts that do not leak, batches that go on.

Five topics, in any order.
"""

from groundwork.testing._contract import Contract
from groundwork.testing.contracts import _batch_resume, _cache_faults, _deduplicating, _index_faults, _split_faults

TOPICS = {
    _cache_faults.CHECKS: ("LRUCache",),
    _index_faults.CHECKS: ("DatasetIndex", "Sample"),
    _deduplicating.CHECKS: ("deduplicate",),
    _split_faults.CHECKS: ("split",),
    _batch_resume.CHECKS: ("BatchLoader",),
}
"""What each topic asks of the implementation, by name."""

CONTRACT = Contract("data")
for _topic in TOPICS:
    CONTRACT.include(_topic)
