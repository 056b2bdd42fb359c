import asyncio
import inspect
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.errors import ConfigurationError, DeadlineExceeded, UsageError
from groundwork.resilience import (
    Bulkhead,
    CircuitBreaker,
    Policy,
    carry_deadline,
    check_deadline,
    deadline,
    deadline_header,
    hedge,
    remaining_s,
    retry,
)
from groundwork.testing import VirtualClock

pytestmark = pytest.mark.virtual_time


def test_without_a_deadline_there_is_no_limit():
    check_deadline()

    assert remaining_s() is None


def test_code_inside_is_told_how_much_time_is_left(clock):
    with deadline(5, clock=clock):
        clock.advance(2)
        check_deadline()

        assert remaining_s() == 3


def test_code_that_asks_too_late_is_told(clock):
    with pytest.raises(DeadlineExceeded, match=r"passed 1\.000 s ago") as raised, deadline(5, clock=clock):
        clock.advance(6)
        assert remaining_s() == 0
        check_deadline()

    assert raised.value.context == {"over_s": 1.0}


def test_of_nested_deadlines_the_shortest_holds(clock):
    with deadline(5, clock=clock):
        with deadline(9, clock=clock):
            assert remaining_s() == 5
        with deadline(2, clock=clock):
            assert remaining_s() == 2
        assert remaining_s() == 5
    assert remaining_s() is None


def test_an_asynchronous_block_is_cancelled(clock):
    async def main():
        async with deadline(5, clock=clock):
            await asyncio.sleep(1e6)

    with pytest.raises(DeadlineExceeded, match="cancelled after 5 s"):
        clock.run(main())

    assert clock.monotonic() - 100 == pytest.approx(5)


def test_a_cancellation_by_someone_else_stays_one(clock):
    async def work():
        async with deadline(5, clock=clock):
            await asyncio.sleep(1e6)

    async def main():
        task = asyncio.create_task(work())
        await asyncio.sleep(1)
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError):
        clock.run(main())


def test_tasks_begun_inside_know_the_deadline(clock):
    async def left_s():
        return remaining_s()

    async def main():
        async with deadline(5, clock=clock):
            return await asyncio.create_task(left_s())

    assert clock.run(main()) == 5


@pytest.mark.parametrize("wrong", [-1, float("nan"), float("inf")])
def test_a_time_that_cannot_be_kept_is_refused(wrong):
    with pytest.raises(ConfigurationError, match=r"deadline seconds=.* cannot work; give a finite number of 0 or more"):
        deadline(wrong)


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=6))
@settings(deadline=None, max_examples=50)
def test_however_deep_they_nest_the_least_holds(times):
    clock = VirtualClock()
    blocks = [deadline(seconds, clock=clock) for seconds in times]

    seen = []
    for block in blocks:
        block.__enter__()
        seen.append(remaining_s())
    for block in reversed(blocks):
        block.__exit__(None, None, None)

    assert seen == [min(times[: number + 1]) for number in range(len(times))]
    assert remaining_s() is None


def test_work_that_ends_late_is_not_thrown_away(clock):
    with deadline(5, clock=clock) as block:
        in_time = block.overrun
        clock.advance(6)

    assert (in_time, block.overrun) == (False, True)


def test_a_block_that_never_began_has_not_overrun():
    assert not deadline(0).overrun


def test_a_deadline_bounds_one_block_at_a_time(clock):
    block = deadline(5, clock=clock)

    with block, pytest.raises(ConfigurationError, match="make another"), block:
        pass

    with block:
        assert remaining_s() == 5


def test_a_decorated_function_has_this_much_time_in_each_call(clock):
    @deadline(5, clock=clock)
    def left_s(waited_s: float) -> float:
        """Say what is left."""
        clock.advance(waited_s)
        return remaining_s()

    assert [left_s(1), left_s(waited_s=2)] == [4, 3]
    assert (left_s.__doc__, str(inspect.signature(left_s))) == ("Say what is left.", "(waited_s: float) -> float")
    assert remaining_s() is None


