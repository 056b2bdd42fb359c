import asyncio
import os
import random
import subprocess
import sys
import threading
import types

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.errors import UsageError
from groundwork.testing import Deadlocked, VirtualClock, run_virtual
from groundwork.testing._virtual_loop import VirtualLoop

NEVER = float("inf")


async def napper(log, name, naps):
    for seconds in naps:
        await asyncio.sleep(seconds)
        log.append((name, asyncio.get_running_loop().time()))


async def all_of_them(log, plans):
    async with asyncio.TaskGroup() as group:
        for name, naps in enumerate(plans):
            group.create_task(napper(log, name, naps))


def trace(plans, seed):
    log = []
    run_virtual(all_of_them(log, plans), seed=seed)
    return log


def test_a_day_of_naps_ends_at_once_and_at_the_right_moment():
    clock, log = VirtualClock(start_s=100), []

    run_virtual(napper(log, "one", [10] * 8640), clock=clock)

    assert (clock.monotonic(), log[0]) == (100 + 86_400, ("one", 110))


def test_what_the_coroutine_returns_or_raises_comes_out():
    async def answer():
        return 42

    async def failure():
        raise KeyError("lost")

    assert run_virtual(answer()) == 42
    with pytest.raises(KeyError, match="lost"):
        run_virtual(failure())


def test_the_clock_the_loop_and_its_timeouts_share_one_time():
    clock, seen = VirtualClock(), []

    async def scene():
        try:
            async with asyncio.timeout(5):
                await asyncio.gather(clock.sleep_async(3), asyncio.Event().wait())
        except TimeoutError:
            seen.append((clock.monotonic(), asyncio.get_running_loop().time()))
        await clock.sleep_async(3600)

    run_virtual(scene(), clock=clock)

    assert ([(5, 5)], 3605, [3, 3600]) == (seen, clock.monotonic(), clock.sleeps)


def test_a_blocking_sleep_makes_the_timers_due_in_their_order():
    clock, log = VirtualClock(), []

    async def scene():
        loop = asyncio.get_running_loop()
        loop.call_later(2, log.append, "two")
        loop.call_later(1, log.append, "one")
        clock.sleep(10)
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    run_virtual(scene(), clock=clock)

    assert ["one", "two"] == log


@settings(deadline=None, max_examples=50)
@given(st.lists(st.lists(st.integers(0, 3), max_size=5), min_size=1, max_size=6), st.none() | st.integers())
def test_the_same_seed_gives_the_same_trace_and_nobody_wakes_too_early_or_late(plans, seed):
    first, second = trace(plans, seed), trace(plans, seed)

    assert first == second
    due = sorted((sum(naps[: at + 1]), name) for name, naps in enumerate(plans) for at in range(len(naps)))
    assert due == sorted((at, name) for name, at in first)
    assert [at for _, at in first] == sorted(at for _, at in first)


def test_seeds_order_the_timers_of_one_instant_and_without_a_seed_the_first_set_is_first():
    plans = [[1]] * 4

    orders = {tuple(name for name, _ in trace(plans, seed)) for seed in range(40)}

    assert [0, 1, 2, 3] == [name for name, _ in trace(plans, None)]
    assert len(orders) > 10


def test_timers_of_times_at_which_floats_are_coarse_still_fire():
    clock = VirtualClock(start_s=1e17)

    run_virtual(asyncio.sleep(64), clock=clock)

    assert clock.monotonic() == 1e17 + 64


def test_tasks_lie_in_sets_by_their_numbers_so_that_no_address_orders_their_cancellation():
    def order_of_cancellation():
        log = []

        async def victim(name):
            try:
                await asyncio.Event().wait()
            finally:
                log.append(name)

        async def scene():
            async with asyncio.TaskGroup() as group:
                for name in range(50):
                    group.create_task(victim(name))
                await asyncio.sleep(1)
                raise KeyError

        with pytest.raises(ExceptionGroup):
            run_virtual(scene())
        return log

    clutter = []
    first = order_of_cancellation()
    clutter.extend(bytearray(random.Random(3).randrange(400)) for _ in range(1000))
    second = order_of_cancellation()

    assert first == second == sorted(first)


