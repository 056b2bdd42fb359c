"""What a bulkhead tells while it works.

Rule: as for every hook here, it listens, and the call goes on as if nobody did.
"""

from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class BulkheadRefusal:
    """A call that was not let in.

    Attributes:
        name: The bulkhead's.
        limit: How many calls run, which is all it lets in.
        waiting: How many wait, which is all it lets wait.
        retry_after_s: Seconds until there is probably a slot, or None before any has come free.
    """

    name: str
    limit: int
    waiting: int
    retry_after_s: float | None


class BulkheadHook(Protocol):
    """A function that is told of each call that a bulkhead refuses."""

    def __call__(self, refusal: BulkheadRefusal, /) -> Any:
        """Listen; called in the caller's thread or task, so it should be quick.

        Args:
            refusal: What was refused.
        """
        ...
