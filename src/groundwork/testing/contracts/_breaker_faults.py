"""The contract of ``CircuitBreaker``, when callers come together, are cancelled, or are late, and when time counts.

For the last of these the subject offers ``CircuitBreaker(..., slow_call_s=None)``, and as ``window`` a
``TimeWindow(seconds)``.
"""

import asyncio
import pickle
import threading
from typing import Any

from groundwork.errors import ContractBroken
from groundwork.testing._contract import Level
from groundwork.testing._lab import Lab
from groundwork.testing.contracts._breaking import CHECKS as CHECKS
from groundwork.testing.contracts._breaking import breaker, feed, lets_through, opened
from groundwork.testing.contracts._failures import caught, expect, failing_async, kind, run

_THREAD_S = 3.0


async def _hang() -> None:
    await asyncio.sleep(3600)


@CHECKS.check(
    Level.FAULT,
    rule="Ctrl-C and cancellation go through and are not counted.",
    why="They say nothing of the service: clients that leave would open the breaker for those who stay.",
    hint="Count Exceptions; CancelledError and KeyboardInterrupt are none.",
    after=["coroutines_are_guarded"],
)
def interruptions_are_not_counted(subject: Any, lab: Lab) -> None:
    """Twenty Ctrl-Cs and twenty cancelled tasks."""
    guard = breaker(subject, lab)
    thrown = KeyboardInterrupt()

    def block() -> None:
        with guard:
            raise thrown

    if caught(block, "a KeyboardInterrupt in a block", thrown) is not thrown:
        raise ContractBroken("a KeyboardInterrupt came out as another error; expected it unchanged")
    feed(subject, guard, "-" * 20, KeyboardInterrupt)
    if not lets_through(subject, guard):
        raise ContractBroken("it opened after 20 KeyboardInterrupts; expected it closed")
    feed(subject, guard, "----")
    if lets_through(subject, guard):
        raise ContractBroken("20 KeyboardInterrupts, then 4 failed calls: it stayed closed; expected it open")
    guard = breaker(subject, lab)

    fetch = guard(_hang)

    async def cancelled() -> None:
        tasks = [asyncio.ensure_future(fetch()) for _ in range(20)]
        await asyncio.sleep(1)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        expect(sum(task.cancelled() for task in tasks), 20, "tasks that ended cancelled, of 20 that were cancelled")

    run(lab, cancelled())
    if not lets_through(subject, guard):
        raise ContractBroken("it opened after 20 cancelled calls; expected it closed")


@CHECKS.check(
    Level.LOAD,
    rule="Half-open, at most so many callers as probes are let through at once.",
    why="A service that has just come up gets all its load in the same millisecond, and falls over.",
    hint="Count those in flight, take and give back under the lock.",
    after=["coroutines_are_guarded", "a_probe_that_succeeds_closes_it"],
)
def half_open_lets_only_probes_through(subject: Any, lab: Lab) -> None:
    """Twenty callers at once, with one probe and with three."""
    for probes in (1, 3):
        guard = opened(subject, lab, probes=probes)
        lab.clock.advance(31.0)
        fetch, calls = failing_async(0, lab.clock, takes_s=1.0)

        async def twenty(guarded: Any) -> list[Any]:
            return list(await asyncio.gather(*(guarded() for _ in range(20)), return_exceptions=True))

        results = run(lab, twenty(guard(fetch)))
        refused = sum(isinstance(result, kind(subject, "CircuitOpen")) for result in results)
        expect(
            (len(calls), refused), (probes, 20 - probes), f"let through and refused, of 20 callers and probes={probes}"
        )
        if not lets_through(subject, guard):
            raise ContractBroken(f"refused after {probes} of {probes} probes had succeeded; expected it closed")


@CHECKS.check(
    Level.FAULT,
    rule="A probe that is cancelled or interrupted frees its slot, and proves nothing.",
    why="With the slot lost, the breaker waits for an answer that never comes and refuses for ever.",
    hint="Give the slot back in every way out of the call; decide only for a result.",
    after=["interruptions_are_not_counted", "a_probe_that_succeeds_closes_it", "a_probe_that_fails_opens_it_again"],
)
def a_lost_probe_frees_its_slot(subject: Any, lab: Lab) -> None:
    """Interrupted; then cancelled; then a probe at once, which is alone."""
    guard = opened(subject, lab)
    lab.clock.advance(31.0)
    feed(subject, guard, "-", KeyboardInterrupt)

    fetch = guard(_hang)

    async def cancelled() -> Any:
        task = asyncio.ensure_future(fetch())
        await asyncio.sleep(1)
        task.cancel()
        return await asyncio.gather(task, return_exceptions=True)

    [error] = run(lab, cancelled())
    if not isinstance(error, asyncio.CancelledError):
        raise ContractBroken(f"after an interrupted probe the next ended with {error!r}; expected it let through")
    try:
        with guard:
            if lets_through(subject, guard):
                raise ContractBroken("a second call was let through beside a probe; expected one at a time")
    except kind(subject, "CircuitOpen") as refused:
        raise ContractBroken(f"refused after a lost probe: {refused}; expected its slot to be free") from refused


