"""The contract of ``retry``, when calls hang, are cancelled, give their items one by one, or come in thousands."""

import asyncio
import pickle
from collections.abc import Iterator
from typing import Any

from groundwork.errors import ContractBroken
from groundwork.testing._clock import VirtualClock
from groundwork.testing._contract import Level
from groundwork.testing._lab import Lab
from groundwork.testing.contracts._failures import (
    caught,
    expect,
    expect_about,
    expect_cancelled,
    expect_kind,
    failing,
    failing_async,
    policy,
    run,
)
from groundwork.testing.contracts._retrying import CHECKS as CHECKS


@CHECKS.check(
    Level.FAULT,
    rule="The error at the end has the last failure as its cause.",
    why="'3 attempts failed' without the reason sends the reader of the log nowhere.",
    hint="raise RetryExhausted(...) from error, inside the except block.",
    after=["attempts_include_the_first", "coroutines_are_retried"],
)
def the_last_failure_is_the_cause(subject: Any, lab: Lab) -> None:
    """A function and a coroutine."""
    fetch, _ = failing(99, lab.clock)
    fetch_async, _ = failing_async(99, lab.clock)
    for act in (policy(subject, lab)(fetch), lambda: run(lab, policy(subject, lab)(fetch_async)())):
        cause = caught(act, "a function that always fails").__cause__
        if not isinstance(cause, ConnectionError) or str(cause) != "failure 3":
            raise ContractBroken(f"the cause is {cause!r}; expected ConnectionError('failure 3'), the last failure")


@CHECKS.check(
    Level.FAULT,
    rule="The error at the end survives pickle, with its words and its number of attempts.",
    why="Process pools and queues send errors by pickle; one that cannot be read back kills the pool or hangs it.",
    hint="Exception pickles self.args and calls the class with them: what must __init__ take?",
    after=["attempts_include_the_first"],
)
def the_error_survives_pickle(subject: Any, lab: Lab) -> None:
    """There and back."""
    fetch, _ = failing(99, lab.clock)
    error = caught(policy(subject, lab)(fetch), "a function that always fails")
    try:
        back = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes of this instant
    except Exception as failure:
        raise ContractBroken(f"the error did not survive pickle: {type(failure).__name__}: {failure}") from failure
    facts = [(type(each), str(each), getattr(each, "attempts", None)) for each in (back, error)]
    expect(facts[0], facts[1], "the error after pickle")


@CHECKS.check(
    Level.FAULT,
    rule="Ctrl-C and exit are never retried.",
    why="A program that cannot be stopped is killed, and then nothing is cleaned up.",
    hint="except Exception, never BaseException and never a bare except.",
    after=["other_errors_go_through_at_once"],
)
def ctrl_c_is_never_retried(subject: Any, lab: Lab) -> None:
    """KeyboardInterrupt, SystemExit and GeneratorExit, with on=Exception."""
    for thrown in (KeyboardInterrupt(), SystemExit(3), GeneratorExit()):
        calls: list[int] = []

        def fetch(calls: list[int] = calls, thrown: BaseException = thrown) -> None:
            calls.append(1)
            raise thrown

        name = type(thrown).__name__
        error = caught(policy(subject, lab, on=Exception)(fetch), f"a {name}", thrown)
        if error is not thrown:
            raise ContractBroken(f"{name} came out as {type(error).__name__}; expected it unchanged")
        expect(len(calls), 1, f"calls of a function that raises {name}")


