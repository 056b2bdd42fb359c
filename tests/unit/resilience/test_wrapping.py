import asyncio
import functools

import pytest

from groundwork.errors import ConfigurationError
from groundwork.resilience import Bulkhead, CircuitBreaker, Policy, deadline, fallback, hedge, retry, supervise
from groundwork.testing import VirtualClock

GUARDS = {
    "retry": lambda clock: retry(on=Exception, clock=clock),
    "retry with a time": lambda clock: retry(on=Exception, deadline_s=5, clock=clock),
    "breaker": lambda clock: CircuitBreaker("b", minimum_calls=1, clock=clock),
    "bulkhead": lambda clock: Bulkhead(1, clock=clock),
    "deadline": lambda clock: deadline(5, clock=clock),
    "fallback": lambda clock: fallback("stale", Exception),
    "policy": lambda clock: Policy(breaker=CircuitBreaker("b", minimum_calls=1), bulkhead=Bulkhead(1)),
}


async def fetch():
    """What a lambda forgets to await."""


@pytest.fixture(params=GUARDS)
def guard(request):
    return GUARDS[request.param](VirtualClock())


def test_a_plain_function_that_returns_a_coroutine_is_refused(guard):
    begun = []

    def forgot():
        begun.append(1)
        return fetch()

    with pytest.raises(ConfigurationError, match="forgot returned something to await; make it a coroutine function"):
        guard(forgot)()

    assert begun == [1]


def test_such_a_function_says_nothing_of_what_a_breaker_watches():
    breaker = CircuitBreaker("b", minimum_calls=1)

    for guard in (breaker, Policy(breaker=breaker, bulkhead=Bulkhead(1))):
        with pytest.raises(ConfigurationError, match="something to await"):
            guard.call(lambda: fetch())

    assert (breaker.state, breaker.snapshot().calls) == ("closed", 0)


def test_a_retry_refuses_a_coroutine_also_after_a_failure():
    answers = iter([OSError("down"), fetch()])

    def flaky():
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    with pytest.raises(ConfigurationError, match="something to await"):
        retry(on=OSError, clock=VirtualClock()).call(flaky)


def test_a_fallback_whose_answer_must_be_awaited_is_refused_for_a_synchronous_function():
    def down():
        raise OSError("down")

    with pytest.raises(ConfigurationError, match="something to await") as refused:
        fallback(lambda error: fetch(), OSError).call(down)

    assert isinstance(refused.value.__cause__, OSError)


def test_coroutine_functions_by_any_name_are_awaited(guard):
    async def add(one, two):
        return one + two

    class Adder:
        async def __call__(self, one, two):
            return one + two

    async def main():
        return [await guard(fn)(2) for fn in (functools.partial(add, 1), functools.partial(Adder(), 1))]

    assert asyncio.run(main()) == [3, 3]


@pytest.mark.parametrize(
    ("below", "hint"),
    [
        (property(len), "write @property above it"),
        (int, "decorate its methods"),
        (3, "give options by name, as attempts=3 or cooldown_s=30"),
    ],
)
def test_what_is_no_function_is_not_decorated(guard, below, hint):
    with pytest.raises(ConfigurationError, match=r"goes around a function, and .* is none") as refused:
        guard(below)

    assert refused.value.hint == hint


def test_a_coroutine_is_not_taken_for_its_function(guard):
    for use in (guard, getattr(guard, "call", guard), hedge(1), supervise):
        with pytest.raises(ConfigurationError) as refused:
            use(fetch())

        assert refused.value.hint == "give the coroutine function, without calling it"


def test_a_class_can_be_called_though_not_decorated(guard):
    call = getattr(guard, "call", None)

    assert call is None or call(int, "7") == 7


def test_retry_with_a_number_is_refused():
    with pytest.raises(ConfigurationError, match="a retry goes around a function, and 3 is none"):
        retry(3)
