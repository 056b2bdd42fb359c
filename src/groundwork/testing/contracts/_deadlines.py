"""The contract of ``deadline`` and ``RetryBudget``: limits that travel with the call, and one that callers share.

The subject offers ``deadline(seconds, clock=)`` (``with`` and ``async with``), ``remaining_s()``, and
``RetryBudget(ratio=, min_per_s=, clock=)``, which ``retry`` takes as ``budget``.
"""

import asyncio
from typing import Any

from groundwork.errors import ContractBroken
from groundwork.testing._contract import Contract, Level
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

CHECKS = Contract("resilience/deadline")


def _left(subject: Any, expected_s: float, where: str) -> None:
    found = subject.remaining_s()
    if found is None or abs(found - expected_s) > 1e-6:
        raise ContractBroken(f"remaining_s() is {found} {where}; expected {expected_s:g}")


@CHECKS.check(
    Level.BASIC,
    rule="A block that ends in time is left alone, and inside it remaining_s() says how much time is left.",
    why="Whoever calls a service from there must know what timeout to give it.",
    hint="Keep the moment at which time is over, not the seconds; None where there is no deadline.",
)
def a_block_in_time_is_left_alone(subject: Any, lab: Lab) -> None:
    """Two seconds of five, synchronous and not."""
    expect(subject.remaining_s(), None, "remaining_s() outside of any deadline")
    with subject.deadline(5.0, clock=lab.clock):
        lab.clock.sleep(2.0)
        _left(subject, 3.0, "2 s after the beginning of 5 s")
    expect(subject.remaining_s(), None, "remaining_s() after the block")

    async def block() -> str:
        async with subject.deadline(5.0, clock=lab.clock):
            await asyncio.sleep(2)
            _left(subject, 3.0, "2 s after the beginning of 5 s, in a coroutine")
        await asyncio.sleep(60)
        expect(subject.remaining_s(), None, "remaining_s() after the asynchronous block")
        return "done"

    expect(run(lab, block()), "done", "the value of a coroutine with a deadline that it kept")


@CHECKS.check(
    Level.BASIC,
    rule="An asynchronous block that takes longer is cancelled at that moment, and DeadlineExceeded comes out.",
    why="Without a limit, one connection that hangs is a task that never ends.",
    hint="asyncio.timeout does the cancelling; turn its TimeoutError into yours.",
    after=["a_block_in_time_is_left_alone"],
)
def a_hung_block_is_cancelled(subject: Any, lab: Lab) -> None:
    """An hour within five seconds; what the block has to clean up is cleaned up."""
    cleaned: list[float] = []

    async def block() -> None:
        async with subject.deadline(5.0, clock=lab.clock):
            try:
                await asyncio.sleep(3600)
            finally:
                cleaned.append(lab.clock.monotonic())

    error = caught(lambda: run(lab, block()), "an hour within 5 s")
    expect_kind(error, subject, "DeadlineExceeded", when="after 5 s")
    expect(cleaned, [5.0], "moments at which the block cleaned up")


@CHECKS.check(
    Level.EDGE,
    rule="Of nested deadlines the shortest holds, whichever is outside; after the inner one the outer goes on.",
    why="A library gives itself ten seconds inside a request that has two.",
    hint="The new limit is the earlier of two moments; at the end put the old one back.",
    after=["a_hung_block_is_cancelled"],
)
def the_shortest_deadline_wins(subject: Any, lab: Lab) -> None:
    """Ten within three, three within ten."""
    for outer_s, inner_s in ((3.0, 10.0), (10.0, 3.0)):
        with subject.deadline(outer_s, clock=lab.clock):
            with subject.deadline(inner_s, clock=lab.clock):
                lab.clock.sleep(1.0)
                _left(subject, 2.0, f"1 s into {inner_s:g} s within {outer_s:g} s")
            _left(subject, outer_s - 1, f"1 s into {outer_s:g} s, after the inner block")

    async def scene(outer_s: float, inner_s: float) -> None:
        start_s = lab.clock.monotonic()
        try:
            async with subject.deadline(outer_s, clock=lab.clock), subject.deadline(inner_s, clock=lab.clock):
                await asyncio.sleep(3600)
        finally:
            seconds.append(lab.clock.monotonic() - start_s)

    for outer_s, inner_s in ((3.0, 10.0), (10.0, 3.0)):
        seconds: list[float] = []
        error = caught(lambda limits=(outer_s, inner_s): run(lab, scene(*limits)), "an hour in two deadlines")  # type: ignore[misc]
        expect_kind(error, subject, "DeadlineExceeded", when=f"in {inner_s:g} s within {outer_s:g} s")
        expect_about(seconds[0], 3.0, f"the end of {inner_s:g} s within {outer_s:g} s")


