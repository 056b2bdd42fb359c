"""The contract of ``retry``, as far as nothing hangs or is interrupted: how often, how long, and what the caller gets.

The subject offers ``retry(on=, attempts=3, backoff=Backoff(initial_s=, factor=, cap_s=, jitter=), deadline_s=None,
attempt_timeout_s=None, clock=, seed=None)``, which decorates functions and coroutine functions.
"""

import asyncio
import inspect
from typing import Any

from groundwork.errors import ContractBroken
from groundwork.testing._contract import Contract, Level
from groundwork.testing._lab import Lab
from groundwork.testing.contracts._failures import (
    caught,
    expect,
    expect_about,
    expect_kind,
    failing,
    failing_async,
    gaps,
    policy,
    run,
)

CHECKS = Contract("resilience/retry")


class _Busy(ConnectionError):
    """A failure that says when to come back."""

    retry_after_s = 25.0


@CHECKS.check(
    Level.BASIC,
    rule="A call that fails is made again, until it succeeds, and its value comes back.",
    why="Most failures of networks and shared disks are gone a second later.",
    hint="A decorator with a loop: try, return; except the errors asked for, wait, go on.",
)
def retries_until_it_succeeds(subject: Any, lab: Lab) -> None:
    """Two failures, then a value; and a call that succeeds at once."""
    fetch, calls = failing(2, lab.clock)
    decorated = policy(subject, lab)(fetch)
    expect(decorated(7), "row 7", "the value after two failures")
    expect(gaps(calls), [1.0, 2.0], "seconds between the calls, on the clock that was passed in")
    expect(decorated(row=8), "row 8", "the value of a call that succeeds at once")
    expect(len(calls), 4, "calls, the one that succeeded at once included")


@CHECKS.check(
    Level.BASIC,
    rule="attempts counts all calls, the first included; then an error says how many there were.",
    why="With attempts=3 meaning three retries, an overloaded service gets four calls, and timeouts no longer add up.",
    hint="Give up when as many attempts have failed; RetryExhausted has attempts.",
    after=["retries_until_it_succeeds"],
)
def attempts_include_the_first(subject: Any, lab: Lab) -> None:
    """One attempt, three, five."""
    for attempts in (1, 3, 5):
        fetch, calls = failing(99, lab.clock)
        error = caught(policy(subject, lab, attempts=attempts)(fetch), f"{attempts} failures of {attempts} attempts")
        expect(len(calls), attempts, f"calls with attempts={attempts}")
        expect_kind(error, subject, "RetryExhausted", when=f"at the end of attempts={attempts}")
        expect(getattr(error, "attempts", None), attempts, "attempts of the error")


@CHECKS.check(
    Level.BASIC,
    rule="An error that was not asked for goes through at once, as it is.",
    why="A wrong password or a bug does not heal; trying again only hides it and locks the account.",
    hint="isinstance(error, on), and a bare raise.",
    after=["retries_until_it_succeeds"],
)
def other_errors_go_through_at_once(subject: Any, lab: Lab) -> None:
    """A type, a tuple of types, and one that comes after a failure worth another attempt."""
    for on in (ConnectionError, (ConnectionError, TimeoutError)):
        for before in (0, 1):
            calls: list[int] = []
            wrong = ValueError("no such row")

            def fetch(calls: list[int] = calls, before: int = before, wrong: ValueError = wrong) -> None:
                calls.append(1)
                raise ConnectionError("reset") if len(calls) <= before else wrong

            error = caught(policy(subject, lab, on=on, attempts=5)(fetch), "a ValueError")
            expect(len(calls), before + 1, f"calls, with a ValueError after {before} ConnectionErrors")
            if error is not wrong:
                raise ContractBroken(f"the ValueError came out as {type(error).__name__}; expected it unchanged")


@CHECKS.check(
    Level.BASIC,
    rule="Coroutine functions are retried as functions are.",
    why="Calling a coroutine function fails never: a wrapper that does not await catches nothing.",
    hint="inspect.iscoroutinefunction decides between two wrappers; the asynchronous one awaits inside its try.",
    after=["retries_until_it_succeeds"],
)
def coroutines_are_retried(subject: Any, lab: Lab) -> None:
    """Two failures, then a value; then too many."""
    fetch, calls = failing_async(2, lab.clock)
    expect(run(lab, policy(subject, lab)(fetch)(7)), "row 7", "the value of a coroutine after two failures")
    expect(gaps(calls), [1.0, 2.0], "seconds between the calls of the coroutine")
    never, calls = failing_async(99, lab.clock)
    error = caught(lambda: run(lab, policy(subject, lab)(never)()), "a coroutine that always fails")
    expect_kind(error, subject, "RetryExhausted", when="after three failures of a coroutine")
    expect(len(calls), 3, "calls of a coroutine with attempts=3")


