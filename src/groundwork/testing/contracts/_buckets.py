"""The contract of ``TokenBucket``: a rate that holds, and a queue that is fair.

The subject offers ``TokenBucket(rate_per_s, burst, clock=)`` with ``await acquire(n=1)``, ``try_acquire(n=1)``, which
returns 0.0 or the seconds until it would work, and ``retry_after_s(n=1)``, which only says them.
"""

import asyncio
import itertools
from typing import Any

from groundwork.errors import ContractBroken
from groundwork.testing._contract import Contract, Level
from groundwork.testing._lab import Lab
from groundwork.testing.contracts._failures import expect, expect_about, expect_cancelled
from groundwork.testing.contracts._model_time import run, turns

CHECKS = Contract("concurrency/bucket")


def _bucket(subject: Any, lab: Lab, rate_per_s: float = 2.0, burst: float = 5.0) -> Any:
    return subject.TokenBucket(rate_per_s, burst, clock=lab.clock)


async def _emptied(subject: Any, lab: Lab, rate_per_s: float, burst: float) -> Any:
    bucket = _bucket(subject, lab, rate_per_s, burst)
    await bucket.acquire(burst)
    return bucket


async def _moments(lab: Lab, bucket: Any, count: int) -> list[float]:
    found = []
    for _ in range(count):
        await bucket.acquire()
        found.append(round(lab.clock.monotonic(), 6))
    return found


def _waiter(lab: Lab, bucket: Any, n: float, at_s: float = 0.0) -> "asyncio.Task[float]":
    """Start a task that returns the moment at which it got its tokens."""

    async def wait() -> float:
        await asyncio.sleep(at_s)
        await bucket.acquire(n)
        return round(lab.clock.monotonic(), 6)

    return asyncio.ensure_future(wait())


@CHECKS.check(
    Level.BASIC,
    rule="The first burst goes through at once, then so many a second.",
    why="A limit of ten a second that lets ten through each time it is asked is none; the service bans your address.",
    hint="Tokens grow with time: rate times the seconds since you last looked. Sleep for what is missing.",
)
def a_burst_then_the_rate(subject: Any, lab: Lab) -> None:
    """Nine acquires of a bucket of five that gets two a second."""

    async def main() -> None:
        found = await _moments(lab, _bucket(subject, lab), 9)
        expect(found, [0.0] * 5 + [0.5, 1.0, 1.5, 2.0], "moments of 9 acquires, rate 2, burst 5")

    run(lab, main())


@CHECKS.check(
    Level.BASIC,
    rule="A pause saves up no more than the burst.",
    why="After a quiet night a bucket without a cap lets sixty thousand requests through in the first second.",
    hint="min(burst, tokens + rate * passed).",
    after=["a_burst_then_the_rate"],
)
def a_pause_saves_no_more_than_the_burst(subject: Any, lab: Lab) -> None:
    """An hour without a caller, at the start and after use."""

    async def main() -> None:
        bucket = _bucket(subject, lab)
        for _ in range(2):
            await asyncio.sleep(3600.0)
            start_s = lab.clock.monotonic()
            found = [round(moment - start_s, 6) for moment in await _moments(lab, bucket, 7)]
            expect(found, [0.0] * 5 + [0.5, 1.0], "moments of 7 acquires after an hour, rate 2, burst 5")

    run(lab, main())


@CHECKS.check(
    Level.BASIC,
    rule="try_acquire takes at once or says in how many seconds; then it has taken nothing.",
    why="A server needs the number for Retry-After; one that charges for a refusal never lets the client in again.",
    hint="0.0 means taken. Otherwise (n - tokens) / rate, and leave the tokens alone.",
    after=["a_burst_then_the_rate"],
)
def a_refusal_costs_nothing_and_says_when(subject: Any, lab: Lab) -> None:
    """Five are taken, the sixth asks ten times, and comes when told."""

    async def main() -> None:
        bucket = _bucket(subject, lab)
        expect([bucket.try_acquire() for _ in range(5)], [0.0] * 5, "the first five of a full bucket")
        for left_s in (0.5, 0.5, 0.5, 0.25):
            if left_s == 0.25:
                await asyncio.sleep(0.25)
            expect_about(bucket.try_acquire(), left_s, "what try_acquire says, rate 2, empty bucket")
            expect_about(bucket.retry_after_s(), left_s, "what retry_after_s says")
        await asyncio.sleep(bucket.try_acquire())
        expect(bucket.try_acquire(), 0.0, "try_acquire after the wait that it asked for")
        expect_about(bucket.try_acquire(3), 1.5, "what try_acquire(3) says of an empty bucket")

    run(lab, main())


