"""What bounds, batches, queues and ends cost and save, measured on your machine.

    python measure.py                   all of it, in two to five minutes
    python measure.py arrivals overload some of it
    python measure.py bad --yours       with your concurrency.py in place of the course's own solution
    python measure.py --quick           smaller, to see that it runs

Most of it is on virtual time, with a model that takes 5 ms and 0.1 ms for each item, at most 32 of them together: it
does not depend on the machine. ``cost`` and ``memory`` do, and ``sigterm``, which sends signals to real servers.
"""

import argparse
import asyncio
import functools
import statistics
import sys
import time
import tracemalloc
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any

from groundwork import concurrency as library
from groundwork.course import find_exercise, print_measurements
from groundwork.testing import Lab, load_subject, run_contract
from groundwork.testing.contracts._model_time import SlowModel, later, run, turns
from groundwork.testing.contracts.concurrency import CONTRACT

Row = tuple[str | float, ...]
OPTIONS = argparse.ArgumentParser(add_help=False)
OPTIONS.add_argument("--yours", action="store_true", help="your concurrency.py in place of the course's own solution")
QUICK, YOURS = "--quick" in sys.argv, "--yours" in sys.argv
HERE, EXERCISE = Path(__file__).parent, find_exercise("06").path
CAPACITY = 32 / 0.0082
right = load_subject(HERE / "concurrency.py" if YOURS else EXERCISE / "alternative" / "concurrency.py")


def wrong(name: str) -> ModuleType:
    """Load one of the course's wrong implementations; each has one mistake."""
    return load_subject(EXERCISE / "wrong" / f"{name}.py")


def model_of(lab: Lab) -> SlowModel:
    """Make the model of the README: 5 ms, and 0.1 ms an item."""
    return SlowModel(lab.clock, batch_s=0.005, item_s=0.0001)


def timed(work: Callable[[], Awaitable[object]], count: int) -> float:
    """Time a coroutine that does something so often; the processor's microseconds for each, the least of nine runs."""

    async def once() -> float:
        before = time.process_time()
        await work()
        return time.process_time() - before

    return min(asyncio.run(once()) for _ in range(1 if QUICK else 9)) / count * 1e6


