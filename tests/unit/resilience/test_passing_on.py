"""What all guards have in common: they hand on what they are called with, at the first attempt and at any other."""

import pytest

from groundwork.errors import TransientError
from groundwork.resilience import Backoff, Bulkhead, CircuitBreaker, Policy, deadline, fallback, hedge, retry
from groundwork.testing import run_virtual


def steady(clock, **options):
    return retry(attempts=2, backoff=Backoff(1, 1, 1, "none"), clock=clock, **options)


def breaker(clock, **options):
    return CircuitBreaker("b", clock=clock, **options)


EITHER = {
    "retry": steady,
    "retry that is timed": lambda clock: steady(clock, deadline_s=60),
    "breaker": breaker,
    "breaker that counts slow calls": lambda clock: breaker(clock, slow_call_s=5, slow_rate=0.5),
    "bulkhead": lambda clock: Bulkhead(1),
    "fallback": lambda clock: fallback("instead"),
    "policy of a retry": lambda clock: Policy(retry=steady(clock)),
    "policy of a breaker": lambda clock: Policy(breaker=breaker(clock)),
    "policy of a bulkhead": lambda clock: Policy(bulkhead=Bulkhead(1)),
    "policy of a breaker and a bulkhead": lambda clock: Policy(breaker=breaker(clock), bulkhead=Bulkhead(1)),
    "policy of all": lambda clock: Policy(
        retry=steady(clock),
        breaker=breaker(clock),
        bulkhead=Bulkhead(1),
        deadline=deadline(60, clock=clock),
        fallback=fallback("instead"),
    ),
}
ASYNC = {
    **EITHER,
    "retry with a limit for attempts": lambda clock: steady(clock, attempt_timeout_s=5),
    "hedge": lambda clock: hedge(5),
    "deadline": lambda clock: deadline(60, clock=clock),
}
RETRYING = {name: EITHER[name] for name in ("retry", "retry that is timed", "policy of a retry", "policy of all")}


def echo(*args, **kwargs):
    return args, kwargs


async def echo_async(*args, **kwargs):
    return args, kwargs


class FailsFirst:
    def __init__(self):
        self.calls = []

    def __call__(self, *args, **kwargs):
        self.calls.append((args, kwargs))
        if len(self.calls) == 1:
            raise TransientError("once")
        return args, kwargs

    async def answer(self, *args, **kwargs):
        return self(*args, **kwargs)


def expect(answer, calls=()):
    assert ((1, "two"), {"three": 3}) == answer
    assert all(call == answer for call in calls)


@pytest.mark.parametrize("name", EITHER)
def test_a_function_gets_what_its_guard_is_called_with(name, clock):
    guard = EITHER[name](clock)

    expect(guard(echo)(1, "two", three=3))
    expect(guard.call(echo, 1, "two", three=3))


@pytest.mark.parametrize("name", ASYNC)
def test_a_coroutine_function_gets_what_its_guard_is_called_with(name, clock):
    guard = ASYNC[name](clock)

    async def main():
        expect(await guard(echo_async)(1, "two", three=3))
        if hasattr(guard, "call"):
            expect(await guard.call(echo_async, 1, "two", three=3))

    run_virtual(main(), clock=clock)


@pytest.mark.parametrize("name", RETRYING)
def test_the_second_attempt_gets_the_same(name, clock):
    work = FailsFirst()

    expect(RETRYING[name](clock).call(work, 1, "two", three=3), work.calls)
    assert 2 == len(work.calls)


@pytest.mark.parametrize("name", RETRYING)
def test_the_second_attempt_of_a_coroutine_function_gets_the_same(name, clock):
    work = FailsFirst()

    expect(run_virtual(RETRYING[name](clock).call(work.answer, 1, "two", three=3), clock=clock), work.calls)
    assert 2 == len(work.calls)


@pytest.mark.parametrize("options", [{}, {"deadline_s": 60}], ids=["plain", "timed"])
def test_the_listener_of_a_retry_is_told_the_name_of_the_function(options, clock):
    told = []
    policy = steady(clock, hook=told.append, **options)

    policy.call(FailsFirst())
    run_virtual(policy.call(FailsFirst().answer), clock=clock)

    assert ["FailsFirst", "FailsFirst.answer"] == [each.name.removeprefix(f"{__name__}.") for each in told]


def test_a_generator_gets_what_its_guard_is_called_with(clock):
    @steady(clock)
    def rows(*args, **kwargs):
        yield args, kwargs

    @steady(clock)
    async def rows_async(*args, **kwargs):
        yield args, kwargs

    async def main():
        [answer] = [each async for each in rows_async(1, "two", three=3)]
        expect(answer)

    expect(next(rows(1, "two", three=3)))
    run_virtual(main(), clock=clock)


def test_a_fallback_that_answers_for_a_coroutine_function_is_told_of(clock):
    served = []

    async def load():
        raise TransientError("down")

    assert "instead" == run_virtual(fallback("instead", hook=served.append).call(load), clock=clock)
    [told] = served
    assert told.name.endswith("load")
    assert "down" == str(told.error)
