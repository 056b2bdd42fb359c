"""The contract of ``TokenBucket``, when many wait, some leave, and others try to get in before them."""

import asyncio
import itertools
from typing import Any

from groundwork.errors import ContractBroken
from groundwork.testing._contract import Level
from groundwork.testing._lab import Lab
from groundwork.testing.contracts._buckets import CHECKS as CHECKS
from groundwork.testing.contracts._buckets import bucket_of, emptied
from groundwork.testing.contracts._failures import expect, expect_about, expect_cancelled
from groundwork.testing.contracts._model_time import run, turns


def _waiter(lab: Lab, bucket: Any, n: float, at_s: float = 0.0) -> "asyncio.Task[float]":
    """Start a task that returns the moment at which it got its tokens."""

    async def wait() -> float:
        await asyncio.sleep(at_s)
        await bucket.acquire(n)
        return round(lab.clock.monotonic(), 6)

    return asyncio.ensure_future(wait())


@CHECKS.check(
    Level.FAULT,
    rule="First come, first served: a large request is not starved by small ones.",
    why="The nightly export needs a hundred tokens at once; as long as anybody else asks, it never gets them.",
    hint="A queue: only its head looks at the tokens. asyncio.Lock is fair, and may be held while sleeping.",
    after=["a_burst_then_the_rate"],
)
def a_large_request_is_not_starved(subject: Any, lab: Lab) -> None:
    """Ten tokens are wanted while somebody comes for one each half second."""

    async def main() -> None:
        bucket = await emptied(subject, lab, 1.0, 10.0)
        large = _waiter(lab, bucket, 10)
        small = [_waiter(lab, bucket, 1, at_s=0.25 + 0.5 * nth) for nth in range(40)]
        moments = await asyncio.gather(large, *small)
        expect_about(moments[0], 10.0, "the moment of acquire(10) of an empty bucket, rate 1, small ones behind it")
        expect(moments[1:], [11.0 + nth for nth in range(40)], "the moments of those behind it")

    run(lab, main())


@CHECKS.check(
    Level.FAULT,
    rule="A newcomer takes nothing that somebody waits for, and is told of the queue.",
    why="Barging: under load, those who poll are always served, and those who wait in line never.",
    hint="try_acquire must refuse while anybody waits; its seconds are those of the queue and of its own tokens.",
    after=["a_large_request_is_not_starved", "a_refusal_costs_nothing_and_says_when"],
)
def a_newcomer_does_not_barge(subject: Any, lab: Lab) -> None:
    """One waits for five tokens, one for one; a third tries when three are there."""

    async def main() -> None:
        bucket = await emptied(subject, lab, 1.0, 5.0)
        first, second = _waiter(lab, bucket, 5), _waiter(lab, bucket, 1)
        await asyncio.sleep(3.0)
        told_s = bucket.try_acquire()
        if told_s == 0.0:
            raise ContractBroken("try_acquire took a token that two others wait for; expected seconds")
        expect_about(told_s, 4.0, "what try_acquire says after 3 s, with 5 and 1 wanted before it, rate 1")
        expect_about(bucket.retry_after_s(), 4.0, "what retry_after_s says")
        third = _waiter(lab, bucket, 1)
        expect(await asyncio.gather(first, second, third), [5.0, 6.0, 7.0], "the moments of the three")

    run(lab, main())


@CHECKS.check(
    Level.FAULT,
    rule="A waiter that is cancelled takes nothing with it, and those behind it move up.",
    why="Clients leave. If each takes its tokens along, a server slows down to nothing in an afternoon.",
    hint="Take the tokens as the last step, after every await; leave the queue in a finally.",
    after=["a_large_request_is_not_starved"],
)
def a_cancelled_waiter_leaves_nothing(subject: Any, lab: Lab) -> None:
    """The head of the queue is cancelled, and one in its middle."""

    async def main() -> None:
        for order, cancelled, at_s, expected in (
            ((5, 1, 1), 0, 2.0, [2.0, 2.0]),
            ((2, 5, 1), 1, 1.0, [2.0, 3.0]),
            ((2, 5, 1), 2, 1.0, [2.0, 7.0]),
        ):
            bucket, start_s = await emptied(subject, lab, 1.0, 5.0), lab.clock.monotonic()
            waiters = [_waiter(lab, bucket, n) for n in order]
            await asyncio.sleep(at_s)
            leaver = waiters.pop(cancelled)
            leaver.cancel()
            await expect_cancelled(leaver, "acquire")
            found = [round(moment - start_s, 6) for moment in await asyncio.gather(*waiters)]
            what = f"moments of the others, who want {order}, when number {cancelled + 1} left after {at_s:g} s"
            expect(found, expected, what)
            await asyncio.sleep(5.0)
            expect_about(bucket.retry_after_s(5), 0.0, "retry_after_s(5) five seconds after the queue had ended")

    run(lab, main())