@CHECKS.check(
    Level.BASIC,
    rule="Waits grow by the factor up to the cap, and nobody waits after the last attempt.",
    why="A wait of always one second keeps a dead service busy; a doubling without a cap sleeps through its return.",
    hint="min(cap_s, initial_s * factor ** (failures - 1)), slept on the clock that is passed in.",
    after=["attempts_include_the_first"],
)
def waits_grow_up_to_the_cap(subject: Any, lab: Lab) -> None:
    """Seven attempts, without jitter."""
    fetch, calls = failing(99, lab.clock)
    caught(policy(subject, lab, attempts=7)(fetch), "a function that always fails")
    expect(gaps(calls), [1.0, 2.0, 4.0, 8.0, 10.0, 10.0], "seconds between the calls")
    expect_about(lab.clock.monotonic(), calls[-1], "the end, compared with the last call")


@CHECKS.check(
    Level.EDGE,
    rule="The decorated function keeps its name, its signature and its kind.",
    why="Frameworks look at the signature and ask whether to await; *args and a wrapper's name break them.",
    hint="functools.wraps, on a wrapper of the same kind.",
    after=["coroutines_are_retried"],
)
def functions_stay_what_they_are(subject: Any, lab: Lab) -> None:
    """A function, a coroutine function, a method."""
    for fetch, _ in (failing(0, lab.clock), failing_async(0, lab.clock)):
        decorated = policy(subject, lab)(fetch)
        expect((decorated.__name__, decorated.__doc__), ("fetch", "Fetch a row."), "name and docstring")
        expect(inspect.signature(decorated), inspect.signature(fetch), "the signature")
        asynchronous = inspect.iscoroutinefunction(fetch)
        expect(inspect.iscoroutinefunction(decorated), asynchronous, "whether the decorated is a coroutine function")

    class Source:
        name = "flights"

        @policy(subject, lab)
        def read(self, row: int) -> str:
            return f"{self.name} {row}"

    expect(Source().read(3), "flights 3", "the value of a decorated method")


@CHECKS.check(
    Level.EDGE,
    rule="Each call has all attempts and begins with the first wait, whatever other calls of the function do.",
    why="State that lives in the decorator is shared by every request of the process.",
    hint="Count in a local variable of the wrapper.",
    after=["coroutines_are_retried"],
)
def calls_do_not_share_their_attempts(subject: Any, lab: Lab) -> None:
    """One after the other, and five at once."""
    decorating = policy(subject, lab)
    for nth in range(3):
        fetch, calls = failing(2, lab.clock)
        expect(decorating(fetch)(nth), f"row {nth}", f"call {nth + 1} under one policy, after two failures")
        expect(gaps(calls), [1.0, 2.0], f"waits of call {nth + 1} under one policy")
    failures: dict[int, int] = {}

    @decorating
    async def shared(row: int) -> int:
        failures[row] = failures.get(row, 0) + 1
        if failures[row] <= 2:
            raise ConnectionError("reset")
        return row

    async def five() -> list[int]:
        return list(await asyncio.gather(*(shared(row) for row in range(5))))

    expect(run(lab, five()), [0, 1, 2, 3, 4], "five calls at once, each with two failures")


@CHECKS.check(
    Level.EDGE,
    rule="While a coroutine waits for its next attempt, other tasks run.",
    why="One blocking sleep in a server stops every request that it serves.",
    hint="await clock.sleep_async in the asynchronous wrapper.",
    after=["coroutines_are_retried"],
)
def a_waiting_coroutine_lets_others_run(subject: Any, lab: Lab) -> None:
    """A task that ticks each half second beside a wait of one and one of two."""
    ticks: list[float] = []

    async def tick() -> None:
        for _ in range(5):
            await asyncio.sleep(0.5)
            ticks.append(lab.clock.monotonic())

    async def both() -> None:
        fetch, _ = failing_async(2, lab.clock)
        await asyncio.gather(policy(subject, lab)(fetch)(), tick())

    run(lab, both())
    expect(ticks, [0.5, 1.0, 1.5, 2.0, 2.5], "moments at which another task could run during the waits")