@CHECKS.check(
    Level.FAULT,
    rule="A cancelled task ends cancelled, whether it was in an attempt or in a wait; no attempt follows.",
    why="A client that left, or a server that shuts down, cancels: the retry keeps the work alive for nobody.",
    hint="CancelledError is no Exception; let it go through, and do not turn it into a timeout.",
    after=["coroutines_are_retried"],
)
def cancellation_is_never_retried(subject: Any, lab: Lab) -> None:
    """Cancelled during the first attempt, and during the first wait; with time limits and without."""
    for options in ({}, {"deadline_s": 100.0, "attempt_timeout_s": 50.0}):
        for moment_s, where in ((2.0, "an attempt"), (5.5, "a wait")):
            fetch, calls = failing_async(9, lab.clock, takes_s=5.0)
            decorated = policy(subject, lab, on=Exception, **options)(fetch)

            async def cancelled(moment_s: float = moment_s, decorated: Any = decorated, where: str = where) -> None:
                task = asyncio.ensure_future(decorated())
                await asyncio.sleep(moment_s)
                task.cancel()
                await expect_cancelled(task, where)

            run(lab, cancelled())
            expect(len(calls), 1, f"calls of a task that was cancelled in {where} after the first")


@CHECKS.check(
    Level.FAULT,
    rule="deadline_s bounds everything: no wait begins that would outlast it.",
    why="A caller with half a second gets its answer after 1.7 s, when it has long given up.",
    hint="Compare the time now plus the wait with the deadline, before the wait.",
    after=["waits_grow_up_to_the_cap"],
)
def a_deadline_cuts_the_last_wait(subject: Any, lab: Lab) -> None:
    """Attempts of 0.3 s and waits of 1 s within 0.5 s; then with room for one more attempt."""
    for deadline_s, expected_calls, end_s in ((0.5, 1, 0.3), (1.5, 2, 1.6)):
        lab_start_s = lab.clock.monotonic()
        fetch, calls = failing(99, lab.clock, takes_s=0.3)
        error = caught(policy(subject, lab, attempts=9, deadline_s=deadline_s)(fetch), "a function that always fails")
        expect_kind(error, subject, "RetryExhausted", "DeadlineExceeded", when=f"with deadline_s={deadline_s}")
        expect(len(calls), expected_calls, f"calls of 0.3 s, 1 s apart, with deadline_s={deadline_s}")
        expect_about(lab.clock.monotonic() - lab_start_s, end_s, f"the end with deadline_s={deadline_s}")


@CHECKS.check(
    Level.FAULT,
    rule="A coroutine that hangs is cancelled at the deadline.",
    why="A connection that neither answers nor breaks holds its caller for ever; no error, no log.",
    hint="asyncio.timeout around the attempt, for what is left of the time.",
    after=["coroutines_are_retried", "a_deadline_cuts_the_last_wait"],
)
def a_hung_attempt_ends_at_the_deadline(subject: Any, lab: Lab) -> None:
    """The second attempt hangs; four seconds in all."""
    calls: list[float] = []

    @policy(subject, lab, deadline_s=4.0)
    async def fetch() -> None:
        calls.append(lab.clock.monotonic())
        if len(calls) == 1:
            raise ConnectionError("reset")
        await asyncio.sleep(3600)

    error = caught(lambda: run(lab, fetch()), "an attempt of an hour within 4 s")
    expect_kind(error, subject, "RetryExhausted", "DeadlineExceeded", when="after the deadline")
    expect(calls, [0.0, 1.0], "moments of the calls")
    expect_about(lab.clock.monotonic(), 4.0, "the end of a hung attempt with deadline_s=4")


@CHECKS.check(
    Level.FAULT,
    rule="attempt_timeout_s cancels one attempt, and another follows.",
    why="One lost packet hangs one connection; the next one works at once.",
    hint="The timeout of an attempt is a failure worth another, whatever on says.",
    after=["coroutines_are_retried"],
)
def a_hung_attempt_is_cut_and_tried_again(subject: Any, lab: Lab) -> None:
    """The first attempt hangs, the second answers; then all hang."""
    calls: list[float] = []

    @policy(subject, lab, attempt_timeout_s=2.0)
    async def fetch(hanging: int) -> str:
        calls.append(lab.clock.monotonic())
        if len(calls) <= hanging:
            await asyncio.sleep(3600)
        return "here"

    expect(run(lab, fetch(1)), "here", "the value of the second attempt after one that hung")
    expect(calls, [0.0, 3.0], "moments of the calls with attempt_timeout_s=2 and a wait of 1 s")
    calls.clear()
    error = caught(lambda: run(lab, fetch(9)), "three attempts that hang")
    expect_kind(error, subject, "RetryExhausted", when="after three attempts that hung")

    own = TimeoutError("of the function itself")

    @policy(subject, lab, attempt_timeout_s=2.0)
    async def late() -> None:
        raise own

    if caught(lambda: run(lab, late()), "a TimeoutError of the function's own, which on does not name", own) is not own:
        raise ContractBroken("the function's own TimeoutError was taken for the attempt's; on decides on it")


