"""Which blocks a thread or task has entered behind which circuit breaker.

Rule: a breaker serves many blocks at once, so what belongs to one block travels with its context.
Cost: one context variable set on entering and once more on leaving.
"""

import math
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from groundwork.resilience._circuit import Ticket

if TYPE_CHECKING:
    from groundwork.resilience._breaker import CircuitBreaker

# A breaker, the ticket of the block, when it was entered, and the entry around it. A plain tuple is made in a tenth of
# the time of a named one.
Entry = tuple["CircuitBreaker", Ticket, float, Any]

# One variable for all breakers: a context keeps every variable that was ever set in it.
_entered: ContextVar[Entry | None] = ContextVar("groundwork_breakers", default=None)
# Bound here once, which saves a quarter of a block's time.
innermost, set_innermost = _entered.get, _entered.set


def misplaced(breaker: "CircuitBreaker", top: Entry | None) -> Entry | None:
    """Take the entry of a block that is not the innermost, as generators may leave them.

    Args:
        breaker: Whose block is left.
        top: The innermost entry.

    Returns:
        The entry; one with a likely ticket, if the block was entered in another context; None if there is none.
    """
    above: list[Entry] = []
    entry = top
    while entry is not None and entry[0] is not breaker:
        above.append(entry)
        entry = entry[3]
    if entry is None:
        ticket = breaker.circuit.stray()
        return None if ticket is None else (breaker, ticket, math.inf, None)
    rest = entry[3]
    for other, ticket, start_s, _ in reversed(above):
        rest = (other, ticket, start_s, rest)
    set_innermost(rest)
    return entry
