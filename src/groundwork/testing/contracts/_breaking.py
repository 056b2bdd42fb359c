"""The contract of ``CircuitBreaker``, one caller at a time: when it opens, refuses, tries again and closes.

The subject offers ``CircuitBreaker(name, window=10, failure_rate=0.5, minimum_calls=4, cooldown_s=30.0, probes=1,
on=Exception, clock=)``: ``with breaker:``, ``async with breaker:``, ``@breaker`` and ``breaker.call(fn, ...)``.
"""

import functools
import inspect
from typing import Any

from groundwork.errors import ContractBroken
from groundwork.testing._contract import Contract, Level
from groundwork.testing._lab import Lab
from groundwork.testing.contracts._failures import caught, expect, expect_kind, failing, failing_async, kind, run

CHECKS = Contract("resilience/breaker")


def breaker(subject: Any, lab: Lab, **options: Any) -> Any:
    """Make a breaker: half of at least 4 calls of the last 10 open it for 30 s, then one probe."""
    limits = {"window": 10, "failure_rate": 0.5, "minimum_calls": 4, "cooldown_s": 30.0, "probes": 1}
    return subject.CircuitBreaker("source", **{**limits, "clock": lab.clock, **options})


def feed(subject: Any, guard: Any, results: str, error: type[BaseException] = ConnectionError) -> None:
    """Let calls succeed (``+``) and fail (``-``) behind a breaker, as long as it lets them through."""
    for result in results:
        try:
            with guard:
                if result == "-":
                    raise error("reset")
        except error:
            pass
        except kind(subject, "CircuitOpen"):
            return


def opened(subject: Any, lab: Lab, **options: Any) -> Any:
    """Make a breaker that has just opened."""
    guard = breaker(subject, lab, **options)
    feed(subject, guard, "----")
    return guard


def lets_through(subject: Any, guard: Any) -> bool:
    """Say whether a call, which succeeds, gets through."""
    return refusal(subject, guard) is None


def refusal(subject: Any, guard: Any) -> BaseException | None:
    """Make a call that succeeds; return the error if it is refused."""
    try:
        with guard:
            return None
    except kind(subject, "CircuitOpen") as error:
        return error


@CHECKS.check(
    Level.BASIC,
    rule="Closed, a breaker changes nothing: values come back and errors go through as they are.",
    why="Callers handle the errors of what they call; a wrapped error passes all their except clauses.",
    hint="Count what came, and let it go on. __exit__ returns nothing.",
)
def closed_it_changes_nothing(subject: Any, lab: Lab) -> None:
    """A block, a call, a decorated function."""
    guard = breaker(subject, lab)
    fetch, _ = failing(0, lab.clock)
    expect(guard.call(fetch, 7), "row 7", "the value of breaker.call")
    expect(guard(fetch)(row=8), "row 8", "the value of a decorated function")
    with guard:
        pass
    wrong = ValueError("no such row")

    def fail() -> None:
        raise wrong

    def block() -> None:
        with guard:
            raise wrong

    for act in (lambda: guard.call(fail), guard(fail), block):
        error = caught(act, "a function that raises ValueError")
        if error is not wrong:
            raise ContractBroken(f"the ValueError came out as {type(error).__name__}; expected it unchanged")


@CHECKS.check(
    Level.BASIC,
    rule="It opens when the share of failures is reached; then calls are refused and not made.",
    why="A dead service costs each caller its whole timeout, until all threads wait for it.",
    hint="Keep the last results; after a failure compare the share. Open, raise CircuitOpen before the call.",
    after=["closed_it_changes_nothing"],
)
def opens_at_the_failure_rate(subject: Any, lab: Lab) -> None:
    """Every second call fails, then the next is refused; and four that fail in a row."""
    for results in ("+-+-", "++--", "----"):
        guard = breaker(subject, lab)
        feed(subject, guard, results)
        fetch, calls = failing(0, lab.clock)
        error = caught(functools.partial(guard.call, fetch), f"a call after {results}")
        expect_kind(error, subject, "CircuitOpen", when=f"after the results {results}")
        expect(len(calls), 0, "calls made behind an open breaker")


@CHECKS.check(
    Level.EDGE,
    rule="Below the share, or before the least number of calls, it stays closed.",
    why="One failed call at start-up is 100 %; a breaker that opens for it makes an outage out of a hiccup.",
    hint="minimum_calls before the share; the share of all calls in the window.",
    after=["opens_at_the_failure_rate"],
)
def a_few_failures_do_not_open_it(subject: Any, lab: Lab) -> None:
    """Three failures of three, and failures in a row that are a small share."""
    for results in ("---", "-++", "++++---", "++++++---+++++++---"):
        guard = breaker(subject, lab)
        feed(subject, guard, results)
        if not lets_through(subject, guard):
            raise ContractBroken(f"it opened after {results}; expected it closed (half of 10, at least 4 calls)")


@CHECKS.check(
    Level.EDGE,
    rule="Only the calls of the window count.",
    why="A service that was well for a week would have to fail for another before the breaker notices.",
    hint="collections.deque(maxlen=window) forgets by itself.",
    after=["opens_at_the_failure_rate"],
)
def old_calls_leave_the_window(subject: Any, lab: Lab) -> None:
    """A hundred successes, then five failures."""
    guard = breaker(subject, lab)
    feed(subject, guard, "+" * 100 + "-----")
    if lets_through(subject, guard):
        raise ContractBroken("closed after 5 failures among the last 10 calls; expected it open at a rate of 0.5")