@CHECKS.check(
    Level.LOAD,
    rule="In a crowd everybody is served in order, each at the first moment that the rate allows.",
    why="A limiter that is a little late at each call halves the throughput, and nobody finds out why.",
    hint="Sleep for exactly what is missing, then take and wake the next one.",
    after=["a_newcomer_does_not_barge", "no_fraction_is_lost"],
)
def a_crowd_is_served_on_time(subject: Any, lab: Lab) -> None:
    """Three hundred callers at random moments, for one to eight tokens each."""
    rate, burst = 7.0, 8.0
    arrivals = sorted(lab.random.uniform(0.0, 150.0) for _ in range(300))
    wanted = [lab.random.randint(1, 8) for _ in arrivals]

    def holds(callers: list[tuple[float, int]]) -> None:
        with Lab(seed=lab.seed) as fresh:
            found = run(fresh, _served(subject, fresh, rate, burst, callers))
        told = f"callers {callers}" if len(callers) <= 3 else f"{len(callers)} callers"
        if any(later < earlier for earlier, later in itertools.pairwise(found)):
            raise ContractBroken(f"of {told} some were served before others who came earlier; expected their order")
        expected = _moments_allowed(rate, burst, callers)
        late = max(range(len(callers)), key=lambda nth: abs(found[nth] - expected[nth]), default=None)
        if late is not None and abs(found[late] - expected[late]) > 2e-6:
            raise ContractBroken(
                f"number {late + 1} of {told} was served at {found[late]:.4f} s; expected {expected[late]:.4f} s, "
                "the first moment that the rate allows"
            )

    lab.smallest(list(zip(arrivals, wanted, strict=True)), holds)


async def _served(subject: Any, lab: Lab, rate: float, burst: float, callers: list[tuple[float, int]]) -> list[float]:
    bucket = bucket_of(subject, lab, rate, burst)
    return list(await asyncio.gather(*(_waiter(lab, bucket, n, at_s) for at_s, n in callers)))


def _moments_allowed(rate: float, burst: float, callers: list[tuple[float, int]]) -> list[float]:
    """The first moments at which the rate allows callers, who come in this order, what they want."""
    expected, tokens, counted_s = [], burst, 0.0
    for arrived_s, n in callers:
        at_s = max(arrived_s, counted_s)
        tokens = min(burst, tokens + (at_s - counted_s) * rate)
        served_s = at_s + max(0.0, n - tokens) / rate
        tokens = min(burst, tokens + (served_s - at_s) * rate) - n
        counted_s = served_s
        expected.append(served_s)
    return expected


@CHECKS.check(
    Level.LOAD,
    rule="Who waits sleeps: the loop does not go round to look.",
    why="A hundred waiters that look every ten milliseconds are a busy core that serves nobody.",
    hint="One sleep of the right length; those behind the head wait for a future.",
    after=["a_large_request_is_not_starved"],
)
def waiting_costs_nothing(subject: Any, lab: Lab) -> None:
    """Twenty waiters and a hundred seconds."""

    async def main() -> None:
        bucket = await emptied(subject, lab, 0.2, 1.0)
        waiters = [_waiter(lab, bucket, 1) for _ in range(20)]
        await asyncio.sleep(1.0)
        before = turns()
        await asyncio.gather(*waiters)
        if (found := turns() - before) > 400:
            raise ContractBroken(f"the loop went round {found} times for 20 waiters; expected a few times each")

    run(lab, main())
