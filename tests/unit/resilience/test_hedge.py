import asyncio
import inspect

import pytest

from groundwork.errors import ConfigurationError, TransientError
from groundwork.resilience import RetryBudget, hedge, retry

pytestmark = pytest.mark.virtual_time


class Slow:
    """Takes a given time in each attempt; an exception among the answers is raised."""

    def __init__(self, clock, *attempts):
        self.clock = clock
        self.attempts = attempts
        self.began_s = []
        self.cancelled = []

    async def __call__(self, key="x"):
        number = len(self.began_s)
        self.began_s.append(self.clock.monotonic())
        seconds, answer = self.attempts[number]
        try:
            await asyncio.sleep(seconds)
        except asyncio.CancelledError:
            await asyncio.sleep(1)
            self.cancelled.append(number)
            raise
        if isinstance(answer, Exception):
            raise answer
        return answer


async def test_a_quick_call_is_made_once(virtual_clock):
    slow = Slow(virtual_clock, (0.1, "first"))

    assert await hedge(1)(slow)() == "first"
    assert slow.began_s == [0]


async def test_a_slow_call_is_made_again_and_the_first_answer_wins(virtual_clock):
    slow = Slow(virtual_clock, (60, "first"), (2, "second"))
    seen = []

    assert await hedge(1, hook=seen.append)(slow)() == "second"

    # The loser's cleanup takes a second and is awaited.
    assert (slow.began_s, slow.cancelled, virtual_clock.monotonic()) == ([0, 1], [0], 4)
    assert [attempt.number for attempt in seen] == [2]
    assert len(asyncio.all_tasks()) == 1


async def test_the_first_attempt_may_still_win(virtual_clock):
    slow = Slow(virtual_clock, (2, "first"), (60, "second"))

    assert await hedge(1)(slow)() == "first"
    assert slow.cancelled == [1]


async def test_no_more_attempts_run_than_the_limit(virtual_clock):
    slow = Slow(virtual_clock, *[(10, number) for number in range(3)])

    assert await hedge(1, 3)(slow)() == 0
    assert (slow.began_s, slow.cancelled) == ([0, 1, 2], [1, 2])


async def test_an_attempt_that_fails_alone_is_no_reason_for_another(virtual_clock):
    slow = Slow(virtual_clock, (0.1, TransientError("down")))

    with pytest.raises(TransientError, match="down"):
        await hedge(1)(slow)()

    assert slow.began_s == [0]


async def test_an_attempt_that_fails_beside_another_waits_for_it(virtual_clock):
    slow = Slow(virtual_clock, (2, TransientError("down")), (5, "second"))

    assert await hedge(1)(slow)() == "second"


async def test_a_failure_beside_others_begins_nothing_and_forbids_nothing(virtual_clock):
    slow = Slow(virtual_clock, (2.5, TransientError("down")), (60, "second"), (60, "third"), (1, "fourth"))

    assert await hedge(1, 4)(slow)() == "fourth"

    # The failure at 2.5 s sets the wait for the fourth anew.
    assert slow.began_s == [0, 1, 2, 3.5]


async def test_when_all_fail_the_first_error_is_told_with_the_others(virtual_clock):
    first, second, third = TransientError("one"), ValueError("two"), KeyError("three")
    slow = Slow(virtual_clock, (5, first), (1.5, second), (1, third))

    with pytest.raises(TransientError, match="one") as raised:
        await hedge(1, 3)(slow)()

    assert raised.value.__cause__.exceptions == (second, third)


async def test_a_cause_of_its_own_stays(virtual_clock):
    first = TransientError("one")
    first.__cause__ = OSError("disk")
    slow = Slow(virtual_clock, (2, first), (2, ValueError("two")))

    with pytest.raises(TransientError) as raised:
        await hedge(1)(slow)()

    assert repr(raised.value.__cause__) == "OSError('disk')"


async def test_a_retry_around_a_hedge_sees_the_errors_that_it_knows(virtual_clock):
    slow = Slow(virtual_clock, (2, TransientError("one")), (2, TransientError("two")), (0.1, "third"))

    assert await retry(clock=virtual_clock)(hedge(1)(slow))() == "third"


async def test_when_the_caller_is_cancelled_no_attempt_is_left(virtual_clock):
    slow = Slow(virtual_clock, (60, "first"), (60, "second"))
    caller = asyncio.create_task(hedge(1)(slow)())
    await asyncio.sleep(5)

    caller.cancel()
    await asyncio.sleep(0.5)
    caller.cancel()  # while the attempts clean up
    with pytest.raises(asyncio.CancelledError):
        await caller

    assert len(asyncio.all_tasks()) == 1


async def test_an_attempt_that_cancels_itself_ends_the_call(virtual_clock):
    async def gives_up():
        await asyncio.sleep(2)
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await hedge(1)(gives_up)()

    assert len(asyncio.all_tasks()) == 1


async def test_a_budget_bounds_the_further_attempts(virtual_clock):
    # The least that one call a second earns is a tenth of a retry.
    budget = RetryBudget(ratio=0.1, min_per_s=0, clock=virtual_clock)
    slow = Slow(virtual_clock, (60, "first"))

    assert await hedge(1, budget=budget)(slow)() == "first"
    assert slow.began_s == [0]


async def test_arguments_are_given_to_each_attempt(virtual_clock):
    seen = []

    async def note(*args, **kwargs):
        seen.append((args, kwargs))
        await asyncio.sleep(5)

    await hedge(1).call(note, 1, key=2)

    assert seen == [((1,), {"key": 2})] * 2


def test_a_decorated_function_stays_what_it_was():
    async def fetch(key: str) -> bytes:
        """Fetch."""
        return key.encode()

    wrapped = hedge(1)(fetch)

    assert inspect.iscoroutinefunction(wrapped)
    assert (wrapped.__doc__, inspect.signature(wrapped)) == ("Fetch.", inspect.signature(fetch))


def test_a_synchronous_function_cannot_be_hedged():
    with pytest.raises(ConfigurationError, match="len cannot be hedged"):
        hedge(1)(len)


@pytest.mark.parametrize("wrong", [(-1, 2), (float("nan"), 2), (1, 1), (1, 2.5)])
def test_numbers_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ConfigurationError, match=r"hedge (delay_s|limit)=.* cannot work"):
        hedge(*wrong)


async def test_an_attempt_that_raises_before_it_can_be_awaited_is_a_failed_attempt(virtual_clock):
    begun = []

    def begin():
        begun.append(virtual_clock.monotonic())
        if len(begun) == 2:
            raise TransientError("no connection is left")
        return asyncio.sleep(2, "first")

    assert await hedge(1).call(begin) == "first"
    assert begun == [0, 1]
    assert len(asyncio.all_tasks()) == 1


async def test_what_returns_nothing_to_await_cannot_be_hedged():
    with pytest.raises(ConfigurationError, match=r"builtins.len returned nothing to await and cannot be hedged"):
        await hedge(0.1).call(len, "abc")


async def test_a_listener_is_told_of_each_further_attempt_by_name_and_number(virtual_clock):
    told = []

    async def fetch():
        await asyncio.sleep(3)

    policy = hedge(1, limit=3, hook=told.append)
    await policy.call(fetch)
    await policy(fetch)()

    assert [each.name.rpartition(".")[2] for each in told] == ["fetch"] * 4
    assert [each.number for each in told] == [2, 3, 2, 3]
