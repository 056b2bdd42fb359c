import asyncio
import inspect
import random
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.errors import ConfigurationError, DeadlineExceeded, Overloaded, UsageError
from groundwork.resilience import Bulkhead, deadline
from groundwork.testing import VirtualClock, run_virtual

pytestmark = pytest.mark.virtual_time

PATIENCE_S = 30


class Guest:
    """A task in a bulkhead: notes when it got in, and leaves after a while."""

    def __init__(self, bulkhead, clock, stays_s=10):
        self.bulkhead = bulkhead
        self.clock = clock
        self.stays_s = stays_s
        self.let_in = []

    async def visit(self, name):
        async with self.bulkhead:
            self.let_in.append((name, self.clock.monotonic()))
            await asyncio.sleep(self.stays_s)


async def settle():
    await asyncio.sleep(0)
    await asyncio.sleep(0)


def waits(bulkhead, count):
    """Wait for threads to have joined the queue."""
    for _ in range(int(PATIENCE_S * 1000)):
        if bulkhead.waiting == count:
            return
        threading.Event().wait(0.001)
    raise AssertionError(f"{bulkhead.waiting} wait, expected {count}")


async def test_no_more_run_than_the_limit_and_the_rest_come_in_order(virtual_clock):
    bulkhead = Bulkhead(2, 10)
    guest = Guest(bulkhead, virtual_clock)

    await asyncio.gather(*(guest.visit(name) for name in range(5)))

    assert guest.let_in == [(0, 0), (1, 0), (2, 10), (3, 10), (4, 20)]
    assert (bulkhead.running, bulkhead.waiting) == (0, 0)


async def test_a_newcomer_does_not_overtake_who_waits(virtual_clock):
    bulkhead = Bulkhead(1, 10)
    guest = Guest(bulkhead, virtual_clock)
    first, second = (asyncio.create_task(guest.visit(name)) for name in ("first", "second"))
    await settle()

    first.cancel()
    await asyncio.sleep(0)
    newcomer = asyncio.create_task(guest.visit("newcomer"))
    await asyncio.gather(first, second, newcomer, return_exceptions=True)

    assert [name for name, _ in guest.let_in] == ["first", "second", "newcomer"]


async def test_one_too_many_is_refused_at_once(virtual_clock):
    refused = []
    bulkhead = Bulkhead(1, 1, name="database", hook=refused.append)
    guest = Guest(bulkhead, virtual_clock)
    tasks = [asyncio.create_task(guest.visit(name)) for name in range(2)]
    await settle()

    with pytest.raises(Overloaded, match="database: 1 calls run and 1 wait, which is all that may") as raised:
        await guest.visit("third")

    assert virtual_clock.monotonic() == 0
    assert raised.value.context == {"name": "database", "limit": 1, "waiting": 1}
    assert [(each.name, each.limit, each.waiting, each.retry_after_s) for each in refused] == [("database", 1, 1, None)]
    await asyncio.gather(*tasks)


async def test_a_refusal_says_when_there_is_probably_a_slot(virtual_clock):
    bulkhead = Bulkhead(2, 3, clock=virtual_clock)
    guest = Guest(bulkhead, virtual_clock, stays_s=10)
    tasks = [asyncio.create_task(guest.visit(name)) for name in range(5)]
    await asyncio.sleep(10.5)
    tasks += [asyncio.create_task(guest.visit(name)) for name in range(2)]
    await settle()

    with pytest.raises(Overloaded) as raised:
        await guest.visit("sixth")

    # Two slots came free in 10.5 s, three calls wait, and this one would be the fourth.
    assert raised.value.retry_after_s == pytest.approx(10.5 / 2 * 4)
    await asyncio.gather(*tasks)


async def test_idle_time_and_what_was_long_ago_do_not_count(virtual_clock):
    bulkhead = Bulkhead(1, clock=virtual_clock)
    for stays_s in (50, 50, 2, 2, 2, 2):
        await Guest(bulkhead, virtual_clock, stays_s).visit("x")
        await asyncio.sleep(1000)

    with bulkhead, pytest.raises(Overloaded) as raised:
        await Guest(bulkhead, virtual_clock).visit("y")

    # After 100 s the record is halved to 50 s and one slot; then four slots came free in 8 s.
    assert raised.value.retry_after_s == pytest.approx((50 + 8) / (1 + 4))


