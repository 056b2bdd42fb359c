import asyncio
import time
from datetime import timedelta

import pytest

from groundwork.errors import ConfigurationError
from groundwork.resilience import (
    Backoff,
    BreakerRegistry,
    Bulkhead,
    CircuitBreaker,
    CountWindow,
    Policy,
    RetryBudget,
    TimeWindow,
    deadline,
    fallback,
    hedge,
    retry,
    supervise,
)

NO_SECONDS = ["5", True, timedelta(seconds=5), float("nan"), float("inf"), -1, [1]]
NO_COUNTS = ["3", True, 1.5, -1]


async def listen(record):
    """A hook that nobody would await."""


class Listener:
    async def __call__(self, record):
        """As above."""


class Half:
    def monotonic(self):
        return 0.0


async def beat():
    """What supervise runs."""


TAKES_SECONDS = {
    "retry deadline_s": lambda value: retry(deadline_s=value),
    "retry attempt_timeout_s": lambda value: retry(attempt_timeout_s=value),
    "backoff initial_s": lambda value: Backoff(initial_s=value),
    "backoff cap_s": lambda value: Backoff(cap_s=value),
    "backoff factor": lambda value: Backoff(factor=value),
    "retry budget ratio": lambda value: RetryBudget(value),
    "retry budget min_per_s": lambda value: RetryBudget(min_per_s=value),
    "retry budget memory_s": lambda value: RetryBudget(memory_s=value),
    "breaker failure_rate": lambda value: CircuitBreaker("b", failure_rate=value),
    "breaker cooldown_s": lambda value: CircuitBreaker("b", cooldown_s=value),
    "breaker slow_call_s": lambda value: CircuitBreaker("b", slow_call_s=value),
    "breaker slow_rate": lambda value: CircuitBreaker("b", slow_call_s=1, slow_rate=value),
    "breaker probe_timeout_s": lambda value: CircuitBreaker("b", probe_timeout_s=value),
    "TimeWindow span_s": lambda value: TimeWindow(value),
    "deadline seconds": lambda value: deadline(value),
    "hedge delay_s": lambda value: hedge(value),
    "supervise within_s": lambda value: supervise(beat, within_s=value),
}
TAKES_COUNTS = {
    "retry attempts": lambda value: retry(attempts=value),
    "breaker minimum_calls": lambda value: CircuitBreaker("b", minimum_calls=value),
    "breaker probes": lambda value: CircuitBreaker("b", probes=value),
    "breaker registry limit": lambda value: BreakerRegistry(limit=value),
    "CountWindow size": lambda value: CountWindow(value),
    "TimeWindow buckets": lambda value: TimeWindow(60, value),
    "bulkhead limit": lambda value: Bulkhead(value),
    "bulkhead queue": lambda value: Bulkhead(1, value),
    "hedge limit": lambda value: hedge(1, value),
    "supervise max_restarts": lambda value: supervise(beat, max_restarts=value),
}
TAKES_HOOKS = {
    "retry": lambda hook: retry(hook=hook),
    "breaker": lambda hook: CircuitBreaker("b", hook=hook),
    "bulkhead": lambda hook: Bulkhead(1, hook=hook),
    "fallback": lambda hook: fallback(1, hook=hook),
    "hedge": lambda hook: hedge(1, hook=hook),
    "supervise": lambda hook: supervise(beat, hook=hook),
}
TAKES_CLOCKS = {
    "retry": lambda clock: retry(clock=clock),
    "retry budget": lambda clock: RetryBudget(clock=clock),
    "breaker": lambda clock: CircuitBreaker("b", clock=clock),
    "bulkhead": lambda clock: Bulkhead(1, clock=clock),
    "deadline": lambda clock: deadline(1, clock=clock),
    "supervise": lambda clock: supervise(beat, clock=clock),
}


@pytest.mark.parametrize("wrong", NO_SECONDS, ids=repr)
@pytest.mark.parametrize("what", TAKES_SECONDS)
def test_what_is_no_finite_number_is_refused_when_a_policy_is_made(what, wrong):
    with pytest.raises(ConfigurationError, match=f"^{what}=.* cannot work; give a finite number"):
        TAKES_SECONDS[what](wrong)


def test_a_timedelta_is_told_how_to_become_seconds():
    with pytest.raises(ConfigurationError) as refused:
        deadline(timedelta(minutes=1))

    assert refused.value.hint == "give seconds: .total_seconds()"


@pytest.mark.parametrize("wrong", NO_COUNTS, ids=repr)
@pytest.mark.parametrize("what", TAKES_COUNTS)
def test_what_is_no_whole_number_is_refused_when_a_policy_is_made(what, wrong):
    with pytest.raises(ConfigurationError, match=f"^{what}=.* cannot work; give a whole number"):
        TAKES_COUNTS[what](wrong)


@pytest.mark.parametrize("what", TAKES_HOOKS)
def test_a_hook_that_cannot_listen_is_refused(what):
    with pytest.raises(ConfigurationError, match=f"^{what} hook=5 cannot be called"):
        TAKES_HOOKS[what](5)
    for hook in (listen, Listener()):
        with pytest.raises(ConfigurationError, match=f"^{what} hook=.* is a coroutine function"):
            TAKES_HOOKS[what](hook)


@pytest.mark.parametrize("what", TAKES_CLOCKS)
def test_what_is_no_clock_is_refused(what):
    for wrong in (5, time, Half(), type("Class", (Half,), {"sleep": None, "sleep_async": None})):
        with pytest.raises(ConfigurationError, match=f"^{what} clock=.* is no Clock"):
            TAKES_CLOCKS[what](wrong)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: retry(backoff=1), r"retry backoff=1 is no Backoff; give Backoff\(…\)"),
        (lambda: retry(backoff=lambda failures: 1), "is no Backoff"),
        (lambda: retry(budget=5), "retry budget=5 is no RetryBudget"),
        (lambda: retry(seed="a"), "retry seed='a' is no int"),
        (lambda: hedge(1, budget=5), "hedge budget=5 is no RetryBudget"),
        (lambda: supervise(beat, restart=5), "supervise restart=5 is no Backoff"),
        (lambda: CircuitBreaker(len), "breaker name=<built-in function len> is no text; give text"),
        (lambda: Bulkhead(1, name=None), "bulkhead name=None is no text"),
        (lambda: Policy(deadline="5"), "policy deadline='5' is no deadline"),
        (lambda: Policy(deadline=True), "deadline seconds=True cannot work"),
    ],
)
def test_what_is_of_another_kind_is_refused_when_a_policy_is_made(make, words):
    with pytest.raises(ConfigurationError, match=words):
        make()


@pytest.mark.parametrize(
    "make",
    [lambda on: retry(on=on), lambda on: fallback(1, on), lambda on: CircuitBreaker("b", on=on)],
)
def test_a_judge_that_must_be_awaited_is_refused(make):
    with pytest.raises(ConfigurationError, match="is a coroutine function; give one that says so at once"):
        make(listen)


def test_what_can_work_is_taken():
    asyncio.run(supervise(beat, restart=Backoff(0), max_restarts=0, within_s=1).run())

    assert retry(attempts=1, deadline_s=1, hook=print).attempts == 1
    assert Bulkhead(1, 0).running == 0
