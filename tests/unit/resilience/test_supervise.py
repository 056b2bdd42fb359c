import asyncio
import contextlib
import logging
import random

import pytest

from groundwork.errors import ConfigurationError, RetryExhausted
from groundwork.resilience import Backoff, supervise

pytestmark = pytest.mark.virtual_time

STEADY = Backoff(1, 2, 8, "none")


class Worker:
    """Fails after each of the given times, then runs on; an exception class may stand in place of the default."""

    def __init__(self, clock, *runs_s):
        self.clock = clock
        self.runs_s = list(runs_s)
        self.began_s = []
        self.cleaned_up_s = None

    async def __call__(self):
        self.began_s.append(self.clock.monotonic())
        if self.runs_s:
            await asyncio.sleep(self.runs_s.pop(0))
            raise OSError(f"failure {len(self.began_s)}")
        try:
            await asyncio.sleep(1e6)
        finally:
            await asyncio.sleep(1)
            self.cleaned_up_s = self.clock.monotonic()


async def test_a_task_that_fails_is_started_again_after_a_wait_that_grows(virtual_clock):
    worker, restarts = Worker(virtual_clock, 0.5, 0.5, 0.5), []

    async with supervise(worker, restart=STEADY, hook=restarts.append, clock=virtual_clock):
        await asyncio.sleep(20)

    assert worker.began_s == [0, 1.5, 4, 8.5]
    assert [(each.number, str(each.error), each.wait_s) for each in restarts] == [
        (1, "failure 1", 1),
        (2, "failure 2", 2),
        (3, "failure 3", 4),
    ]
    assert restarts[0].name == f"{__name__}.Worker"


async def test_at_the_end_of_the_block_no_task_is_left_and_its_cleanup_is_done(virtual_clock):
    worker = Worker(virtual_clock)

    async with supervise(worker, clock=virtual_clock):
        await asyncio.sleep(5)

    assert worker.cleaned_up_s == 6
    assert len(asyncio.all_tasks()) == 1


async def test_a_wait_for_a_restart_is_no_reason_to_linger(virtual_clock):
    async with supervise(Worker(virtual_clock, 1), restart=Backoff(500, 1, 500, "none"), clock=virtual_clock):
        await asyncio.sleep(5)

    assert (virtual_clock.monotonic(), len(asyncio.all_tasks())) == (5, 1)


async def test_one_failure_too_many_ends_the_block(virtual_clock):
    worker, restarts = Worker(virtual_clock, *[1] * 9), []

    with pytest.raises(RetryExhausted, match=r"failed 3 times within 60 s .*OSError: failure 3") as raised:
        async with supervise(worker, restart=STEADY, max_restarts=2, hook=restarts.append, clock=virtual_clock):
            await asyncio.sleep(1e6)

    assert repr(raised.value.__cause__) == "OSError('failure 3')"
    assert (raised.value.attempts, raised.value.seconds) == (3, 6)
    assert (virtual_clock.monotonic(), restarts[-1].wait_s) == (6, None)
    assert (len(asyncio.all_tasks()), asyncio.current_task().cancelling()) == (1, 0)


async def test_failures_that_are_long_ago_count_no_more(virtual_clock):
    worker = Worker(virtual_clock, *[50] * 10)

    async with supervise(worker, restart=STEADY, max_restarts=1, within_s=50, clock=virtual_clock):
        await asyncio.sleep(2000)

    assert worker.began_s == [51 * number for number in range(11)]


async def test_waits_without_a_pattern_grow_from_the_wait_before(virtual_clock):
    growing, restarts = Backoff(1, 3, 1000, "decorrelated"), []
    worker = Worker(virtual_clock, *[0.5] * 5)

    async with supervise(worker, restart=growing, hook=restarts.append, seed=3, clock=virtual_clock):
        await asyncio.sleep(1e4)

    rng, expected = random.Random(3), [None]
    for failures in range(1, 6):
        expected.append(growing.wait_s(failures, rng, expected[-1]))
    assert [each.wait_s for each in restarts] == expected[1:]


async def test_without_restarts_the_first_failure_ends_the_block(virtual_clock):
    with pytest.raises(RetryExhausted, match="failed 1 times"):
        async with supervise(Worker(virtual_clock, 0), max_restarts=0, clock=virtual_clock):
            await asyncio.sleep(1e6)


async def test_a_failure_that_nobody_awaited_is_told_at_the_end_of_the_block(virtual_clock):
    with pytest.raises(RetryExhausted):
        async with supervise(Worker(virtual_clock, 1), max_restarts=0, clock=virtual_clock):
            with contextlib.suppress(asyncio.CancelledError):  # as a block should not
                await asyncio.sleep(1e6)

    assert asyncio.current_task().cancelling() == 0


async def test_a_normal_return_ends_the_work_and_not_the_block(virtual_clock):
    calls = []

    async def once():
        calls.append(virtual_clock.monotonic())
        return "done"

    async with supervise(once, clock=virtual_clock):
        await asyncio.sleep(100)

    assert calls == [0]
    assert await supervise(once, clock=virtual_clock).run() == "done"


async def test_the_error_of_the_block_goes_on_and_the_tasks_is_logged(virtual_clock, caplog):
    with caplog.at_level(logging.ERROR, "groundwork.resilience"), pytest.raises(ValueError, match="block"):
        async with supervise(Worker(virtual_clock, 1), max_restarts=0, clock=virtual_clock):
            try:
                await asyncio.sleep(1e6)
            finally:
                raise ValueError("block")

    assert "failure 1" in caplog.text
    assert ["a supervised task failed while the block around it failed too"] == caplog.messages
    assert asyncio.current_task().cancelling() == 0