@CHECKS.check(
    Level.EDGE,
    rule="Only the failures asked for are counted.",
    why="Ten users who ask for a row that is not there would shut the service for everybody.",
    hint="An exception that on does not name is an answer: it counts as success.",
    after=["opens_at_the_failure_rate"],
)
def other_errors_are_answers(subject: Any, lab: Lab) -> None:
    """Twenty ValueErrors where ConnectionError was asked for; then one of its subclasses."""
    guard = breaker(subject, lab, on=ConnectionError)
    feed(subject, guard, "-" * 20, ValueError)
    if not lets_through(subject, guard):
        raise ContractBroken("it opened after ValueErrors with on=ConnectionError; expected it closed")
    feed(subject, guard, "-" * 30, ConnectionResetError)
    if lets_through(subject, guard):
        raise ContractBroken(
            "it stayed closed after 30 ConnectionResetErrors with on=ConnectionError; expected it open"
        )


@CHECKS.check(
    Level.BASIC,
    rule="Coroutine functions and async with blocks are counted and refused as functions are.",
    why="pybreaker wraps a coroutine function, sees a coroutine come back, and calls it a success.",
    hint="Await inside the block; and keep name and kind of the decorated function.",
    after=["opens_at_the_failure_rate"],
)
def coroutines_are_guarded(subject: Any, lab: Lab) -> None:
    """A decorated coroutine function that fails four times, and an async with block."""
    guard = breaker(subject, lab)
    fetch, calls = failing_async(99, lab.clock)
    decorated = guard(fetch)
    expect((decorated.__name__, inspect.iscoroutinefunction(decorated)), ("fetch", True), "name and kind")
    for _ in range(4):
        caught(lambda: run(lab, decorated()), "a coroutine that fails")
    error = caught(lambda: run(lab, decorated()), "call 5")
    expect_kind(error, subject, "CircuitOpen", when="after 4 failed coroutines")
    expect(len(calls), 4, "coroutines that ran")

    async def block() -> None:
        async with guard:
            pass

    expect_kind(caught(lambda: run(lab, block()), "a block"), subject, "CircuitOpen", when="in an async with block")


@CHECKS.check(
    Level.BASIC,
    rule="After the cooldown, counted from when it opened, a call is let through; not before.",
    why="A cooldown that each refused call begins anew never ends where there is traffic.",
    hint="Remember when it opened, on the clock; look when somebody calls.",
    after=["opens_at_the_failure_rate"],
)
def tries_again_after_the_cooldown(subject: Any, lab: Lab) -> None:
    """Refused at 0, 10, 20 and 29.9 s; let through at 30."""
    guard = opened(subject, lab)
    for step_s in (0.0, 10.0, 10.0, 9.9):
        lab.clock.advance(step_s)
        if lets_through(subject, guard):
            raise ContractBroken(f"a call was let through {lab.clock.monotonic():.1f} s after it opened; expected 30 s")
    lab.clock.advance(0.2)
    if not lets_through(subject, guard):
        raise ContractBroken("a call was refused 30.1 s after it opened; expected one to be let through after 30 s")


@CHECKS.check(
    Level.EDGE,
    rule="The refusal says in how many seconds to come back.",
    why="A client that is told nothing asks again at once; a server needs the number for Retry-After.",
    hint="CircuitOpen has retry_after_s: the cooldown less what has passed of it.",
    after=["tries_again_after_the_cooldown"],
)
def a_refusal_says_when_to_come_back(subject: Any, lab: Lab) -> None:
    """Right after it opened, and ten seconds later."""
    guard = opened(subject, lab)
    for expected_s in (30.0, 20.0):
        error = refusal(subject, guard)
        found = getattr(error, "retry_after_s", None)
        if not isinstance(found, int | float) or abs(found - expected_s) > 1e-6:
            raise ContractBroken(f"retry_after_s is {found!r} with {expected_s:.0f} s of cooldown left; expected these")
        lab.clock.advance(10.0)


@CHECKS.check(
    Level.BASIC,
    rule="A probe that succeeds closes it, with an empty window.",
    why="What failed before the outage was mended says nothing of now.",
    hint="Clear the results on the way to closed, or its first failure opens it again.",
    after=["tries_again_after_the_cooldown"],
)
def a_probe_that_succeeds_closes_it(subject: Any, lab: Lab) -> None:
    """Then three failures, which are fewer than four calls, do not open it."""
    guard = opened(subject, lab)
    lab.clock.advance(31.0)
    feed(subject, guard, "+")
    feed(subject, guard, "--")
    if not lets_through(subject, guard):
        raise ContractBroken("two failures after it closed opened it again; expected an empty window")


@CHECKS.check(
    Level.BASIC,
    rule="A probe that fails opens it for another full cooldown.",
    why="Half-open after it, or with what is left of the old cooldown, a service that is ill gets its load back.",
    hint="The same way into open as at first: note the time.",
    after=["tries_again_after_the_cooldown"],
)
def a_probe_that_fails_opens_it_again(subject: Any, lab: Lab) -> None:
    """Refused until 30 s after the probe."""
    guard = opened(subject, lab)
    lab.clock.advance(31.0)
    feed(subject, guard, "-")
    for step_s in (0.0, 29.9):
        lab.clock.advance(step_s)
        if lets_through(subject, guard):
            raise ContractBroken(f"a call was let through {step_s} s after a probe failed; expected 30 s of cooldown")
    lab.clock.advance(0.2)
    if not lets_through(subject, guard):
        raise ContractBroken("a call was refused 30.1 s after a probe failed; expected another probe")