def test_tasks_are_named_by_their_number_in_the_loop_unless_named():
    async def scene():
        one = asyncio.create_task(asyncio.sleep(0))
        two = asyncio.create_task(asyncio.sleep(0), name="fetch")
        await asyncio.gather(one, two)
        return [asyncio.current_task().get_name(), one.get_name(), two.get_name()]

    assert [run_virtual(scene()) for _ in range(2)] == [["task-1", "task-2", "fetch"]] * 2


def test_a_task_factory_of_the_code_is_used():
    made = []

    async def scene():
        loop = asyncio.get_running_loop()
        loop.set_task_factory(lambda loop, coro, **options: made.append(1) or asyncio.Task(coro, loop=loop, **options))
        await asyncio.create_task(asyncio.sleep(1))
        made.append("slept")

    run_virtual(scene())

    assert [1, "slept"] == made[:2]


def test_waiting_for_ever_is_an_error_that_says_who_waits_where():
    async def consumer(queue):
        await queue.get()

    async def scene():
        async with asyncio.TaskGroup() as group:
            group.create_task(consumer(asyncio.Queue()), name="consumer")
            await asyncio.sleep(3)

    with pytest.raises(Deadlocked) as caught:
        run_virtual(scene())

    line = consumer.__code__.co_firstlineno + 1
    assert "nothing is scheduled at 3 s" in caught.value.message
    assert f"consumer at test_virtual_loop.py:{line} in {consumer.__qualname__}, for Queue.get" in caught.value.message
    assert "task-1 at test_virtual_loop.py" in caught.value.message


def test_of_many_waiting_tasks_the_first_are_told():
    async def scene():
        await asyncio.gather(*(asyncio.Event().wait() for _ in range(20)))

    with pytest.raises(Deadlocked, match=r"task-2 at locks.py:\d+ in Event.wait, .*, 13 more"):
        run_virtual(scene())


def test_a_place_that_python_does_not_tell_is_called_unknown():
    class Bare:
        def __await__(self):
            yield from asyncio.get_running_loop().create_future()

    @types.coroutine
    def generator():
        yield from asyncio.get_running_loop().create_future()

    async def scene():
        await Bare()

    async def of_a_generator():
        await asyncio.create_task(generator())

    with pytest.raises(Deadlocked, match=r"test_virtual_loop.py:\d+ in .*scene"):
        run_virtual(scene())
    with pytest.raises(Deadlocked, match="task-2 at an unknown place"):
        run_virtual(of_a_generator())


def test_infinity_never_comes_and_a_time_that_is_no_number_is_refused():
    async def set_to(when):
        asyncio.get_running_loop().call_at(when, print)

    with pytest.raises(Deadlocked, match="nothing is scheduled"):
        run_virtual(asyncio.sleep(NEVER))
    with pytest.raises(UsageError, match="nan"):
        run_virtual(set_to(float("nan")))


def test_limits_that_were_kept_neither_move_the_time_nor_pile_up():
    async def scene():
        asyncio.get_running_loop().call_later(1800, print)  # the limits lie behind it, where no jump comes by
        for _ in range(1000):
            async with asyncio.timeout(3600):
                await asyncio.sleep(0.5)

    clock = VirtualClock()
    most = 0

    class Watched(VirtualLoop):
        def select(self, timeout):
            nonlocal most
            most = max(most, len(self._timers))
            return super().select(timeout)

    with asyncio.Runner(loop_factory=lambda: Watched(clock)) as runner:
        runner.run(scene())

    assert clock.monotonic() == 500
    assert most < 200


async def in_a_thread():
    await asyncio.to_thread(print)


async def a_connection():
    await asyncio.open_connection("127.0.0.1", 9)


async def a_server():
    await asyncio.start_server(print, "127.0.0.1", 0)


