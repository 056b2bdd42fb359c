"""The contract of the storage part: files that are never torn, checkpoints that are never lost.

Four topics, which can be met in any order: ``atomic_write``, the formats, the logs, the checkpoints.
"""

from groundwork.testing._contract import Contract
from groundwork.testing.contracts import _atomic_faults, _checkpoint_crashes, _formats, _log_faults

TOPICS = {
    _atomic_faults.CHECKS: ("atomic_write",),
    _formats.CHECKS: ("read", "write"),
    _log_faults.CHECKS: ("append", "stream"),
    _checkpoint_crashes.CHECKS: ("CheckpointStore", "Keep"),
}
"""What each topic asks of the implementation, by name."""

CONTRACT = Contract("storage")
for _topic in TOPICS:
    CONTRACT.include(_topic)