async def test_a_cancelled_waiter_leaves_the_queue(virtual_clock):
    bulkhead = Bulkhead(1, 1)
    guest = Guest(bulkhead, virtual_clock)
    first, second = (asyncio.create_task(guest.visit(name)) for name in range(2))
    await settle()

    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second

    assert (bulkhead.running, bulkhead.waiting) == (1, 0)
    await first
    assert bulkhead.running == 0


async def test_a_waiter_cancelled_as_it_is_served_passes_the_slot_on(virtual_clock):
    bulkhead = Bulkhead(1, 2)
    guest = Guest(bulkhead, virtual_clock)
    first, second, third = (asyncio.create_task(guest.visit(name)) for name in range(3))
    await asyncio.sleep(5)

    first.cancel()
    # In one turn the first leaves, which serves the second, and the second is cancelled before it can begin.
    asyncio.get_running_loop().call_soon(second.cancel)
    await asyncio.gather(first, second, third, return_exceptions=True)

    assert (second.cancelled(), [name for name, _ in guest.let_in]) == (True, [0, 2])
    assert (bulkhead.running, bulkhead.waiting) == (0, 0)


async def test_a_wait_ends_with_the_deadline_around_it(virtual_clock):
    bulkhead = Bulkhead(1, 1, name="database")
    guest = Guest(bulkhead, virtual_clock)
    first = asyncio.create_task(guest.visit(0))
    await settle()

    with deadline(3, clock=virtual_clock), pytest.raises(DeadlineExceeded, match="database: no slot came free"):
        await guest.visit(1)
    with deadline(0, clock=virtual_clock), pytest.raises(DeadlineExceeded):
        await guest.visit(2)

    assert (virtual_clock.monotonic(), bulkhead.waiting) == (3, 0)
    await first


@given(st.integers(0, 2**32), st.integers(1, 3), st.integers(0, 5))
@settings(deadline=None, max_examples=50)
def test_whatever_happens_no_slot_is_lost_and_none_is_made(seed, limit, queue):
    clock, rng = VirtualClock(), random.Random(seed)
    bulkhead = Bulkhead(limit, queue, clock=clock)
    running, most = 0, 0

    async def visit():
        nonlocal running, most
        await asyncio.sleep(rng.randrange(6))
        with deadline(rng.randrange(1, 8), clock=clock):
            async with bulkhead:
                running += 1
                most = max(most, running)
                try:
                    await asyncio.sleep(rng.randrange(4))
                finally:
                    running -= 1

    async def main():
        tasks = [asyncio.create_task(visit()) for _ in range(20)]
        for task in rng.sample(tasks, 8):
            await asyncio.sleep(rng.randrange(2))
            task.cancel()
        return await asyncio.gather(*tasks, return_exceptions=True)

    ends = run_virtual(main(), clock=clock, seed=seed)

    assert {type(end) for end in ends} <= {type(None), asyncio.CancelledError, Overloaded, DeadlineExceeded}
    assert most <= limit
    assert (bulkhead.running, bulkhead.waiting) == (0, 0)


def test_threads_wait_in_order_too():
    bulkhead = Bulkhead(1, 10)
    let_in = []

    def visit(name):
        with bulkhead:
            let_in.append((name, bulkhead.running))

    threads = [threading.Thread(target=visit, args=(name,)) for name in range(5)]
    with bulkhead:
        for count, thread in enumerate(threads, start=1):
            thread.start()
            waits(bulkhead, count)
    for thread in threads:
        thread.join(PATIENCE_S)

    assert let_in == [(name, 1) for name in range(5)]
    assert bulkhead.running == 0


def test_a_thread_waits_no_longer_than_its_deadline():
    bulkhead = Bulkhead(1, 1)

    with bulkhead:
        with deadline(0.005), pytest.raises(DeadlineExceeded, match="no slot"):
            bulkhead.__enter__()
        assert (bulkhead.running, bulkhead.waiting) == (1, 0)

    assert bulkhead.running == 0


def test_a_free_slot_is_not_taken_under_a_deadline_that_has_passed(clock):
    bulkhead = Bulkhead(1, clock=clock)

    async def enter():
        async with bulkhead:
            raise AssertionError("it was let in")

    with deadline(1, clock=clock):
        clock.advance(2)
        with pytest.raises(DeadlineExceeded):
            bulkhead.__enter__()
        with pytest.raises(DeadlineExceeded):
            enter().send(None)

    assert bulkhead.running == 0