def test_a_decorated_function_keeps_to_a_shorter_deadline_around_it(clock):
    ask = deadline(5, clock=clock)(remaining_s)

    with deadline(2, clock=clock):
        assert ask() == 2
    with deadline(9, clock=clock):
        assert ask() == 5


def test_a_decorated_function_is_not_called_when_it_is_too_late(clock):
    calls = []

    with deadline(2, clock=clock), pytest.raises(DeadlineExceeded, match="passed"):
        clock.advance(3)
        deadline(5, clock=clock)(calls.append)(1)

    assert calls == []


def test_a_generator_function_is_refused_because_its_work_comes_later():
    def rows():
        yield 1

    async def async_rows():
        yield 1

    for fn in (rows, async_rows):
        with pytest.raises(ConfigurationError, match=r"deadline cannot hold around the generator function .*rows"):
            deadline(5)(fn)


def test_class_and_static_methods_are_decorated_in_either_order(clock):
    class Source:
        @classmethod
        @deadline(5, clock=clock)
        def below(cls):
            return cls, remaining_s()

        @deadline(5, clock=clock)
        @classmethod
        def above(cls):
            return cls, remaining_s()

        @deadline(5, clock=clock)
        @staticmethod
        def static():
            return remaining_s()

        @deadline(5, clock=clock)
        def method(self):
            return remaining_s()

    assert Source.below() == Source.above() == (Source, 5)
    assert Source.static() == Source().method() == 5


async def test_a_decorated_coroutine_function_is_cancelled_in_time(virtual_clock):
    @deadline(5, clock=virtual_clock)
    async def hang():
        await asyncio.sleep(1e6)

    assert inspect.iscoroutinefunction(hang)
    with pytest.raises(DeadlineExceeded, match="cancelled after 5 s") as raised:
        await hang()

    assert virtual_clock.monotonic() == 5
    assert isinstance(raised.value.__cause__, asyncio.CancelledError)
    assert asyncio.current_task().cancelling() == 0


async def test_a_decorated_coroutine_function_answers_and_fails_as_before(virtual_clock):
    @deadline(5, clock=virtual_clock)
    async def left_s(error=None):
        await asyncio.sleep(1)
        if error:
            raise error
        return remaining_s()

    assert await left_s() == 4
    with pytest.raises(ValueError, match="bad"):
        await left_s(ValueError("bad"))
    await asyncio.sleep(100)
    assert remaining_s() is None


async def test_an_object_with_an_async_call_is_decorated(virtual_clock):
    class Source:
        async def __call__(self):
            return remaining_s()

    assert await deadline(5, clock=virtual_clock)(Source())() == 5


async def test_an_asynchronous_block_keeps_to_a_synchronous_deadline_around_it(virtual_clock):
    with deadline(2, clock=virtual_clock):
        with pytest.raises(DeadlineExceeded, match="deadline around it"):
            async with deadline(5, clock=virtual_clock) as block:
                await asyncio.sleep(1e6)
        with pytest.raises(DeadlineExceeded, match="passed"):
            await deadline(5, clock=virtual_clock)(asyncio.sleep)(1)

    assert (virtual_clock.monotonic(), block.overrun) == (2, False)


async def test_of_nested_asynchronous_blocks_the_shorter_is_told(virtual_clock):
    ends = []

    for outer_s, inner_s in ((2, 5), (5, 2), (2, 2)):
        began_s = virtual_clock.monotonic()
        outer = deadline(outer_s, clock=virtual_clock)
        with pytest.raises(DeadlineExceeded):
            async with outer, deadline(inner_s, clock=virtual_clock):
                await asyncio.sleep(1e6)
        ends.append((virtual_clock.monotonic() - began_s, outer.overrun))

    assert ends == [(2, True), (2, False), (2, True)]
    assert asyncio.current_task().cancelling() == 0