@CHECKS.check(
    Level.FAULT,
    rule="An attempt that is cut has cleaned up before the next one begins.",
    why="Two attempts at once write one file, or hold two of the two connections that there are.",
    hint="Cancel and await. A task that is only told to cancel still runs.",
    after=["a_hung_attempt_is_cut_and_tried_again"],
)
def attempts_never_overlap(subject: Any, lab: Lab) -> None:
    """Cleaning up takes three seconds, the wait is one."""
    events: list[str] = []

    @policy(subject, lab, attempt_timeout_s=5.0)
    async def fetch() -> str:
        events.append("begins")
        try:
            if len(events) == 1:
                await asyncio.sleep(3600)
        finally:
            await asyncio.sleep(3)
            events.append("cleaned up")
        return "here"

    async def scene() -> str:
        value: str = await fetch()
        await asyncio.sleep(60)
        return value

    expect(run(lab, scene()), "here", "the value of the second attempt")
    expect(events, ["begins", "cleaned up"] * 2, "what happened in which order")


@CHECKS.check(
    Level.EDGE,
    rule="A generator is tried again until its first item; what fails after it goes through, and nothing comes twice.",
    why="Calling a generator function never fails: the file is opened at the first item, outside of every try.",
    hint="Take the first item with next() under the policy; then yield it, and yield from the rest.",
    after=["other_errors_go_through_at_once", "functions_stay_what_they_are"],
)
def a_generator_is_retried_until_its_first_item(subject: Any, lab: Lab) -> None:
    """It fails twice before its first item; then once between two of them."""
    opened, calls = failing(2, lab.clock)

    def rows(count: int) -> Iterator[int]:
        opened()
        yield from range(count)

    found = list(policy(subject, lab)(rows)(3))
    expect((found, len(calls)), ([0, 1, 2], 3), "items and calls of a generator that fails twice before its first item")
    expect(list(policy(subject, lab)(rows)(0)), [], "items of an empty generator")

    reset = ConnectionError("reset")

    def torn() -> Iterator[int]:
        yield 1
        raise reset

    seen: list[int] = []
    error = caught(lambda: seen.extend(policy(subject, lab)(torn)()), "a generator that fails after its first item")
    expect((seen, error), ([1], reset), "items and error of a generator that fails after its first item")


@CHECKS.check(
    Level.LOAD,
    rule="Clients that failed together do not come back together.",
    why="An outage ends, all clients call in the same second, and the outage goes on.",
    hint="Each policy without a seed needs chance of its own; jitter must stay at the cap.",
    after=["jitter_lies_below_the_cap"],
)
def clients_spread_out(subject: Any, lab: Lab) -> None:
    """200 clients without a seed, all failing since the same moment; a minute of their arrivals, 2 s by 2 s."""
    arrivals = [0] * 30
    for _ in range(200):
        clock = VirtualClock()
        fetch, calls = failing(999, clock)
        backoff = subject.Backoff(initial_s=1.0, factor=2.0, cap_s=8.0, jitter="equal")
        caught(policy(subject, lab, attempts=26, backoff=backoff, clock=clock, seed=None)(fetch), "an outage")
        for moment_s in calls:
            if 60 <= moment_s < 120:
                arrivals[int(moment_s - 60) // 2] += 1
    peak, mean = max(arrivals), sum(arrivals) / len(arrivals)
    if peak > 1.6 * mean:
        raise ContractBroken(
            f"after a minute of outage, 200 clients call {mean:.0f} times in 2 s and {peak} times in the worst 2 s; "
            f"expected at most {1.6 * mean:.0f}"
        )
