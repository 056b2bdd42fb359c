"""A refusal names who refuses and says what to do instead."""

import asyncio
import inspect

import pytest

from groundwork.errors import ConfigurationError, MLException, Overloaded, UsageError
from groundwork.resilience import Bulkhead, CircuitBreaker, Policy, Retry, deadline, fallback, hedge, retry, supervise

GUARDS = {
    "a retry": retry(),
    "a breaker": CircuitBreaker("b"),
    "a bulkhead": Bulkhead(1),
    "a fallback": fallback(0),
    "a deadline": deadline(1),
    "a hedge": hedge(1),
    "a policy": Policy(bulkhead=Bulkhead(1)),
}
CALLING = {name: guard for name, guard in GUARDS.items() if name not in ("a deadline", "a hedge")}


def rows():
    yield 1


def forgets_to_await():
    return asyncio.sleep(0)


async def listens(record):
    raise AssertionError("nobody awaits it")


async def needs(argument):
    raise AssertionError("nobody calls it")


@pytest.mark.parametrize("name", GUARDS)
def test_what_is_no_function_is_refused_in_the_name_of_the_guard(name):
    with pytest.raises(ConfigurationError, match=f"^{name} goes around a function, and 3 is none"):
        GUARDS[name](3)


@pytest.mark.parametrize("name", GUARDS)
def test_a_static_method_of_no_function_is_refused_in_the_name_of_the_guard(name):
    with pytest.raises(ConfigurationError, match=f"^{name} goes around a function, and 3 is none"):
        GUARDS[name](staticmethod(3))


@pytest.mark.parametrize(("guard", "name"), [(lambda on: CircuitBreaker("b", on=on), "breaker"), (retry, "retry")])
def test_what_is_no_kind_of_error_is_refused_in_the_name_of_the_guard(guard, name):
    with pytest.raises(ConfigurationError, match=f"^{name} on=3"):
        guard(on=3)


@pytest.mark.parametrize("name", CALLING)
def test_what_cannot_be_called_is_refused_in_the_name_of_the_guard(name):
    with pytest.raises(ConfigurationError, match=f"^{name} goes around a function, and 3 is none"):
        CALLING[name].call(3)


def test_a_hedge_and_a_supervisor_say_who_they_are_too(run_virtual):
    async def main():
        await GUARDS["a hedge"].call(3)

    with pytest.raises(ConfigurationError, match=r"^a hedge goes around a function, and 3 is none"):
        run_virtual(main())
    with pytest.raises(ConfigurationError, match=r"^supervise goes around a function, and 3 is none"):
        supervise(3)


@pytest.mark.parametrize("name", ["a bulkhead", "a fallback", "a policy"])
def test_a_generator_is_refused_in_the_name_of_the_guard_with_what_to_do(name):
    for use in (CALLING[name], CALLING[name].call):
        with pytest.raises(ConfigurationError, match=f"^{name} cannot hold around the generator") as raised:
            use(rows)
        assert "opens the source" in raised.value.hint


def test_a_generator_cannot_answer_for_a_call_that_failed():
    with pytest.raises(ConfigurationError, match=r"^a fallback cannot hold around the generator"):
        fallback(rows)


@pytest.mark.parametrize("name", CALLING)
def test_a_function_that_forgot_to_await_is_named_with_what_to_do(name):
    with pytest.raises(ConfigurationError, match=r"forgets_to_await returned something to await") as raised:
        CALLING[name].call(forgets_to_await)

    assert "call(fetch, url)" in raised.value.hint


def test_an_answer_that_has_to_be_awaited_is_told_in_the_name_of_who_gave_it():
    def down():
        raise Overloaded("down")

    with pytest.raises(ConfigurationError, match="forgets_to_await returned something to await"):
        fallback(forgets_to_await).call(down)


def queued_in_a_loop():
    async def main():
        with Bulkhead(1, 1) as bulkhead, bulkhead:
            raise AssertionError("there is no slot")

    asyncio.run(main())


def attempts_not_entered():
    for _ in retry():
        pass


def deadline_without_a_task():
    limit = deadline(1)
    # By hand, as a loop's callback would: no task runs it.
    loop = asyncio.new_event_loop()
    errors = []

    def begin():
        try:
            limit.__aenter__().send(None)
        except UsageError as error:
            errors.append(error)

    loop.call_soon(begin)
    loop.call_soon(loop.stop)
    loop.run_forever()
    loop.close()
    raise errors[0]


REFUSED = {
    "functools.partial": lambda: supervise(needs),
    "asyncio.to_thread": lambda: asyncio.run(supervise(lambda: None).run()),
    "queue that a task reads": lambda: CircuitBreaker("b", hook=listens),
    "write retry=Retry(…)": lambda: Policy(retry=3),
    "`async with`": queued_in_a_loop,
    "`with attempt:`": attempts_not_entered,
    "in a task": deadline_without_a_task,
}


@pytest.mark.parametrize("hint", REFUSED)
def test_a_refusal_says_what_to_do_instead(hint):
    with pytest.raises(MLException) as raised:
        REFUSED[hint]()

    assert hint in raised.value.hint


def test_a_listener_that_can_be_called_but_would_have_to_be_awaited_is_refused():
    class Listener:
        async def __call__(self, record):
            raise AssertionError("nobody awaits it")

    assert not inspect.iscoroutinefunction(Listener())
    with pytest.raises(ConfigurationError, match="a coroutine function, which nobody would await"):
        CircuitBreaker("b", hook=Listener())


def test_a_bulkhead_that_is_full_says_what_to_do():
    with Bulkhead(1, 0) as bulkhead, pytest.raises(Overloaded) as raised, bulkhead:
        raise AssertionError("there is no slot")

    assert "raise the limit" in raised.value.hint


def test_a_retry_has_a_backoff():
    with pytest.raises(ConfigurationError, match="retry backoff=None"):
        Retry(backoff=None)