@CHECKS.check(
    Level.FAULT,
    rule="The result of a call that began before the state changed does not count for the new one.",
    why="A call that hung for a minute comes back and closes, or opens, a breaker that has moved on.",
    hint="Give each call the number of the period in which it began; compare at its end.",
    after=["a_probe_that_succeeds_closes_it", "a_probe_that_fails_opens_it_again"],
)
def late_results_do_not_count(subject: Any, lab: Lab) -> None:
    """Calls begun while it was closed succeed and fail while a probe is under way, and after it has closed."""

    async def call(guard: Any, until_s: float, *, fails: bool) -> None:
        async with guard:
            await asyncio.sleep(until_s - lab.clock.monotonic())
            if fails:
                raise ConnectionError("reset")

    async def scene(*, fails: bool) -> None:
        start_s, guard = lab.clock.monotonic(), breaker(subject, lab)
        tasks = [asyncio.ensure_future(call(guard, start_s + end_s, fails=fails)) for end_s in (35, *[50] * 6)]
        try:
            await asyncio.sleep(1)
            feed(subject, guard, "----")
            await asyncio.sleep(31)
            tasks.append(probe := asyncio.ensure_future(call(guard, start_s + 40, fails=False)))
            await asyncio.sleep(4)  # the first of them has ended, the probe has not
            if lets_through(subject, guard):
                what = "failure" if fails else "success"
                raise ContractBroken(
                    f"a call begun before it opened ended with a {what} while a probe was under way, and another call "
                    f"was let in; expected that refused, and the late {what} not counted"
                )
            await asyncio.sleep(6)
            if not probe.done() or not lets_through(subject, guard):
                raise ContractBroken("refused after the probe succeeded, though a late call failed; expected it closed")
            await asyncio.sleep(20)
            if not lets_through(subject, guard):
                raise ContractBroken("six late failures opened a breaker that had closed meanwhile; expected it closed")
        finally:
            await asyncio.gather(*tasks, return_exceptions=True)

    for fails in (False, True):
        run(lab, scene(fails=fails))


@CHECKS.check(
    Level.LOAD,
    rule="Calls run side by side: no lock is held while one runs.",
    why="pybreaker holds its lock during the call: a server of forty threads answers one request at a time.",
    hint="Lock to decide and to count; not around fn().",
    after=["closed_it_changes_nothing"],
)
def calls_run_side_by_side(subject: Any, lab: Lab) -> None:
    """A call in another thread while one is under way."""
    guard = breaker(subject, lab)
    inside, done = threading.Event(), threading.Event()

    def wait() -> None:
        inside.set()
        done.wait(4 * _THREAD_S)

    first = threading.Thread(target=lambda: guard.call(wait), daemon=True)
    second = threading.Thread(target=lambda: guard.call(int), daemon=True)
    first.start()
    inside.wait(_THREAD_S)
    second.start()
    second.join(_THREAD_S)
    stuck = second.is_alive()
    done.set()
    first.join()
    second.join()
    if stuck or not inside.is_set():
        raise ContractBroken("a call waited until another thread's call had ended; expected both side by side")


@CHECKS.check(
    Level.FAULT,
    rule="The refusal survives pickle, with its words and retry_after_s.",
    why="The worker of a process pool refuses, and its error must reach the parent.",
    hint="As for RetryExhausted: self.args must fit __init__.",
    after=["a_refusal_says_when_to_come_back"],
)
def a_refusal_survives_pickle(subject: Any, lab: Lab) -> None:
    """There and back."""
    guard = opened(subject, lab)
    error = caught(lambda: guard.call(int), "a call behind an open breaker")
    try:
        back = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes of this instant
    except Exception as failure:
        raise ContractBroken(f"the refusal did not survive pickle: {type(failure).__name__}: {failure}") from failure
    facts = [(type(each), str(each), getattr(each, "retry_after_s", None)) for each in (back, error)]
    expect(facts[0], facts[1], "the refusal after pickle")


@CHECKS.check(
    Level.EDGE,
    rule="A call that takes slow_call_s or longer is a failure, though it succeeds.",
    why="A service that answers everything after 30 s fills up its callers as one that is down does.",
    hint="Look at the clock before and after each call; asynchronous ones too.",
    after=["opens_at_the_failure_rate", "coroutines_are_guarded"],
)
def slow_calls_open_it(subject: Any, lab: Lab) -> None:
    """Of one second, and of three, with two allowed: blocks and coroutines."""
    for takes_s, lets in ((1.0, True), (3.0, False)):
        guard, other = (breaker(subject, lab, slow_call_s=2.0) for _ in range(2))
        for _ in range(4):
            with guard:
                lab.clock.sleep(takes_s)
        fetch, _ = failing_async(0, lab.clock, takes_s=takes_s)
        for _ in range(4):
            run(lab, other(fetch)())
        found = (lets_through(subject, guard), lets_through(subject, other))
        expect(found, (lets, lets), f"whether blocks, coroutines are let through after four of {takes_s:g} s")


@CHECKS.check(
    Level.EDGE,
    rule="A window of seconds, window=TimeWindow(60), forgets what is longer ago, however few calls there were.",
    why="Four calls a day, of which one fails each week: a month later the breaker opens for an outage that never was.",
    hint="Keep the moment beside each result; before you judge, drop what is older than the window.",
    after=["a_few_failures_do_not_open_it", "old_calls_leave_the_window"],
)
def a_window_of_seconds_forgets(subject: Any, lab: Lab) -> None:
    """Three failures, a break, one more; then three of the same minute."""
    guard = breaker(subject, lab, window=subject.TimeWindow(60.0))
    feed(subject, guard, "---")
    lab.clock.advance(90.0)
    feed(subject, guard, "-")
    if not lets_through(subject, guard):
        raise ContractBroken("opened by 3 failures 90 s ago and 1 now, in a window of 60 s; expected it closed")
    lab.clock.advance(10.0)
    feed(subject, guard, "---")
    if lets_through(subject, guard):
        raise ContractBroken("closed after 4 failures of 5 calls within 10 s, in a window of 60 s; expected it open")