@CHECKS.check(
    Level.EDGE,
    rule="More than the burst, or not more than nothing, is refused at once.",
    why="It would wait for ever, and everybody behind it; a negative number puts tokens into the bucket.",
    hint="Raise a ValueError, or groundwork's UsageError, before anything is taken.",
    after=["a_refusal_costs_nothing_and_says_when"],
)
def what_can_never_be_is_refused(subject: Any, lab: Lab) -> None:
    """6 of a bucket of 5, 0 and -1; then the bucket is as full as before."""

    async def main() -> None:
        bucket = _bucket(subject, lab)
        for n in (6, 0, -1):
            for name in ("acquire", "try_acquire"):
                try:
                    value = getattr(bucket, name)(n)
                    async with asyncio.timeout(60.0):
                        value = await value if name == "acquire" else value
                except TimeoutError as error:
                    raise ContractBroken(f"{name}({n}) of a bucket of 5 waits; expected an error") from error
                except NotImplementedError:
                    raise
                except Exception:  # noqa: BLE001 - any error will do
                    continue
                raise ContractBroken(f"{name}({n}) of a bucket of 5 gave {value}; expected an error")
        expect_about(bucket.retry_after_s(5), 0.0, "retry_after_s(5) of a bucket from which nothing was taken")
        bucket.try_acquire(5)
        expect_about(bucket.retry_after_s(), 0.5, "retry_after_s after all five were taken")

    run(lab, main())


@CHECKS.check(
    Level.EDGE,
    rule="Fractions of a token are kept: the rate holds over a hundred seconds to the microsecond.",
    why="Cut to whole tokens, a rate of 3 a second asked every 0.3 s gives nothing at all.",
    hint="Keep tokens as a float, and remember the moment up to which you have counted.",
    after=["a_burst_then_the_rate"],
)
def no_fraction_is_lost(subject: Any, lab: Lab) -> None:
    """Three a second, 301 times; and one that asks every 0.1 s."""

    async def main() -> None:
        found = await _moments(lab, _bucket(subject, lab, 3.0, 1.0), 301)
        expect_about(found[-1], 100.0, "the moment of acquire 301, rate 3, burst 1")
        bucket = await _emptied(subject, lab, 3.0, 3.0)
        for _ in range(9):
            await asyncio.sleep(0.1)
            bucket.try_acquire(3)
        expect_about(bucket.retry_after_s(3), 0.1, "what is left of 1 s after nine looks in 0.9 s")

    run(lab, main())


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
        bucket = await _emptied(subject, lab, 1.0, 10.0)
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
        bucket = await _emptied(subject, lab, 1.0, 5.0)
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
            bucket, start_s = await _emptied(subject, lab, 1.0, 5.0), lab.clock.monotonic()
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
    expected, tokens, counted_s = [], burst, 0.0
    for arrived_s, n in zip(arrivals, wanted, strict=True):
        at_s = max(arrived_s, counted_s)
        tokens = min(burst, tokens + (at_s - counted_s) * rate)
        served_s = at_s + max(0.0, n - tokens) / rate
        tokens = min(burst, tokens + (served_s - at_s) * rate) - n
        counted_s = served_s
        expected.append(served_s)

    async def main() -> Any:
        bucket = _bucket(subject, lab, rate, burst)
        return await asyncio.gather(*(_waiter(lab, bucket, n, at) for n, at in zip(wanted, arrivals, strict=True)))

    found = run(lab, main())
    if any(later < earlier for earlier, later in itertools.pairwise(found)):
        raise ContractBroken("of 300 callers some were served before others who had come earlier; expected their order")
    late = max(range(300), key=lambda nth: abs(found[nth] - expected[nth]))
    if abs(found[late] - expected[late]) > 2e-6:
        told = f"caller {late + 1} of 300 was served at {found[late]:.4f} s"
        raise ContractBroken(f"{told}; expected {expected[late]:.4f} s, the first moment that the rate allows")


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
        bucket = await _emptied(subject, lab, 0.2, 1.0)
        waiters = [_waiter(lab, bucket, 1) for _ in range(20)]
        await asyncio.sleep(1.0)
        before = turns()
        await asyncio.gather(*waiters)
        if (found := turns() - before) > 400:
            raise ContractBroken(f"the loop went round {found} times for 20 waiters; expected a few times each")

    run(lab, main())