@CHECKS.check(
    Level.EDGE,
    rule="Tasks inherit the deadline, and those side by side keep their own.",
    why="In a global variable, one request's deadline ends the request beside it.",
    hint="contextvars.ContextVar: asyncio copies the context for each task.",
    after=["a_block_in_time_is_left_alone"],
)
def tasks_keep_their_deadline(subject: Any, lab: Lab) -> None:
    """A task made inside a block; two blocks side by side."""

    async def look(after_s: float, expected_s: float, where: str) -> None:
        await asyncio.sleep(after_s)
        _left(subject, expected_s, where)

    async def parent() -> None:
        async with subject.deadline(8.0, clock=lab.clock):
            await asyncio.create_task(look(1.0, 7.0, "in a task made within a deadline"))

    async def sibling(limit_s: float, after_s: float) -> None:
        await asyncio.sleep(after_s)
        async with subject.deadline(limit_s, clock=lab.clock):
            await look(1.0, limit_s - 1, "with another deadline beside it")
            await look(1.0, limit_s - 2, "with another deadline beside it")

    async def scene() -> None:
        await parent()
        await asyncio.gather(sibling(5.0, 0.0), sibling(50.0, 0.5), sibling(20.0, 0.2))

    run(lab, scene())


@CHECKS.check(
    Level.FAULT,
    rule="A cancellation by somebody else stays one: CancelledError, not DeadlineExceeded.",
    why="A shutdown that is taken for a timeout is retried, and the server does not end.",
    hint="Only the cancellation that the deadline itself has asked for is its own.",
    after=["a_hung_block_is_cancelled"],
)
def a_foreign_cancellation_stays_one(subject: Any, lab: Lab) -> None:
    """Cancelled after two seconds of five."""

    async def block() -> None:
        async with subject.deadline(5.0, clock=lab.clock):
            await asyncio.sleep(3600)

    async def scene() -> None:
        task = asyncio.ensure_future(block())
        await asyncio.sleep(2)
        task.cancel()
        await expect_cancelled(task, "a block with three seconds left")

    run(lab, scene())


@CHECKS.check(
    Level.FAULT,
    rule="A retry begins no wait that would outlast the deadline around it.",
    why="The request is over after a second; the retry inside it sleeps for ten and then asks again.",
    hint="Where retry compares with its own deadline_s, ask remaining_s() too.",
    after=["a_block_in_time_is_left_alone"],
)
def a_retry_heeds_the_deadline_around_it(subject: Any, lab: Lab) -> None:
    """Room for the wait of one second, not for that of two."""
    fetch, calls = failing(99, lab.clock)
    with subject.deadline(2.5, clock=lab.clock):
        caught(policy(subject, lab, attempts=9)(fetch), "a function that always fails within a deadline of 2.5 s")
    expect((len(calls), lab.clock.monotonic()), (2, 1.0), "calls and the end, within a deadline of 2.5 s")
    fetch_async, calls = failing_async(99, lab.clock)

    async def block() -> None:
        async with subject.deadline(2.5, clock=lab.clock):
            await policy(subject, lab, attempts=9)(fetch_async)()

    caught(lambda: run(lab, block()), "a coroutine that always fails within a deadline of 2.5 s")
    expect((len(calls), lab.clock.monotonic()), (2, 2.0), "calls of the coroutine and the end")


@CHECKS.check(
    Level.LOAD,
    rule="With a budget, retries stay a share of first attempts, over all policies that share it.",
    why="Three attempts each make three times the load of the service that is already down.",
    hint="Each first call earns ratio of a retry, each retry spends one; when none is left, give up.",
    after=["a_retry_heeds_the_deadline_around_it"],
)
def a_budget_bounds_an_outage(subject: Any, lab: Lab) -> None:
    """A thousand calls, all failing, through four policies that share a budget of 20 %."""
    budget = subject.RetryBudget(ratio=0.2, min_per_s=0.0, clock=lab.clock)
    backoff = subject.Backoff(initial_s=0.01, factor=1.0, cap_s=0.01, jitter="none")
    fetch, calls = failing(10_000, lab.clock)
    decorated = [policy(subject, lab, attempts=4, backoff=backoff, budget=budget)(fetch) for _ in range(4)]
    for nth in range(1000):
        caught(decorated[nth % 4], "a call in an outage")
        lab.clock.advance(0.01)
    if not 1100 <= len(calls) <= 1250:
        raise ContractBroken(f"1,000 failing calls with ratio=0.2 made {len(calls):,}; expected 1,100 to 1,250")


@CHECKS.check(
    Level.EDGE,
    rule="A budget that is not used up changes nothing.",
    why="A budget is for outages; the one failure in a thousand must still be retried.",
    hint="First calls earn, also those that succeed.",
    after=["a_retry_heeds_the_deadline_around_it"],
)
def a_full_budget_changes_nothing(subject: Any, lab: Lab) -> None:
    """Every twentieth call fails twice, among calls that succeed."""
    budget = subject.RetryBudget(ratio=0.2, min_per_s=0.0, clock=lab.clock)
    backoff = subject.Backoff(initial_s=0.01, factor=1.0, cap_s=0.01, jitter="none")
    decorate = policy(subject, lab, backoff=backoff, budget=budget)
    for nth in range(1, 201):
        fetch, _ = failing(2 if nth % 20 == 0 else 0, lab.clock)
        expect(decorate(fetch)(nth), f"row {nth}", f"the value of call {nth}, where every twentieth fails twice")
        lab.clock.advance(0.01)
