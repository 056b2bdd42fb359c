"""A breaker for each of many: hosts, tenants, models.

Rule: the number is bounded, and what is forgotten is what is least missed: a closed breaker long unused, and never one
that refuses calls.
"""

import threading
from collections import OrderedDict
from typing import TypedDict, Unpack

from groundwork.resilience import _arguments as arguments
from groundwork.resilience._breaker import CircuitBreaker
from groundwork.resilience._breaker_hooks import BreakerHook, BreakerSnapshot
from groundwork.resilience._breaker_states import BreakerEvent, BreakerState
from groundwork.resilience._clock import Clock
from groundwork.resilience._on import On
from groundwork.resilience._window import CountWindow, TimeWindow


class BreakerOptions(TypedDict, total=False):
    """What ``CircuitBreaker`` takes besides its name."""

    window: CountWindow | TimeWindow | int
    failure_rate: float
    minimum_calls: int | None
    slow_call_s: float | None
    slow_rate: float | None
    cooldown_s: float
    probes: int
    probe_timeout_s: float | None
    on: On
    hook: BreakerHook | None
    clock: Clock | None


class BreakerRegistry:
    """Breakers by key, made when they are first asked for; for many threads and tasks.

    Args:
        limit: How many at most. A new one above that takes the place of the closed one that was longest not asked
            for; if none is closed, of one that would let a probe through, whose hook is told. Those that refuse calls,
            and those that an operator has forced, stay: they may exceed the limit.
        **options: What each ``CircuitBreaker`` is made with.

    Raises:
        ConfigurationError: A value that cannot work.
    """

    def __init__(self, *, limit: int = 1000, **options: Unpack[BreakerOptions]) -> None:
        arguments.count("breaker registry limit", limit)
        CircuitBreaker("checked here, rather than at the first call", **options)
        self._limit = limit
        self._options = options
        self._lock = threading.Lock()
        self._breakers: OrderedDict[str, CircuitBreaker] = OrderedDict()

    def __len__(self) -> int:
        return len(self._breakers)

    def get(self, key: str) -> CircuitBreaker:
        """Return the breaker of a key, which is also its name.

        Ask for it at each call rather than keep it: one that was forgotten and is asked for again begins anew.

        Args:
            key: Which.
        """
        with self._lock:
            breaker = self._breakers.get(key)
            if breaker is not None:
                self._breakers.move_to_end(key)
                return breaker
            forgotten = self._forget_one() if len(self._breakers) >= self._limit else None
            breaker = self._breakers[key] = CircuitBreaker(key, **self._options)
        if forgotten is not None:
            # A hook may ask for a breaker in its turn, so it is told outside the lock.
            forgotten.circuit.happen(BreakerEvent.RESET, f"forgotten, since there are more than {self._limit}")
        return breaker

    def snapshots(self) -> list[BreakerSnapshot]:
        """Return what can be said of each, the one longest not asked for first."""
        with self._lock:
            breakers = list(self._breakers.values())
        return [breaker.snapshot() for breaker in breakers]

    def _forget_one(self) -> CircuitBreaker | None:
        for is_spent in (_is_closed, _is_due):
            for key, breaker in self._breakers.items():
                if is_spent(breaker):
                    return self._breakers.pop(key)
        return None


def _is_closed(breaker: CircuitBreaker) -> bool:
    return breaker.state is BreakerState.CLOSED


def _is_due(breaker: CircuitBreaker) -> bool:
    """Whether it waits for probes, or would with the next call."""
    return breaker.state is BreakerState.HALF_OPEN or breaker.snapshot().retry_after_s == 0
