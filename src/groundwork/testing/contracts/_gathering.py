"""The contract of ``gather_bounded`` and ``map_async``: many awaitables, few at a time.

The subject offers ``await gather_bounded(coros, limit)`` and ``await map_async(fn, items, limit)``; both return a list.
"""

import asyncio
import inspect
from collections.abc import Iterator
from typing import Any

from groundwork.errors import ContractBroken
from groundwork.testing._contract import Contract, Level
from groundwork.testing._lab import Lab
from groundwork.testing._run_virtual import Deadlocked
from groundwork.testing.contracts._failures import expect, expect_about, expect_cancelled
from groundwork.testing.contracts._model_time import expect_no_task_left, run
from groundwork.testing.contracts._refusals import expect_chosen

CHECKS = Contract("concurrency/gather")


def _now() -> float:
    return asyncio.get_running_loop().time()


class Work:
    """Calls that sleep as many seconds as they are told, and what became of them."""

    def __init__(self, fails: float | None = None, cleanup_s: float = 0.0) -> None:
        self.error = ValueError("no such row")
        self.begun: list[float] = []
        self.ended: list[float] = []
        self.together = self.most_together = 0
        self._fails = fails
        self._cleanup_s = cleanup_s

    async def __call__(self, seconds: float) -> float:
        """Sleep, then return the seconds or fail."""
        self.begun.append(seconds)
        self.together += 1
        self.most_together = max(self.together, self.most_together)
        try:
            await asyncio.sleep(seconds)
            if seconds == self._fails:
                raise self.error
            return seconds
        finally:
            self.together -= 1
            if self._cleanup_s:
                await asyncio.sleep(self._cleanup_s)
            self.ended.append(seconds)


@CHECKS.check(
    Level.BASIC,
    rule="Results come in the order of what was given, whatever ended first.",
    why="A prediction beside the wrong row is worse than none: nobody notices.",
    hint="Remember the place of each when it starts, and put its result there.",
)
def results_keep_their_places(subject: Any, lab: Lab) -> None:
    """Later ones are faster; by both functions, and of nothing at all."""
    given = [9.0, 7.0, 8.0, 1.0, 2.0, 3.0]

    async def main() -> None:
        work = Work()
        coros = [work(seconds) for seconds in given]
        try:
            expect(await subject.gather_bounded(coros, 4), given, "gather_bounded")
        finally:
            for coro in coros:
                coro.close()
        expect(await subject.map_async(work, given, 4), given, "map_async")
        expect(await subject.gather_bounded((work(seconds) for seconds in given), 40), given, "with room for all")
        expect(await subject.map_async(work, [], 4), [], "map_async of no items")

    run(lab, main())


@CHECKS.check(
    Level.BASIC,
    rule="At most limit are under way together, and limit of them are if there is work.",
    why="Ten thousand requests at once are an attack on the service, and on your own file descriptors.",
    hint="Start limit of them; start another only when one has ended.",
    after=["results_keep_their_places"],
)
def a_limit_is_kept_and_used(subject: Any, lab: Lab) -> None:
    """Twelve of one second each, with limits of 1, 5 and 12."""

    async def main() -> None:
        for limit, seconds in ((1, 12.0), (5, 3.0), (12, 1.0)):
            work, before = Work(), _now()
            await subject.gather_bounded([work(1.0) for _ in range(12)], limit)
            expect(work.most_together, limit, f"most under way together with limit={limit}")
            expect_about(_now() - before, seconds, f"time for 12 calls of 1 s with limit={limit}")
            work = Work()
            await subject.map_async(work, [1.0] * 12, limit)
            expect(work.most_together, limit, f"most under way together in map_async with limit={limit}")

    run(lab, main())


