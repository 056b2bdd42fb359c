"""The contract of ``TokenBucket``: a rate that holds, and a queue that is fair.

The subject offers ``TokenBucket(rate_per_s, burst, clock=)`` with ``await acquire(n=1)``, ``try_acquire(n=1)``, which
returns 0.0 or the seconds until it would work, and ``retry_after_s(n=1)``, which only says them.
"""

import asyncio
from typing import Any

from groundwork.errors import ContractBroken
from groundwork.testing._contract import Contract, Level
from groundwork.testing._lab import Lab
from groundwork.testing.contracts._failures import expect, expect_about
from groundwork.testing.contracts._model_time import run
from groundwork.testing.contracts._refusals import expect_chosen

CHECKS = Contract("concurrency/bucket")


def bucket_of(subject: Any, lab: Lab, rate_per_s: float = 2.0, burst: float = 5.0) -> Any:
    """Make a bucket of the subject, on the lab's time."""
    return subject.TokenBucket(rate_per_s, burst, clock=lab.clock)


async def emptied(subject: Any, lab: Lab, rate_per_s: float, burst: float) -> Any:
    """Make a bucket of the subject and take all that is in it."""
    bucket = bucket_of(subject, lab, rate_per_s, burst)
    await bucket.acquire(burst)
    return bucket


async def _moments(lab: Lab, bucket: Any, count: int) -> list[float]:
    found = []
    for _ in range(count):
        await bucket.acquire()
        found.append(round(lab.clock.monotonic(), 6))
    return found


@CHECKS.check(
    Level.BASIC,
    rule="The first burst goes through at once, then so many a second.",
    why="A limit of ten a second that lets ten through each time it is asked is none; the service bans your address.",
    hint="Tokens grow with time: rate times the seconds since you last looked. Sleep for what is missing.",
)
def a_burst_then_the_rate(subject: Any, lab: Lab) -> None:
    """Nine acquires of a bucket of five that gets two a second."""

    async def main() -> None:
        found = await _moments(lab, bucket_of(subject, lab), 9)
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
        bucket = bucket_of(subject, lab)
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
        bucket = bucket_of(subject, lab)
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
        bucket = bucket_of(subject, lab)
        for n in (6, 0, -1):
            for name in ("acquire", "try_acquire"):
                try:
                    value = getattr(bucket, name)(n)
                    async with asyncio.timeout(60.0):
                        value = await value if name == "acquire" else value
                except TimeoutError as error:
                    raise ContractBroken(f"{name}({n}) of a bucket of 5 waits; expected an error") from error
                except Exception as error:  # noqa: BLE001 - which of them will do is told apart there
                    expect_chosen(error, f"{name}({n}) of a bucket of 5")
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
    hint="Keep tokens as a float, and remember the moment up to which you have counted. Less than 1e-9 s is no wait.",
    after=["a_burst_then_the_rate"],
)
def no_fraction_is_lost(subject: Any, lab: Lab) -> None:
    """Three a second, 301 times; and one that asks every 0.1 s."""

    async def main() -> None:
        found = await _moments(lab, bucket_of(subject, lab, 3.0, 1.0), 301)
        expect_about(found[-1], 100.0, "the moment of acquire 301, rate 3, burst 1")
        bucket = await emptied(subject, lab, 3.0, 3.0)
        for _ in range(9):
            await asyncio.sleep(0.1)
            bucket.try_acquire(3)
        expect_about(bucket.retry_after_s(3), 0.1, "what is left of 1 s after nine looks in 0.9 s")

    run(lab, main())