async def a_child():
    await asyncio.create_subprocess_exec("true")


async def a_signal():
    asyncio.get_running_loop().add_signal_handler(15, print)


async def a_file():
    asyncio.get_running_loop().add_reader(0, print)


@pytest.mark.parametrize(
    ("wish", "what"),
    [
        (in_a_thread, "threads"),
        (a_connection, "threads|sockets"),
        (a_server, "threads|sockets"),
        (a_child, "processes or pipes"),
        (a_signal, "signals"),
        (a_file, "sockets"),
    ],
)
def test_what_virtual_time_cannot_wait_for_is_refused_with_a_sentence(wish, what):
    with pytest.raises(UsageError, match=f"a virtual loop has no ({what})"):
        run_virtual(wish())


def test_another_thread_is_told_that_this_loop_knows_no_threads():
    told = []

    def intrude(loop):
        try:
            loop.call_soon_threadsafe(print)
        except UsageError as error:
            told.append(error.message)

    async def scene():
        loop = asyncio.get_running_loop()
        thread = threading.Thread(target=intrude, args=(loop,))
        thread.start()
        thread.join()
        loop.call_soon_threadsafe(told.append, "own")
        await asyncio.sleep(0)

    run_virtual(scene())

    assert told == ["call_soon_threadsafe: a virtual loop has no threads, because no virtual time passes there", "own"]


def test_a_second_clock_on_a_virtual_loop_is_an_error_that_says_what_to_pass():
    with pytest.raises(UsageError, match="not the one of the loop") as caught:
        run_virtual(VirtualClock().sleep_async(1), clock=VirtualClock())

    assert "clock=" in caught.value.hint


def test_tasks_left_behind_are_cancelled_as_by_asyncio_run():
    ended = []

    async def stays():
        try:
            await asyncio.sleep(60)
        finally:
            ended.append(asyncio.get_running_loop().time())

    async def scene():
        asyncio.create_task(stays())  # noqa: RUF006 - it is the loop's to end
        await asyncio.sleep(1)

    run_virtual(scene())

    assert ended == [1]


def test_a_closed_loop_takes_neither_timers_nor_tasks():
    loop = VirtualLoop()
    loop.close()

    with pytest.raises(RuntimeError, match="closed"):
        loop.call_later(1, print)
    main = asyncio.sleep(0)
    with pytest.raises(RuntimeError, match="closed"):
        loop.create_task(main)
    main.close()


IN_ANOTHER_PROCESS = """
import asyncio
from groundwork.testing import run_virtual

async def victim(name):
    try:
        await asyncio.sleep(name % 3)
        await asyncio.Event().wait()
    finally:
        print(name, end=" ")

async def scene():
    async with asyncio.TaskGroup() as group:
        for name in range(30):
            group.create_task(victim(name))
        await asyncio.sleep(5)
        raise KeyError

try:
    run_virtual(scene(), seed=7)
except ExceptionGroup:
    pass
"""


@pytest.mark.integration
def test_the_trace_is_the_same_in_every_process():
    def trace(hash_seed):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        command = [sys.executable, "-c", IN_ANOTHER_PROCESS]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout

    first = trace("1")

    assert first == trace("2")
    assert len(first.split()) == 30


async def seven():
    return 7


def test_what_is_no_coroutine_is_refused_with_what_to_write():
    with pytest.raises(UsageError, match="takes a coroutine, and <function seven") as refused:
        run_virtual(seven)

    assert refused.value.hint == "call the function: run_virtual(main())"


def test_a_loop_within_a_loop_is_refused_and_leaves_no_coroutine_unawaited():
    async def inside():
        return run_virtual(seven())

    with pytest.raises(UsageError, match="an event loop runs in this thread already"):
        asyncio.run(inside())


def test_what_is_no_virtual_clock_is_refused():
    with pytest.raises(UsageError, match="goes by a VirtualClock, and clock=5 is none"):
        run_virtual(seven(), clock=5)