@CHECKS.check(
    Level.EDGE,
    rule="A place that comes free is taken at once.",
    why="In chunks, each waits for the slowest of its chunk; one slow page in twenty makes it several times slower.",
    hint="No chunks: whoever ends makes room for the next one.",
    after=["a_limit_is_kept_and_used"],
)
def a_free_place_is_taken_at_once(subject: Any, lab: Lab) -> None:
    """One of nine seconds beside nine of one."""

    async def main() -> None:
        await subject.map_async(Work(), [9.0] + [1.0] * 9, 2)
        expect_about(_now(), 9.0, "time for one call of 9 s and nine of 1 s, two at a time")

    run(lab, main())


@CHECKS.check(
    Level.EDGE,
    rule="A lazy source is read only as fast as it is worked off.",
    why="The rows of a file of 40 GB, or the messages of a queue, need not fit into memory.",
    hint="Draw the next item when there is a place for it; never list(items).",
    after=["a_limit_is_kept_and_used"],
)
def a_source_is_read_as_it_is_worked_off(subject: Any, lab: Lab) -> None:
    """A generator that counts how far ahead of the finished calls it is read."""
    limit, work = 4, Work()

    def source() -> Iterator[float]:
        for drawn in range(40):
            if (ahead := drawn + 1 - len(work.ended)) > limit + 1:
                raise ContractBroken(f"{ahead} items were read ahead with limit={limit}; expected at most {limit + 1}")
            yield 1.0

    async def main() -> None:
        expect(len(await subject.map_async(work, source(), limit)), 40, "results of 40 items")
        work.ended.clear()
        expect(len(await subject.gather_bounded((work(each) for each in source()), limit)), 40, "results of 40 items")

    run(lab, main())


@CHECKS.check(
    Level.EDGE,
    rule="A limit below one is refused at once.",
    why="Semaphore(0) waits for ever: a wrong line in a configuration becomes a job that hangs all night.",
    hint="Raise a ValueError, or groundwork's UsageError, and close the coroutines you were given.",
    after=["results_keep_their_places"],
)
def a_limit_below_one_is_refused(subject: Any, lab: Lab) -> None:
    """0 and -1, by both functions."""

    async def main() -> None:
        for limit in (0, -1):
            given = [Work()(1.0) for _ in range(2)]
            for call in (subject.gather_bounded(given, limit), subject.map_async(Work(), [1.0], limit)):
                try:
                    value = await call
                except Exception as error:  # noqa: BLE001 - which of them will do is told apart there
                    expect_chosen(error, f"limit={limit}")
                    continue
                raise ContractBroken(f"limit={limit} gave {value}; expected an error")
            _expect_closed(given, f"after limit={limit} was refused")

    try:
        run(lab, main())
    except ContractBroken as broken:
        if isinstance(broken.__cause__, Deadlocked):
            raise ContractBroken("with a limit below one it waits for ever; expected an error") from broken
        raise


@CHECKS.check(
    Level.FAULT,
    rule="The first failure comes out as it is, and at once; the others are cancelled, and what waits is never begun.",
    why="asyncio.gather raises and lets the others run: they go on calling a service on behalf of nobody.",
    hint="In a finally: cancel all tasks, await them all. Coroutines that were never started are to be closed.",
    after=["a_limit_is_kept_and_used"],
)
def the_first_failure_ends_it_all(subject: Any, lab: Lab) -> None:
    """The second of ten fails after a second; the others take a hundred."""

    async def main() -> None:
        work = Work(fails=1.0)
        given = [work(seconds) for seconds in (100.0, 1.0, 101.0, *[102.0] * 7)]
        await _expect_failure(subject.gather_bounded(given, 3), work, "gather_bounded")
        expect(sorted(work.begun), [1.0, 100.0, 101.0], "calls that began, by their seconds, of ten with limit=3")
        expect(sorted(work.ended), [1.0, 100.0, 101.0], "calls that had ended when the error came, by their seconds")
        _expect_closed(given, "after a failure")
        expect_no_task_left("after a failure")
        work = Work(fails=1.0)
        await _expect_failure(subject.map_async(work, [100.0, 1.0, 101.0, 102.0], 3), work, "map_async")
        expect_no_task_left("after a failure in map_async")

    run(lab, main())


