"""The machine inside a circuit breaker: who may call, and what the results mean.

Rule: each call holds a ticket of the period in which it began (a window, or a probation); a result whose period is over
is written where nobody looks, so it cannot count for a later state.
The lock is held for decisions only, never during a call, and not at all by calls that succeed while it is closed.
"""

import threading

from groundwork.errors import CircuitOpen
from groundwork.resilience._breaker_hooks import BreakerChange, BreakerHook, BreakerSnapshot
from groundwork.resilience._breaker_limits import Limits
from groundwork.resilience._breaker_states import TRANSITIONS, BreakerAction, BreakerEvent, BreakerState
from groundwork.resilience._clock import Clock
from groundwork.resilience._retry_hooks import tell
from groundwork.resilience._window import SLOW, Counts, Totals


class Probe:
    """The ticket of a call that was let through to see whether calls succeed again."""

    __slots__ = ("_circuit", "probation")

    def __init__(self, circuit: "Circuit", probation: "Probation") -> None:
        self._circuit = circuit
        self.probation = probation

    def succeed(self) -> None:
        """The call succeeded."""
        self._circuit.passed(self)


class Probation:
    """A half-open period: the probes in flight, with the time at which each began, and how many have passed."""

    __slots__ = ("_limits", "in_flight", "passed")

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.in_flight: dict[Probe, float] = {}
        self.passed = 0

    def take(self, circuit: "Circuit", now_s: float) -> Probe | None:
        """Return a probe if a slot is free.

        Args:
            circuit: Whom the probe reports to.
            now_s: The time.
        """
        lost = [probe for probe, start_s in self.in_flight.items() if now_s - start_s >= self._limits.probe_timeout_s]
        for probe in lost:
            del self.in_flight[probe]
        if self.passed + len(self.in_flight) >= self._limits.probes:
            return None
        probe = Probe(circuit, self)
        self.in_flight[probe] = now_s
        return probe


class Cooldown:
    """An open period.

    Attributes:
        until_s: When it is over, on the breaker's clock.
    """

    __slots__ = ("until_s",)

    def __init__(self, until_s: float) -> None:
        self.until_s = until_s


Ticket = Counts | Probe


