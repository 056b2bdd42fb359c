"""What a circuit breaker tells.

Rule: as with retries, a hook listens; whatever it does, the call goes on as if nobody did.
"""

from dataclasses import dataclass
from typing import Any, Protocol

from groundwork.resilience._breaker_states import BreakerState


@dataclass(frozen=True, slots=True)
class BreakerChange:
    """A breaker that went from one state to another.

    Attributes:
        name: Which breaker.
        number: Which change of this breaker it is, from 1; threads may tell theirs out of order.
        before: The state that it left.
        after: The state that it is in now.
        reason: Why, in words.
        at_s: When, on the breaker's clock.
    """

    name: str
    number: int
    before: BreakerState
    after: BreakerState
    reason: str
    at_s: float


@dataclass(frozen=True, slots=True)
class BreakerSnapshot:
    """A breaker at one instant.

    Attributes:
        name: Which breaker.
        state: Its state; one that is open stays so until somebody calls after the cooldown.
        reason: Why it is in this state, in words.
        changes: How often its state changed.
        refused: Calls that it refused, in all.
        calls: Calls in the window; 0 while it is not counting, like the next two.
        failed: Those that failed.
        slow: Those that succeeded, but slowly.
        probes: Probes in flight.
        retry_after_s: Seconds until the cooldown is over; None while it is not open.
    """

    name: str
    state: BreakerState
    reason: str
    changes: int
    refused: int
    calls: int
    failed: int
    slow: int
    probes: int
    retry_after_s: float | None


class BreakerHook(Protocol):
    """A function that is told of each change of a breaker's state."""

    def __call__(self, change: BreakerChange, /) -> Any:
        """Listen; called by the thread or task whose call made the change, outside the breaker's lock.

        Args:
            change: What changed.
        """
        ...
