"""What waiting together saves: many HTTP calls, many small files; and what a token costs.

Run: python benchmarks/concurrency.py [--quick] [--no-peers] [folder on the disk to measure]
Exits 1 if a target is missed. The server is a process of its own. Figures are medians of interleaved rounds, except the
sequential calls, which take 100 s. The peers (aiofiles, aiolimiter) get an environment of their own in the user's cache
folder. The files are 4 KiB and were just written, so reading them reads memory and not the disk.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from _peers import peer_python
from _targets import Targets, table

from groundwork.concurrency import TokenBucket, fetch_all, read_files, write_files
from groundwork.storage import atomic_write

HERE = Path(__file__).parent
DELAY_S = 0.1
FILES, SIZE, LIMIT = 1000, 4096, 8
TOKENS = 100_000
targets = Targets()


def seconds(work):
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def medians(rounds, ways):
    """Return the median of each way; the rounds take turns, so that a busy moment meets all."""
    taken = {name: [] for name in ways}
    for _ in range(rounds):
        for name, work in ways.items():
            taken[name].append(seconds(work))
    return {name: statistics.median(each) for name, each in taken.items()}


@contextmanager
def server():
    process = subprocess.Popen(
        [sys.executable, HERE / "_concurrency_server.py", str(DELAY_S)], stdout=subprocess.PIPE, text=True
    )
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}/"
    finally:
        process.terminate()
        process.wait()


async def one_after_another(urls):
    import aiohttp

    async with aiohttp.ClientSession() as session:
        for url in urls:
            async with session.get(url) as answer:
                await answer.read()


async def all_at_once(urls):
    fetched = await fetch_all(urls, limit=len(urls), per_host=len(urls))
    if bad := [each.error for each in fetched if not each.ok]:
        raise bad[0]


async def by_hand(urls):
    """What one writes by hand: no limit, no retry, no breaker, no deadline."""
    import aiohttp

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def one(url):
            async with session.get(url) as answer:
                return await answer.read()

        await asyncio.gather(*map(one, urls))


def calls(*, quick):
    many = 1000
    few = 50 if quick else many
    runners = {"asyncio": asyncio.run}
    if find_spec("uvloop"):
        import uvloop

        runners["uvloop"] = uvloop.run
    with server() as url:
        urls = [f"{url}{number}" for number in range(many)]
        asyncio.run(all_at_once(urls))  # imports, and the first of everything
        ways = {}
        for loop, runner in runners.items():
            ways[f"fetch_all, {loop}"] = partial(run, runner, all_at_once, urls)
            ways[f"aiohttp and gather by hand, {loop}"] = partial(run, runner, by_hand, urls)
        took = medians(3 if quick else 9, ways)
        sequential = seconds(partial(run, asyncio.run, one_after_another, urls[:few])) * many / few
    print(f"{many:,} HTTP calls of {DELAY_S * 1000:.0f} ms" + (f"; sequential from {few} calls" if few < many else ""))
    print()
    rows = [("sequential", f"{sequential:.2f}", "1")]
    rows += [(name, f"{each:.3f}", f"{sequential / each:.0f}") for name, each in took.items()]
    table(("way", "seconds", "times as fast"), rows)
    # The loop that groundwork's own commands run on.
    loop = list(runners)[-1]
    targets.least(
        f"HTTP calls, fetch_all on {loop} against sequential", sequential / took[f"fetch_all, {loop}"], 250, "x"
    )


def run(runner, work, urls):
    runner(work(urls))


def files(folder, theirs, rounds):
    paths = sorted((folder / "read").iterdir())
    content = paths[0].read_bytes()

    def away(name):
        (folder / name).mkdir(exist_ok=True)
        return [folder / name / path.name for path in paths]

    def pool(work, jobs):
        with ThreadPoolExecutor(LIMIT) as threads:
            return list(threads.map(work, jobs))

    def safely(path, durable=True):
        with atomic_write(path, durable=durable) as file:
            file.write(content)

    reads = medians(
        rounds,
        {
            "sequential": lambda: [path.read_bytes() for path in paths],
            "ThreadPoolExecutor.map": lambda: pool(Path.read_bytes, paths),
            "read_files": lambda: asyncio.run(read_files(paths, LIMIT)),
        },
    )
    plain, safe = away("plain"), away("safe")
    loose = medians(
        rounds,
        {
            "sequential, write_bytes": lambda: [path.write_bytes(content) for path in plain],
            "ThreadPoolExecutor.map, write_bytes": lambda: pool(lambda path: path.write_bytes(content), plain),
            "sequential, atomic": lambda: [safely(path, durable=False) for path in safe],
            "write_files, atomic": lambda: asyncio.run(write_files([(p, content) for p in safe], LIMIT, durable=False)),
        },
    )
    durable = medians(
        rounds,
        {
            "sequential": lambda: [safely(path) for path in safe],
            "ThreadPoolExecutor.map": lambda: pool(safely, safe),
            "write_files": lambda: asyncio.run(write_files([(path, content) for path in safe], LIMIT)),
            f"write_files, limit={4 * LIMIT}": lambda: asyncio.run(
                write_files([(path, content) for path in safe], 4 * LIMIT)
            ),
        },
    )
    if theirs:
        reads["aiofiles"] = theirs["read"]
        loose["aiofiles, not atomic"] = theirs["write"]
    for title, took in (("read", reads), ("written, a power cut may lose them", loose), ("written durably", durable)):
        print(f"{FILES:,} files of {SIZE} bytes {title}\n")
        first = next(iter(took.values()))
        rows = [(name, f"{each * 1000:.1f}", f"{first / each:.2f}") for name, each in took.items()]
        table(("way", "ms", "times as fast as the first"), rows)
    if theirs:
        targets.least("read_files against aiofiles", reads["aiofiles"] / reads["read_files"], 1, "x")
    targets.least("read_files against sequential", reads["sequential"] / reads["read_files"], 1, "x")
    targets.least("durable write_files against sequential", durable["sequential"] / durable["write_files"], 1, "x")


async def take_tokens():
    bucket = TokenBucket(1e9, 1_000_000)
    for _ in range(TOKENS):
        await bucket.acquire()


def tokens(theirs, rounds):
    ours = medians(rounds, {"ours": lambda: asyncio.run(take_tokens())})["ours"] / TOKENS
    rows = [("TokenBucket", f"{ours * 1e6:.2f}")]
    if theirs:
        rows.append(("aiolimiter", f"{theirs['limiter'] * 1e6:.2f}"))
    print("A token that is there\n")
    table(("way", "us"), rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds, and sequential calls counted from 50")
    parser.add_argument("--no-peers", action="store_true", help="no network, no aiofiles, no aiolimiter")
    parser.add_argument("folder", nargs="?", help="on the disk to measure; the system's temporary folder if not given")
    options = parser.parse_args()
    rounds = 3 if options.quick else 9
    calls(quick=options.quick)
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder = Path(name)
        asyncio.run(write_files((folder / "read" / f"{n:04}", os.urandom(SIZE)) for n in range(FILES)))
        theirs = None
        if not options.no_peers:
            python = peer_python("concurrency", "aiofiles==24.1.0", "aiolimiter==1.2.1")
            command = [python, HERE / "_concurrency_peers.py", folder, str(LIMIT), str(rounds), str(TOKENS)]
            theirs = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        files(folder, theirs, rounds)
        tokens(theirs, rounds)
    table(("promise", "measured", "target", ""), targets.told)
    return 1 if targets.missed else 0


if __name__ == "__main__":
    sys.exit(main())