class Circuit:
    """A state, and what belongs to it.

    Args:
        name: For messages.
        limits: What is tolerated.
        hook: Told of each change.
        clock: Where time comes from.

    Attributes:
        counting: The ticket for every call while all are let through; None while they must ask ``admit``.
        state: The state.
    """

    __slots__ = (
        "_changes",
        "_clock",
        "_hook",
        "_limits",
        "_lock",
        "_name",
        "_period",
        "_reason",
        "_refused",
        "counting",
        "state",
    )

    def __init__(self, name: str, limits: Limits, hook: BreakerHook | None, clock: Clock) -> None:
        self._name, self._limits, self._hook, self._clock = name, limits, hook, clock
        self._lock = threading.Lock()
        self._changes = self._refused = 0
        self._reason = "it is new"
        self.state = BreakerState.CLOSED
        self.counting: Counts | None = limits.window.begin(clock)
        self._period: Counts | Cooldown | Probation | None = self.counting

    def admit(self) -> Ticket:
        """Return a ticket for a call.

        Raises:
            CircuitOpen: The call must not be made.
        """
        period, now_s = self._period, self._clock.monotonic()
        if isinstance(period, Cooldown) and now_s >= period.until_s:
            # Told before a slot is taken: a hook that ends the program takes none with it.
            self.happen(BreakerEvent.COOLED, period=period)
        with self._lock:
            ticket: Ticket | None = self.counting
            if isinstance(self._period, Probation):
                ticket = self._period.take(self, now_s)
            if ticket is None:
                self._refused += 1
                raise self._refusal()
            return ticket

    def failed(self, ticket: Ticket, outcome: str) -> None:
        """Take back the ticket of a call that failed or was slow.

        Args:
            ticket: What ``admit`` or ``counting`` gave.
            outcome: ``FAILED`` or ``SLOW``.
        """
        if isinstance(ticket, Probe):
            reason = "a probe was slow" if outcome == SLOW else ""
            self.happen(BreakerEvent.PROBE_FAILED, reason, period=ticket.probation)
            return
        if reached := self._limits.reached(ticket.add(outcome)):
            self.happen(BreakerEvent.FAILING, reached, period=ticket)

    def passed(self, probe: Probe) -> None:
        """Take back the ticket of a probe that succeeded, be it later than was waited for.

        Args:
            probe: The ticket.
        """
        probation = probe.probation
        with self._lock:
            probation.in_flight.pop(probe, None)
            probation.passed += 1
            recovered = probation.passed >= self._limits.probes
        if recovered:
            self.happen(BreakerEvent.RECOVERED, period=probation)

    def lost(self, ticket: Ticket) -> None:
        """Take back the ticket of a call that says nothing, as one that was cancelled.

        Args:
            ticket: What ``admit`` or ``counting`` gave.
        """
        if isinstance(ticket, Probe):
            with self._lock:
                ticket.probation.in_flight.pop(ticket, None)

    def stray(self) -> Ticket | None:
        """Return the likeliest ticket of a call whose own cannot be found, or None."""
        with self._lock:
            if isinstance(self._period, Probation):
                return next(iter(self._period.in_flight), None)
            return self.counting

    def happen(self, event: BreakerEvent, reason: str = "", *, period: object = None) -> None:
        """Change the state as the table says, and tell of it.

        Args:
            event: What happened.
            reason: In which words; the event's own if empty.
            period: To which period it happened; it is ignored if that is over. None for the present one.
        """
        with self._lock:
            if period is not None and period is not self._period:
                return
            change = self._change(event, reason or str(event))
        if change is not None:
            tell(self._hook, change)

    def snapshot(self) -> BreakerSnapshot:
        """Return what can be said at this instant."""
        with self._lock:
            totals = self.counting.totals() if self.counting is not None else Totals(0, 0, 0)
            return BreakerSnapshot(
                self._name,
                self.state,
                self._reason,
                self._changes,
                self._refused,
                *totals,
                probes=len(self._period.in_flight) if isinstance(self._period, Probation) else 0,
                retry_after_s=self._retry_after_s(),
            )

    def _change(self, event: BreakerEvent, reason: str) -> BreakerChange | None:
        before = self.state
        if (before, event) not in TRANSITIONS:
            return None
        self.state, action = TRANSITIONS[before, event]
        now_s = self._clock.monotonic()
        self.counting = None
        match action:
            case BreakerAction.COUNT:
                self._period = self.counting = self._limits.window.begin(self._clock)
            case BreakerAction.COOL_DOWN:
                self._period = Cooldown(now_s + self._limits.cooldown_s)
            case BreakerAction.PROBE:
                self._period = Probation(self._limits)
            case BreakerAction.REFUSE:
                self._period = None
        if self.state is before:
            return None
        self._changes += 1
        self._reason = reason
        return BreakerChange(self._name, self._changes, before, self.state, reason, now_s)

    def _retry_after_s(self) -> float | None:
        period = self._period
        return max(0.0, period.until_s - self._clock.monotonic()) if isinstance(period, Cooldown) else None

    def _refusal(self) -> CircuitOpen:
        retry_after_s = self._retry_after_s()
        if retry_after_s is not None:
            advice = f"it lets a call through in {retry_after_s:.1f} s"
        elif self.state is BreakerState.HALF_OPEN:
            advice = "it waits for what its probes find"
        else:
            advice = "it stays so until reset() or force_closed()"
        return CircuitOpen(
            f"circuit {self._name!r} is {self.state.value.replace('_', ' ')}: {self._reason}; {advice}",
            name=self._name,
            state=self.state.value,
            retry_after_s=retry_after_s,
        )