def test_a_thread_that_is_interrupted_leaves_the_queue(monkeypatch):
    bulkhead = Bulkhead(1, 1)

    def interrupted(event, seconds):
        raise KeyboardInterrupt

    with bulkhead:
        monkeypatch.setattr(threading.Event, "wait", interrupted)
        with pytest.raises(KeyboardInterrupt):
            bulkhead.__enter__()

        assert (bulkhead.running, bulkhead.waiting) == (1, 0)


def test_a_thread_and_a_task_share_one_queue():
    bulkhead = Bulkhead(1, 1)
    let_in = threading.Event()

    async def visit():
        async with bulkhead:
            let_in.set()

    thread = threading.Thread(target=lambda: asyncio.run(visit()))
    with bulkhead:
        thread.start()
        waits(bulkhead, 1)
        assert not let_in.is_set()
    thread.join(PATIENCE_S)

    assert let_in.is_set()
    assert bulkhead.running == 0


def test_a_task_whose_loop_was_closed_takes_no_slot():
    bulkhead = Bulkhead(1, 2)
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(lambda loop, context: None)  # asyncio would tell of the lost task

    async def visit():
        async with bulkhead:
            raise AssertionError("nobody runs this")

    with bulkhead:
        task = loop.create_task(visit())
        loop.run_until_complete(asyncio.sleep(0))
        assert bulkhead.waiting == 1
        loop.close()
    free_again = (bulkhead.running, bulkhead.waiting)
    task.get_coro().close()

    assert free_again == (bulkhead.running, bulkhead.waiting) == (0, 0)


async def test_an_event_loop_is_not_blocked_by_a_wait():
    bulkhead = Bulkhead(1, 1)

    with bulkhead, pytest.raises(UsageError, match="block the event loop"):
        bulkhead.__enter__()

    assert (bulkhead.running, bulkhead.waiting) == (0, 0)


def test_a_failing_call_gives_its_slot_back():
    bulkhead = Bulkhead(1)

    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            bulkhead.call(lambda: 1 / 0)

    assert bulkhead.running == 0


def test_a_decorated_function_keeps_its_signature():
    bulkhead = Bulkhead(1)

    @bulkhead
    def square(number: int) -> int:
        """Square."""
        assert bulkhead.running == 1
        return number * number

    assert (square(3), square.__doc__, str(inspect.signature(square))) == (9, "Square.", "(number: int) -> int")


async def test_a_decorated_coroutine_function_waits_and_gives_its_slot_back(virtual_clock):
    bulkhead = Bulkhead(1, 5)

    @bulkhead
    async def square(number):
        await asyncio.sleep(1)
        if number == 2:
            raise ValueError("two")
        return number * number

    answers = await asyncio.gather(*map(square, range(4)), return_exceptions=True)

    assert inspect.iscoroutinefunction(square)
    assert [repr(answer) for answer in answers] == ["0", "1", "ValueError('two')", "9"]
    assert (virtual_clock.monotonic(), bulkhead.running) == (4, 0)
    assert await bulkhead.call(square.__wrapped__, 5) == 25


def test_threads_wait_under_a_decorated_function():
    bulkhead = Bulkhead(1, 1)
    answers = []
    thread = threading.Thread(target=lambda: answers.append(bulkhead.call(str.upper, "a")))

    with bulkhead:
        thread.start()
        waits(bulkhead, 1)
    thread.join(PATIENCE_S)

    assert answers == ["A"]


@pytest.mark.parametrize("wrong", [(0, 0), (1, -1), (1.5, 0), (1, None)])
def test_numbers_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ConfigurationError, match=r"bulkhead (limit|queue)=.* cannot work; give a whole number"):
        Bulkhead(*wrong)


async def test_who_waited_too_long_is_told_for_what(virtual_clock):
    bulkhead = Bulkhead(1, 1, name="database", clock=virtual_clock)

    with bulkhead, deadline(1, clock=virtual_clock), pytest.raises(DeadlineExceeded) as raised:
        async with bulkhead:
            raise AssertionError("there is no slot")

    assert raised.value.context == {"name": "database", "limit": 1}


def test_a_listener_is_told_when_there_is_probably_a_slot_on_the_clock_that_was_given(clock):
    refused = []
    bulkhead = Bulkhead(1, 0, hook=refused.append, clock=clock)
    with bulkhead:
        clock.advance(4)

    with bulkhead, pytest.raises(Overloaded), bulkhead:
        raise AssertionError("there is no slot")

    assert [each.retry_after_s for each in refused] == [4.0]
