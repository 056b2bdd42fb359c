"""The breaker against a model written without windows, tickets or tables: a list of what happened."""

import contextlib
import contextvars

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, precondition, rule

from groundwork.errors import CircuitOpen
from groundwork.resilience import CircuitBreaker, TimeWindow
from groundwork.testing import VirtualClock

COOLDOWN_S, PROBE_TIMEOUT_S, SLOW_S = 8, 4, 2
ENDINGS = {"answer": None, "failure": OSError("down"), "other": KeyError("no"), "lost": KeyboardInterrupt()}


class Model:
    """What the docs say, in the plainest way: every period keeps the list of its calls."""

    def __init__(self, size, span_s, minimum_calls, rate, probes):
        self.size, self.span_s, self.minimum_calls, self.rate, self.probes = size, span_s, minimum_calls, rate, probes
        self.state, self.period, self.since_s = "closed", 0, 0.0
        self.ended = []  # (when, good), of this period
        self.running = {}  # probe -> when it began

    def turn(self, state, now_s):
        self.state, self.since_s, self.period = state, now_s, self.period + 1
        self.ended, self.running = [], {}

    def begin(self, call, now_s):
        """Return the period that the call belongs to, or None if it is refused."""
        if self.state == "open" and now_s >= self.since_s + COOLDOWN_S:
            self.turn("half_open", now_s)
        if self.state in ("open", "forced_open"):
            return None
        if self.state == "half_open":
            self.running = {probe: at_s for probe, at_s in self.running.items() if now_s < at_s + PROBE_TIMEOUT_S}
            if len(self.running) + len(self.ended) >= self.probes:
                return None
            self.running[call] = now_s
        return self.period

    def end(self, call, period, ending, slow, now_s):
        if period != self.period:
            return
        self.running.pop(call, None)
        if ending == "lost":
            return
        good = ending != "failure" and not slow
        self.ended.append((now_s, good))
        if self.state == "half_open":
            if not good:
                self.turn("open", now_s)
            elif len(self.ended) >= self.probes:
                self.turn("closed", now_s)
        elif self.state == "closed" and not good:
            calls = self.window(now_s)
            if len(calls) >= self.minimum_calls and calls.count(False) >= self.rate * len(calls):
                self.turn("open", now_s)

    def window(self, now_s):
        if self.span_s is None:
            return [good for _, good in self.ended][-self.size :]
        return [good for at_s, good in self.ended if at_s // 1 > now_s // 1 - self.span_s]


class BreakerLaw(RuleBasedStateMachine):
    calls = Bundle("calls")

    @initialize(
        size=st.integers(1, 5),
        span_s=st.none() | st.integers(1, 6),
        minimum_calls=st.integers(1, 4),
        rate=st.sampled_from([0.25, 0.5, 1.0]),
        probes=st.integers(1, 3),
    )
    def build(self, size, span_s, minimum_calls, rate, probes):
        minimum_calls = min(minimum_calls, size)
        self.clock = VirtualClock(1000.0)
        self.model = Model(size, span_s, minimum_calls, rate, probes)
        self.told = []
        self.breaker = CircuitBreaker(
            "law",
            window=size if span_s is None else TimeWindow(span_s, span_s),
            minimum_calls=minimum_calls,
            failure_rate=rate,
            cooldown_s=COOLDOWN_S,
            probes=probes,
            probe_timeout_s=PROBE_TIMEOUT_S,
            slow_call_s=SLOW_S,
            on=OSError,
            clock=self.clock,
            hook=self.told.append,
        )
        self.number = 0

    @rule(quarters=st.integers(1, 40))
    def time_passes(self, quarters):
        self.clock.advance(quarters / 4)

    @rule(target=calls)
    def begin(self):
        """Enter a block in a context of its own, as a task does."""
        self.number += 1
        period = self.model.begin(self.number, self.clock.monotonic())
        context = contextvars.Context()
        if period is None:
            with pytest.raises(CircuitOpen) as refused:
                context.run(self.breaker.__enter__)
            assert (refused.value.state, refused.value.retry_after_s) == (self.model.state, self.retry_after_s())
            return None
        context.run(self.breaker.__enter__)
        return self.number, period, self.clock.monotonic(), context

    @rule(call=consumes(calls), ending=st.sampled_from(sorted(ENDINGS)))
    def end(self, call, ending):
        if call is None:
            return
        number, period, start_s, context = call
        error = ENDINGS[ending]
        self.model.end(number, period, ending, self.clock.monotonic() - start_s >= SLOW_S, self.clock.monotonic())
        context.run(self.breaker.__exit__, type(error) if error else None, error, None)

    @rule(ending=st.sampled_from(sorted(ENDINGS)), seconds=st.sampled_from([0, 0, 0, 3]))
    def call(self, ending, seconds):
        self.number += 1
        period = self.model.begin(self.number, self.clock.monotonic())

        def work():
            self.clock.advance(seconds)
            if ENDINGS[ending] is not None:
                raise ENDINGS[ending]

        expected = type(ENDINGS[ending]) if period is not None else CircuitOpen
        with contextlib.nullcontext() if expected is type(None) else pytest.raises(expected):
            self.breaker.call(work)
        if period is not None:
            self.model.end(self.number, period, ending, seconds >= SLOW_S, self.clock.monotonic())

    @precondition(lambda self: self.number > 5)
    @rule(order=st.sampled_from(["force_open", "force_closed", "reset"]))
    def operate(self, order):
        getattr(self.breaker, order)()
        self.model.turn({"force_open": "forced_open", "force_closed": "forced_closed"}.get(order, "closed"), 0.0)

    def retry_after_s(self):
        if self.model.state != "open":
            return None
        return max(0.0, self.model.since_s + COOLDOWN_S - self.clock.monotonic())

    @invariant()
    def both_say_the_same(self):
        snapshot = self.breaker.snapshot()
        model = self.model
        assert (snapshot.state, snapshot.retry_after_s) == (model.state, self.retry_after_s())
        if model.state in ("closed", "forced_closed"):
            window = model.window(self.clock.monotonic())
            assert (snapshot.calls, snapshot.failed + snapshot.slow) == (len(window), window.count(False))
        if model.state == "half_open":
            assert snapshot.probes == len(model.running)

    @invariant()
    def changes_are_told_in_an_unbroken_chain(self):
        states = ["closed", *(change.after for change in self.told)]
        assert states[:-1] == [change.before for change in self.told]
        assert states[-1] == self.breaker.state
        assert [change.number for change in self.told] == list(range(1, len(self.told) + 1))


BreakerLaw.TestCase.settings = settings(deadline=None, max_examples=50, stateful_step_count=40)
TestBreakerLaw = BreakerLaw.TestCase
