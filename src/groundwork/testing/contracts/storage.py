"""The contract of the storage part: files that are never torn, checkpoints that are never lost.

Four topics, which can be met in any order: ``atomic_write``, the formats, the logs, the checkpoints.
"""

from groundwork.testing._contract import Contract
from groundwork.testing.contracts._atomic_faults import CHECKS as ATOMIC_WRITE
from groundwork.testing.contracts._checkpoint_faults import CHECKS as CHECKPOINTS
from groundwork.testing.contracts._formats import CHECKS as FORMATS
from groundwork.testing.contracts._logs import CHECKS as LOGS

TOPICS = {
    ATOMIC_WRITE: ("atomic_write",),
    FORMATS: ("read", "write"),
    LOGS: ("append", "stream"),
    CHECKPOINTS: ("CheckpointStore", "Keep"),
}
"""What each topic asks of the implementation, by name."""

CONTRACT = Contract("storage")
for _topic in TOPICS:
    CONTRACT.include(_topic)