@CHECKS.check(
    Level.FAULT,
    rule="Cancelled, it ends cancelled and leaves no task behind.",
    why="The user has closed the page; forty requests go on for an hour, and their errors appear in nobody's log.",
    hint="Cancellation comes as CancelledError out of your await: a finally sees it, and must not swallow it.",
    after=["the_first_failure_ends_it_all"],
)
def cancelled_it_leaves_no_task(subject: Any, lab: Lab) -> None:
    """Cancelled while three of ten run; and in its very first turn."""

    async def main() -> None:
        for after_s in (1.0, 0.0):
            work = Work()
            given = [work(100.0) for _ in range(10)]
            task = asyncio.ensure_future(subject.gather_bounded(given, 3))
            await asyncio.sleep(after_s)
            task.cancel()
            await expect_cancelled(task, "gather_bounded")
            expect(len(work.ended), len(work.begun), "calls that had ended when the cancellation came out")
            expect_no_task_left("after a cancellation")
            _expect_closed(given, "after a cancellation")

    run(lab, main())


@CHECKS.check(
    Level.FAULT,
    rule="It returns only when what it cancelled has cleaned up.",
    why="The next step deletes the folder, or closes the connection, that a cancelled call is still using.",
    hint="task.cancel() only asks. Await the tasks: asyncio.gather(*tasks, return_exceptions=True).",
    after=["the_first_failure_ends_it_all", "cancelled_it_leaves_no_task"],
)
def it_waits_for_what_it_cancelled(subject: Any, lab: Lab) -> None:
    """Calls need two seconds to clean up, after a failure and after a cancellation."""

    async def main() -> None:
        work = Work(fails=1.0, cleanup_s=2.0)
        await _expect_failure(subject.map_async(work, [100.0, 1.0, 101.0], 3), work, "map_async")
        expect(sorted(work.ended), [1.0, 100.0, 101.0], "calls, by their seconds, that had cleaned up when it raised")
        work = Work(cleanup_s=2.0)
        task = asyncio.ensure_future(subject.map_async(work, [100.0, 101.0], 3))
        await asyncio.sleep(1.0)
        task.cancel()
        await expect_cancelled(task, "map_async")
        expect(sorted(work.ended), [100.0, 101.0], "calls, by their seconds, that had cleaned up when it ended")

    run(lab, main())


@CHECKS.check(
    Level.LOAD,
    rule="There are about as many tasks as the limit allows, however many items there are.",
    why="A task takes about a kilobyte: a million of them that wait for a semaphore are a process out of memory.",
    hint="Make a task when its turn comes, or let limit workers draw from one iterator.",
    after=["a_limit_is_kept_and_used"],
)
def many_items_need_few_tasks(subject: Any, lab: Lab) -> None:
    """A thousand items from a list, eight at a time."""
    limit, most = 8, 0

    async def work(item: int) -> int:
        nonlocal most
        if item % 50 == 0:
            most = max(most, len(asyncio.all_tasks()))
        await asyncio.sleep(0)
        return item

    async def main() -> None:
        expect(await subject.map_async(work, list(range(1000)), limit), list(range(1000)), "results")

    run(lab, main())
    if most > limit + 4:
        raise ContractBroken(f"{most} tasks for 1,000 items with limit={limit}; expected about {limit}")


async def _expect_failure(call: Any, work: Work, name: str) -> None:
    try:
        value = await call
    except NotImplementedError:
        raise
    except Exception as error:
        if error is not work.error:
            found = f"{type(error).__name__}: {error}"
            raise ContractBroken(f"{name} raised {found}; expected the ValueError of the call itself") from error
        return
    raise ContractBroken(f"{name} gave {value} although a call had failed; expected its ValueError")


def _expect_closed(given: list[Any], when: str) -> None:
    left = sum(inspect.getcoroutinestate(coro) != inspect.CORO_CLOSED for coro in given)
    for coro in given:
        coro.close()
    if left:
        raise ContractBroken(f"{left} of {len(given)} coroutines were left open {when}; expected all run or closed")