@CHECKS.check(
    Level.EDGE,
    rule="Equal jitter draws each wait from the upper half of what it would be without; also at the cap.",
    why="Added first and cut at the cap afterwards, the jitter is gone when it is needed: all clients wait 5.0 s.",
    hint="Cap first, then half of it fixed and half of it random.",
    after=["waits_grow_up_to_the_cap"],
)
def jitter_lies_below_the_cap(subject: Any, lab: Lab) -> None:
    """Two hundred waits at the cap, and the first ones of many calls."""
    backoff = subject.Backoff(initial_s=4.0, factor=2.0, cap_s=8.0, jitter="equal")
    fetch, calls = failing(999, lab.clock)
    caught(policy(subject, lab, attempts=202, backoff=backoff)(fetch), "a function that always fails")
    first, *capped = gaps(calls)
    for low, high, waits in ((2.0, 4.0, [first]), (4.0, 8.0, capped)):
        outside = [wait for wait in waits if not low - 1e-6 <= wait <= high + 1e-6]
        if outside:
            raise ContractBroken(f"a wait was {outside[0]:.2f} s; expected equal jitter in {low:.0f} to {high:.0f} s")
    if max(capped) - min(capped) < 3.0 or len(set(capped)) < 150:
        raise ContractBroken(
            f"200 waits at the cap lie in {min(capped):.2f} to {max(capped):.2f} s; expected them spread over 4 to 8 s"
        )


@CHECKS.check(
    Level.EDGE,
    rule="The same seed gives the same waits, another seed others.",
    why="A test or a simulation that draws from global chance cannot be repeated.",
    hint="A random.Random(seed) of the policy's own.",
    after=["jitter_lies_below_the_cap"],
)
def the_seed_repeats_the_waits(subject: Any, lab: Lab) -> None:
    """Two policies of one seed, one of another."""
    seen = []
    for seed in (1, 1, 2):
        fetch, calls = failing(99, lab.clock)
        backoff = subject.Backoff(initial_s=4.0, factor=1.0, cap_s=8.0, jitter="equal")
        caught(policy(subject, lab, attempts=9, backoff=backoff, seed=seed)(fetch), "a function that always fails")
        seen.append(gaps(calls))
    expect(seen[1], seen[0], "waits under the same seed")
    if seen[2] == seen[0]:
        raise ContractBroken("seeds 1 and 2 gave the same eight waits; expected others")


@CHECKS.check(
    Level.EDGE,
    rule="Attempt 5,000 is like any other.",
    why="2.0 ** 1024 is an OverflowError: a service that was away over the weekend is never called again.",
    hint="Look for the largest power that is needed, or catch OverflowError; 2 ** 5000 as an int is slow, too.",
    after=["waits_grow_up_to_the_cap"],
)
def thousands_of_attempts_are_possible(subject: Any, lab: Lab) -> None:
    """A function that fails 5,000 times."""
    fetch, calls = failing(5000, lab.clock)
    expect(policy(subject, lab, attempts=5001)(fetch)(1), "row 1", "the value after 5,000 failures")
    expect(gaps(calls)[-1], 10.0, "the wait after failure 5,000")


@CHECKS.check(
    Level.EDGE,
    rule="A failure that says retry_after_s is not called again before, even if the backoff is shorter.",
    why="A server that answers 429 counts the calls that come too early, and refuses for longer.",
    hint="The longer of the backoff and the error's own attribute.",
    after=["waits_grow_up_to_the_cap"],
)
def what_the_other_side_asks_is_waited(subject: Any, lab: Lab) -> None:
    """Twenty-five seconds where the backoff says one; without the time for it, no wait at all."""
    fetch, calls = failing(1, lab.clock, error=_Busy)
    expect(policy(subject, lab)(fetch)(1), "row 1", "the value after a failure that asked for 25 s")
    [wait_s] = gaps(calls)
    if not 25.0 <= wait_s <= 40.0:
        raise ContractBroken(
            f"the wait was {wait_s:.1f} s after a failure that asked for 25 s; expected that or little more"
        )
    start_s = lab.clock.monotonic()
    fetch, calls = failing(9, lab.clock, error=_Busy)
    caught(policy(subject, lab, deadline_s=20.0)(fetch), "25 s asked for within 20 s")
    expect_about(lab.clock.monotonic() - start_s, 0.0, "time spent where 25 s were asked for and 20 s were left")
