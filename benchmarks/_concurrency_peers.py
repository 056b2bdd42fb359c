"""The peers of benchmarks/concurrency.py, in an environment of their own. Prints medians, in seconds, as JSON."""

import asyncio
import json
import statistics
import sys
import time
from pathlib import Path

import aiofiles
import aiolimiter


async def read(paths, limit):
    gate = asyncio.Semaphore(limit)

    async def one(path):
        async with gate, aiofiles.open(path, "rb") as file:
            return await file.read()

    return await asyncio.gather(*map(one, paths))


async def write(paths, content, limit):
    gate = asyncio.Semaphore(limit)

    async def one(path):
        async with gate, aiofiles.open(path, "wb") as file:
            await file.write(content)

    await asyncio.gather(*map(one, paths))


async def limiter(times):
    bucket = aiolimiter.AsyncLimiter(1_000_000, 0.001)
    for _ in range(times):
        await bucket.acquire()


def median(rounds, work):
    seconds = []
    for _ in range(rounds):
        begun = time.perf_counter()
        asyncio.run(work())
        seconds.append(time.perf_counter() - begun)
    return statistics.median(seconds)


folder, limit, rounds, times = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
there = sorted((folder / "read").iterdir())
(folder / "aiofiles").mkdir(exist_ok=True)
away = [folder / "aiofiles" / path.name for path in there]
content = there[0].read_bytes()
print(
    json.dumps(
        {
            "read": median(rounds, lambda: read(there, limit)),
            "write": median(rounds, lambda: write(away, content, limit)),
            "limiter": median(rounds, lambda: limiter(times)) / times,
        }
    )
)