async def test_a_cancellation_in_the_same_instant_stays_one(virtual_clock):
    @deadline(5, clock=virtual_clock)
    async def hang():
        await asyncio.sleep(1e6)

    loop = asyncio.get_running_loop()
    for theirs_first in (False, True):
        task = asyncio.create_task(hang())
        if theirs_first:
            loop.call_later(5, task.cancel)
        await asyncio.sleep(0)
        if not theirs_first:
            loop.call_later(5, task.cancel)
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_a_cleanup_after_a_cancellation_may_have_a_deadline(virtual_clock):
    ends = []

    async def hang():
        try:
            await asyncio.sleep(1e6)
        finally:
            try:
                async with deadline(5, clock=virtual_clock):
                    await asyncio.sleep(1e6)
            except DeadlineExceeded:
                ends.append(virtual_clock.monotonic())

    task = asyncio.create_task(hang())
    await asyncio.sleep(1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert ends == [6]


async def test_an_error_of_the_cleanup_is_told_and_leaves_no_cancellation_behind(virtual_clock):
    with pytest.raises(ValueError, match="cleanup"):
        async with deadline(5, clock=virtual_clock):
            try:
                await asyncio.sleep(1e6)
            finally:
                raise ValueError("cleanup")

    await asyncio.sleep(1)


def test_a_thread_is_told_only_if_the_deadline_is_carried(clock):
    with ThreadPoolExecutor(1) as pool, deadline(5, clock=clock):
        plain = pool.submit(remaining_s)
        carried = pool.submit(carry_deadline(remaining_s))
        after = pool.submit(remaining_s)

    assert [None, 5, None] == [plain.result(), carried.result(), after.result()]


def test_without_a_deadline_nothing_is_carried(clock):
    carried = carry_deadline(remaining_s)

    with deadline(5, clock=clock):
        assert carried() is None


def test_a_request_says_how_long_its_sender_waits(clock):
    with deadline(1.5, clock=clock):
        header = deadline_header()
        clock.advance(1.4999)
        shortest = deadline_header()
        clock.advance(1)
        with pytest.raises(DeadlineExceeded):
            deadline_header()

    assert header == {"X-Request-Timeout-Ms": "1500"}
    assert shortest == {"X-Request-Timeout-Ms": "1"}
    assert deadline_header() == {}


async def test_an_asynchronous_deadline_needs_a_task():
    told = []

    def outside_of_any_task():
        try:
            deadline(5).__aenter__().send(None)
        except UsageError as error:
            told.append((str(error), remaining_s()))

    asyncio.get_running_loop().call_soon(outside_of_any_task)
    await asyncio.sleep(0)

    assert told == [("an asynchronous deadline cancels its task, and here is none", None)]


class TestWaits:
    """What a synchronous wait raises that was given what is left of the time."""

    @pytest.mark.parametrize(
        "error", [TimeoutError("timed out"), BlockingIOError("would block"), subprocess.TimeoutExpired("make", 2)]
    )
    @pytest.mark.parametrize("decorated", [False, True])
    def test_one_that_runs_out_with_the_deadline_is_its_end(self, clock, error, decorated):
        def wait():
            clock.sleep(remaining_s())
            raise error

        def block():
            with deadline(2, clock=clock):
                wait()

        with pytest.raises(DeadlineExceeded, match="the time of 2 s was over: ") as exceeded:
            (deadline(2, clock=clock)(wait) if decorated else block)()

        assert exceeded.value.__cause__ is error

    def test_one_that_is_shorter_stays_what_it_is(self, clock):
        @deadline(2, clock=clock)
        def wait():
            clock.sleep(1)
            raise TimeoutError("timed out")

        with pytest.raises(TimeoutError, match="timed out"):
            wait()
        with pytest.raises(TimeoutError, match="timed out"), deadline(2, clock=clock):
            wait.__wrapped__()

    def test_an_inner_deadline_with_time_left_leaves_it_to_the_outer(self, clock):
        def block():
            with deadline(2, clock=clock), deadline(60, clock=clock):
                clock.sleep(remaining_s())
                raise TimeoutError("timed out")

        with pytest.raises(DeadlineExceeded, match="the time of 2 s was over: TimeoutError: timed out"):
            block()


GUARDS = {
    "retry": lambda clock: retry(clock=clock),
    "retry with a time": lambda clock: retry(clock=clock, deadline_s=60),
    "breaker": lambda clock: CircuitBreaker("b", clock=clock),
    "bulkhead": lambda clock: Bulkhead(1, clock=clock),
    "policy of two": lambda clock: Policy(breaker=CircuitBreaker("b", clock=clock), bulkhead=Bulkhead(1)),
    "policy of a bulkhead": lambda clock: Policy(bulkhead=Bulkhead(1)),
    "policy of a breaker": lambda clock: Policy(breaker=CircuitBreaker("b", clock=clock)),
    "policy of a retry": lambda clock: Policy(retry=retry(clock=clock), breaker=CircuitBreaker("b", clock=clock)),
    "policy of a deadline": lambda clock: Policy(deadline=deadline(60, clock=clock), retry=retry(clock=clock)),
}


class TestPassed:
    """A call under a deadline that has already passed is not begun."""

    @pytest.mark.parametrize("kind", GUARDS)
    def test_a_function(self, clock, kind):
        begun = []
        guard = GUARDS[kind](clock)

        with deadline(1, clock=clock):
            clock.advance(2)
            with pytest.raises(DeadlineExceeded, match=r"the deadline passed 1.000 s ago"):
                guard.call(begun.append, 1)
        guard.call(begun.append, 2)

        assert begun == [2]

    @pytest.mark.parametrize("kind", [*GUARDS, "hedge"])
    def test_a_coroutine_function(self, clock, kind):
        begun = []
        guard = hedge(1) if kind == "hedge" else GUARDS[kind](clock)

        async def work(number):
            begun.append(number)

        async def main():
            with deadline(1, clock=clock):
                clock.advance(2)
                with pytest.raises(DeadlineExceeded, match=r"the deadline passed 1.000 s ago"):
                    await guard.call(work, 1)
            await guard.call(work, 2)

        clock.run(main())

        assert begun == [2]

    @pytest.mark.parametrize("kind", ["breaker", "bulkhead"])
    def test_a_block(self, clock, kind):
        guard = GUARDS[kind](clock)

        async def enter():
            async with guard:
                pytest.fail("was entered")

        with deadline(1, clock=clock):
            clock.advance(2)
            with pytest.raises(DeadlineExceeded), guard:
                pytest.fail("was entered")
            with pytest.raises(DeadlineExceeded):
                clock.run(enter())

    def test_a_loop(self, clock):
        with deadline(1, clock=clock):
            clock.advance(2)
            with pytest.raises(DeadlineExceeded):
                iter(retry(clock=clock))


def test_a_block_whose_own_wait_ran_out_says_how_long_it_had_and_what_ran_out(clock):
    @deadline(2, clock=clock)
    def decorated():
        clock.advance(3)
        raise TimeoutError("no answer")

    def block():
        with deadline(2, clock=clock):
            clock.advance(3)
            raise TimeoutError("no answer")

    for late in (decorated, block):
        with pytest.raises(DeadlineExceeded, match="the time of 2 s was over: TimeoutError: no answer") as raised:
            late()
        assert raised.value.context == {"seconds": 2}


@pytest.mark.virtual_time
async def test_what_was_cancelled_says_how_long_it_had(virtual_clock):
    limit = deadline(2, clock=virtual_clock)

    with pytest.raises(DeadlineExceeded, match="cancelled after 2 s") as decorated:
        await limit(asyncio.sleep)(9)
    with pytest.raises(DeadlineExceeded, match="cancelled after 2 s") as block:
        async with limit:
            await asyncio.sleep(9)

    assert [each.value.context for each in (decorated, block)] == [{"seconds": 2}] * 2


@pytest.mark.virtual_time
async def test_a_decorated_coroutine_function_that_the_time_around_it_ends_says_so(virtual_clock):
    with deadline(0.5, clock=virtual_clock), pytest.raises(DeadlineExceeded, match="the deadline around it"):
        await deadline(5, clock=virtual_clock)(asyncio.sleep)(9)

    assert virtual_clock.monotonic() == 0.5