async def test_the_error_of_the_block_stops_the_task(virtual_clock):
    worker = Worker(virtual_clock)

    with pytest.raises(ValueError, match="block"):
        async with supervise(worker, clock=virtual_clock):
            await asyncio.sleep(2)
            raise ValueError("block")

    assert worker.cleaned_up_s == 3


async def test_a_cancellation_by_someone_else_stays_one_and_leaves_no_task(virtual_clock):
    worker = Worker(virtual_clock)

    async def work():
        async with supervise(worker, clock=virtual_clock):
            await asyncio.sleep(1e6)

    task = asyncio.create_task(work())
    await asyncio.sleep(2)
    task.cancel()
    await asyncio.sleep(0.5)
    task.cancel()  # and once more, during the cleanup
    with pytest.raises(asyncio.CancelledError):
        await task

    assert len(asyncio.all_tasks()) == 1


async def test_a_cancellation_in_the_instant_of_the_last_failure_stays_one(virtual_clock, caplog):
    async def work():
        async with supervise(Worker(virtual_clock, 1), max_restarts=0, clock=virtual_clock):
            await asyncio.sleep(0)
            asyncio.get_running_loop().call_later(1, task.cancel)
            await asyncio.sleep(1e6)

    task = asyncio.create_task(work())
    with caplog.at_level(logging.ERROR, "groundwork.resilience"), pytest.raises(asyncio.CancelledError):
        await task

    assert "failure 1" in caplog.text


async def test_after_a_long_healthy_time_the_waits_begin_anew(virtual_clock):
    seen, worker = [], Worker(virtual_clock, *[500] * 20)
    backoff = Backoff(1, cap_s=1000, jitter="decorrelated")

    async with supervise(worker, restart=backoff, hook=seen.append, clock=virtual_clock, seed=7):
        await asyncio.sleep(12_000)

    assert len(seen) == 20
    assert max(each.wait_s for each in seen) <= 3


async def test_a_cleanup_that_fails_is_told_and_is_no_reason_for_a_restart(virtual_clock):
    calls = []

    async def untidy():
        calls.append(1)
        try:
            await asyncio.sleep(1e6)
        finally:
            raise OSError("the socket was gone")

    with pytest.raises(OSError, match="the socket was gone"):
        async with supervise(untidy, clock=virtual_clock):
            await asyncio.sleep(5)

    assert calls == [1]
    assert len(asyncio.all_tasks()) == 1


async def test_a_task_that_cancels_itself_is_not_started_again(virtual_clock):
    calls = []

    async def gives_up():
        calls.append(1)
        raise asyncio.CancelledError

    async with supervise(gives_up, clock=virtual_clock):
        await asyncio.sleep(100)

    assert calls == [1]


async def test_one_supervise_serves_one_block_at_a_time(virtual_clock):
    worker = Worker(virtual_clock)
    supervised = supervise(worker, clock=virtual_clock)

    async with supervised:
        await asyncio.sleep(1)
        with pytest.raises(ConfigurationError, match="make another"):
            await supervised.__aenter__()
    async with supervised:
        await asyncio.sleep(1)

    assert len(worker.began_s) == 2


async def test_the_same_seed_waits_the_same(virtual_clock):
    waits = []
    for _ in range(2):
        seen = []
        with pytest.raises(RetryExhausted):
            await supervise(Worker(virtual_clock, *[1] * 9), hook=seen.append, clock=virtual_clock, seed=7).run()
        waits.append([each.wait_s for each in seen])

    assert waits[0] == waits[1]
    assert len(set(waits[0])) == 6


@pytest.mark.parametrize("wrong", [{"max_restarts": -1}, {"max_restarts": 1.5}, {"within_s": 0}])
def test_numbers_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ConfigurationError, match=r"supervise (max_restarts|within_s)=.* cannot work"):
        supervise(asyncio.Event().wait, **wrong)


async def test_what_returns_nothing_to_await_is_not_restarted(virtual_clock):
    with pytest.raises(ConfigurationError, match="returned nothing to await"):
        async with supervise(lambda: None, clock=virtual_clock):
            await asyncio.sleep(100)

    assert virtual_clock.sleeps == []


def test_a_function_with_an_argument_is_refused():
    async def needs(row):
        """Never called."""

    with pytest.raises(ConfigurationError, match="needs without arguments: missing a required argument: 'row'"):
        supervise(needs)


def test_a_function_of_c_that_tells_no_signature_is_taken():
    assert supervise(iter)


async def test_an_end_for_good_says_how_long_it_took(virtual_clock):
    await asyncio.sleep(100)

    with pytest.raises(RetryExhausted) as raised:
        await supervise(Worker(virtual_clock, 2, 3), restart=STEADY, max_restarts=1, clock=virtual_clock).run()

    assert (raised.value.attempts, raised.value.seconds) == (2, 6.0)


async def test_a_failure_counts_for_less_than_the_time_that_counts(virtual_clock):
    restarts = []
    worker = Worker(virtual_clock, 50, 49, 48)

    async with supervise(worker, restart=STEADY, within_s=50, hook=restarts.append, clock=virtual_clock):
        await asyncio.sleep(1000)

    assert [each.number for each in restarts] == [1, 1, 2]


async def test_it_goes_by_the_clock_that_it_was_given(virtual_clock):
    class Slept:
        seconds = 0.0

        def monotonic(self):
            return self.seconds

        def sleep(self, seconds):
            raise AssertionError("it is asynchronous")

        async def sleep_async(self, seconds):
            self.seconds += seconds

    clock = Slept()

    with pytest.raises(RetryExhausted) as raised:
        await supervise(Worker(virtual_clock, 0, 0, 0), restart=STEADY, max_restarts=2, clock=clock).run()

    assert (raised.value.seconds, virtual_clock.monotonic()) == (3.0, 0)