def cost() -> tuple[str, list[Row]]:
    """Pay for one item: its task, its place in a batch of 64, a hand-over to a thread, a token."""
    count = 640 if QUICK else 6400

    async def tasks() -> None:
        for _ in range(count // 64):
            await asyncio.gather(*(asyncio.sleep(0) for _ in range(64)))

    async def batches(module: Any) -> None:
        async with module.Batcher(lambda items: items, max_size=64) as batch:
            for _ in range(count // 64):
                await asyncio.gather(*(batch.submit(item) for item in range(64)))

    async def threads() -> None:
        for _ in range(count):
            await asyncio.get_running_loop().run_in_executor(None, list)

    async def tokens(module: Any) -> None:
        bucket = module.TokenBucket(1e6, 1e6)
        for _ in range(count):
            await bucket.acquire()

    return "us", [
        ("a task that is gathered and sleeps for nothing", timed(tasks, count)),
        ("a task that submits to groundwork's batcher", timed(functools.partial(batches, library), count)),
        ("a task that submits to the course's, or yours", timed(functools.partial(batches, right), count)),
        ("a hand-over to a thread and back, once a batch", timed(threads, count)),
        ("acquire of groundwork's bucket", timed(functools.partial(tokens, library), count)),
        ("acquire of the course's, or yours", timed(functools.partial(tokens, right), count)),
    ]


def arrivals() -> tuple[str, list[Row]]:
    """Let clients come at random for ten seconds, at some per cent of the capacity."""
    ways = [
        ("formed when the model is free", right, 0.0),
        ("an idle model waits 5 ms", right, 0.005),
        ("formed when they come", wrong("forms_batches_early"), 0.0),
    ]
    rows: list[Row] = []
    for name, module, max_wait_s in ways:
        shares, seconds = ((0.02, 0.2), 1.0) if QUICK else ((0.02, 0.2, 0.5, 0.8), 10.0)
        rows += [(f"{name}, at {share:.0%}", *_latencies(module, max_wait_s, share, seconds)) for share in shares]
    return "median, ms | p99, ms | items a batch", rows


def _latencies(module: Any, max_wait_s: float, share: float, seconds: float) -> tuple[float, float, float]:
    with Lab() as lab:
        model, waits = model_of(lab), list[float]()

        async def client(batch: Any, at_s: float) -> None:
            await asyncio.sleep(at_s)
            await batch.submit(0)
            waits.append(lab.clock.monotonic() - at_s)

        async def main() -> None:
            async with _batcher(module, model, max_wait_s=max_wait_s, max_queue=10**6) as batch:
                count = int(CAPACITY * share * seconds)
                await asyncio.gather(*(client(batch, lab.random.uniform(0, seconds)) for _ in range(count)))

        run(lab, main())
    *_, p99 = statistics.quantiles(waits, n=100)
    return statistics.median(waits) * 1e3, p99 * 1e3, len(model.seen) / len(model.batches)


def _batcher(module: Any, model: SlowModel, **options: Any) -> Any:
    return module.Batcher(model.predict, executor=model, max_size=32, **options)


def overload() -> tuple[str, list[Row]]:
    """Ask for twice the capacity for four seconds, each request with a deadline of 100 ms."""
    seconds = 0.5 if QUICK else 4.0
    ways = [
        ("a queue of 128, the rest refused at once", right, 128),
        ("no bound; those that have expired are dropped", right, 10**6),
        ("no bound, and they are worked for", wrong("works_for_the_late"), 10**6),
    ]
    rows: list[Row] = []
    for name, module, max_queue in ways:
        with Lab() as lab:
            model, count = model_of(lab), int(2 * CAPACITY * seconds)

            async def main(module: Any = module, max_queue: int = max_queue, lab: Lab = lab) -> int:
                async with _batcher(module, model, max_queue=max_queue) as batch:  # noqa: B023 - run in this turn
                    asked = [later(nth / 2 / CAPACITY, lambda: batch.submit(1, deadline_s=0.1)) for nth in range(count)]  # noqa: B023
                    return sum(outcome == 2 for outcome in await asyncio.gather(*asked))

            answered = run(lab, main())
            busy_s = sum(0.005 + 0.0001 * len(batch) for batch in model.batches)
        rows.append((name, answered / seconds, busy_s))
    return "in time, a second | the model's work, s", rows


def bad() -> tuple[str, list[Row]]:
    """Break the model with one of 64 rows, with two, with all: calls of the model, and errors for one bad row."""
    ways = [
        ("halving", right),
        ("one by one", wrong("looks_for_the_bad_one_by_one")),
        ("neither", wrong("fails_the_whole_batch")),
    ]
    rows: list[Row] = []
    for name, module in ways:
        found: list[tuple[int, int]] = [_broken(module, items) for items in ([21], [3, 40], list(range(64)))]
        rows.append((name, found[0][0], found[0][1], found[1][0], found[2][0]))
    return "calls | errors | calls, two bad | calls, all bad", rows


def _broken(module: Any, items: list[int]) -> tuple[int, int]:
    with Lab() as lab:
        model = SlowModel(lab.clock)
        model.bad = {item: ValueError(f"row {item}") for item in items}

        async def main() -> list[Any]:
            async with module.Batcher(model.predict, executor=model, max_size=64) as batch:
                return list(await asyncio.gather(*(later(0.0, lambda n=n: batch.submit(n)) for n in range(64))))

        answers = run(lab, main())
    return len(model.batches), sum(isinstance(answer, Exception) for answer in answers)


def chunks() -> tuple[str, list[Row]]:
    """Make 1,000 calls of 0.1 s, each twentieth of 1 s, 50 at a time."""
    rows: list[Row] = []
    for name, module in (("whoever ends makes room", right), ("in chunks of 50", wrong("works_in_chunks"))):
        with Lab() as lab:
            slow = [1.0 if nth % 20 == 0 else 0.1 for nth in range(1000)]
            run(lab, module.map_async(asyncio.sleep, slow, 50))
            rows.append((name, lab.clock.monotonic()))
    return "s", rows


async def _gathered(fn: Callable[[int], Awaitable[object]], items: range, limit: int) -> None:
    semaphore = asyncio.Semaphore(limit)

    async def one(item: int) -> None:
        async with semaphore:
            await fn(item)

    await asyncio.gather(*(one(item) for item in items))


def failure() -> tuple[str, list[Row]]:
    """Let the first of 1,000 calls fail after a second, ten at a time: how many are begun."""
    rows: list[Row] = []
    ways = [("gather_bounded and map_async", right.map_async), ("asyncio.gather and a semaphore", _gathered)]
    for name, call in ways:
        with Lab() as lab:
            begun: list[int] = []

            async def work(item: int, begun: list[int] = begun) -> None:
                begun.append(item)
                await asyncio.sleep(1.0 if item == 0 else 0.9)
                if item == 0:
                    raise ValueError("the first")

            async def main(call: Any = call, work: Any = work, begun: list[int] = begun) -> int:
                with suppress(ValueError):
                    await call(work, range(1000), 10)
                seen = len(begun)
                await asyncio.sleep(1000.0)
                return seen

            rows.append((name, run(lab, main()), len(begun)))
    return "begun when the error came | begun in the end", rows


def memory() -> tuple[str, list[Row]]:
    """Make tasks that have not yet done anything: bytes of each, with coroutine and place in the loop."""
    count = 1000 if QUICK else 100_000

    async def main() -> float:
        tracemalloc.start()
        tasks = [asyncio.ensure_future(asyncio.sleep(0)) for _ in range(count)]
        size = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        await asyncio.gather(*tasks)
        return size / count

    return "bytes", [("a task that waits for its turn", asyncio.run(main()))]


def large() -> tuple[str, list[Row]]:
    """Want ten tokens of an empty bucket, rate 1, while 2,000 small requests come, one each half second."""
    rows: list[Row] = []
    for name, module in (("with a queue", right), ("whoever fits is served", wrong("wakes_whoever_fits"))):
        with Lab() as lab:

            async def main(module: Any = module, lab: Lab = lab) -> float:
                bucket = module.TokenBucket(1.0, 10.0, clock=lab.clock)
                await bucket.acquire(10)
                small = [later(0.25 + 0.5 * nth, bucket.acquire) for nth in range(100 if QUICK else 2000)]
                others = [asyncio.ensure_future(each) for each in small]
                await bucket.acquire(10)
                found = float(lab.clock.monotonic())
                await asyncio.gather(*others)
                return found

            rows.append((name, run(lab, main())))
    return "s", rows


def morning() -> tuple[str, list[Row]]:
    """Leave a bucket of rate 2 and burst 5 alone for eight hours, then take what it gives at once."""
    rows: list[Row] = []
    for name, module in (("with a cap", right), ("without one", wrong("saves_without_a_cap"))):
        with Lab() as lab:

            async def main(module: Any = module, lab: Lab = lab) -> int:
                bucket, taken = module.TokenBucket(2.0, 5.0, clock=lab.clock), 0
                await asyncio.sleep(8 * 3600)
                while bucket.try_acquire() == 0.0:
                    taken += 1
                return taken

            rows.append((name, run(lab, main())))
    return "at once", rows


def looking() -> tuple[str, list[Row]]:
    """Have twenty wait for a token each, a hundred seconds long: how often the loop goes round."""
    rows: list[Row] = []
    ways = [("one sleep of the right length", right), ("a look each 10 ms", wrong("looks_every_hundredth"))]
    for name, module in ways:
        with Lab() as lab:

            async def main(module: Any = module, lab: Lab = lab) -> int:
                bucket = module.TokenBucket(0.2, 1.0, clock=lab.clock)
                await bucket.acquire()
                before = turns()
                await asyncio.gather(*(bucket.acquire() for _ in range(20)))
                return turns() - before

            rows.append((name, run(lab, main())))
    return "turns of the loop", rows


def sigterm() -> tuple[str, list[Row]]:
    """End real servers with 24 requests under way, each four times over: how many get no answer."""
    check = CONTRACT["sigterm_loses_nothing"]
    ways = [
        ("the course's, or yours", right),
        ("ends after the batch that runs", wrong("ends_when_the_app_has_answered")),
        ("ends at once", wrong("drops_what_it_has_accepted")),
    ]
    rows: list[Row] = []
    for name, module in ways:
        told = [run_contract(module, [check])[0].message for _ in range(1 if QUICK else 4)]
        if other := [words for words in told if words and not words[0].isdigit()]:
            rows.append((name, f"not measured: {other[0][:60]}"))
            continue
        lost = sorted(int(words.split(maxsplit=1)[0]) if words else 0 for words in told)
        rows.append((name, lost[0], lost[-1]))
    return "least lost | most lost", rows


PARTS = {
    "cost": cost,
    "arrivals": arrivals,
    "overload": overload,
    "bad": bad,
    "chunks": chunks,
    "failure": failure,
    "memory": memory,
    "large": large,
    "morning": morning,
    "looking": looking,
    "sigterm": sigterm,
}

if __name__ == "__main__":
    print_measurements(PARTS, about=__doc__, options=OPTIONS)
