"""The states of a circuit breaker, as a table.

Rule: what is not in the table does not happen. Nothing here knows of calls, locks or clocks.
"""

from enum import Enum, StrEnum


class BreakerState(StrEnum):
    """What a breaker does with calls."""

    CLOSED = "closed"
    """Lets all through and counts them."""
    OPEN = "open"
    """Refuses all, until the cooldown is over and somebody calls."""
    HALF_OPEN = "half_open"
    """Lets some through, to see."""
    FORCED_OPEN = "forced_open"
    """Refuses all, until an operator says otherwise."""
    FORCED_CLOSED = "forced_closed"
    """Lets all through, until an operator says otherwise."""


class BreakerEvent(StrEnum):
    """What can happen to a breaker."""

    FAILING = "too many calls failed"
    COOLED = "the cooldown is over"
    PROBE_FAILED = "a probe failed"
    RECOVERED = "the probes succeeded"
    FORCE_OPEN = "forced open"
    FORCE_CLOSED = "forced closed"
    RESET = "reset"


class BreakerAction(Enum):
    """What is done on the way into a state."""

    COUNT = "begin an empty window"
    COOL_DOWN = "begin the cooldown"
    PROBE = "offer the slots of the probes"
    REFUSE = "refuse"


CLOSED, OPEN, HALF_OPEN, FORCED_OPEN, FORCED_CLOSED = BreakerState

TRANSITIONS: dict[tuple[BreakerState, BreakerEvent], tuple[BreakerState, BreakerAction]] = {
    (CLOSED, BreakerEvent.FAILING): (OPEN, BreakerAction.COOL_DOWN),
    (OPEN, BreakerEvent.COOLED): (HALF_OPEN, BreakerAction.PROBE),
    (HALF_OPEN, BreakerEvent.PROBE_FAILED): (OPEN, BreakerAction.COOL_DOWN),
    (HALF_OPEN, BreakerEvent.RECOVERED): (CLOSED, BreakerAction.COUNT),
    # An operator's word holds in every state, and a forced state knows no other event.
    **{(state, BreakerEvent.FORCE_OPEN): (FORCED_OPEN, BreakerAction.REFUSE) for state in BreakerState},
    **{(state, BreakerEvent.FORCE_CLOSED): (FORCED_CLOSED, BreakerAction.COUNT) for state in BreakerState},
    **{(state, BreakerEvent.RESET): (CLOSED, BreakerAction.COUNT) for state in BreakerState},
}
