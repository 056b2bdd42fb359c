"""What decorators add to a call; ours, and those that one would write instead.

Run: ``python benchmarks/modeling.py``, some ten seconds; ``--quick`` takes fewer rounds. A number is the smallest of
many short rounds, so that other work on the machine does not count. Exits with 1 when a target is missed.
"""

import argparse
import asyncio
import functools
import logging
import os
import platform
import sys
import tempfile
import time
import timeit

import numpy as np
import pydantic
from _targets import Targets, table

from groundwork.modeling import cached, content_key, logged, timed, validated

_LOOPS = 20


def one(value):
    return value


def two(value, name="a"):
    return value


def annotated(rows: int, rate: float = 1.0, name: str = "") -> float:
    return rate


def smallest_ns(statement, rounds, functions, items=range(50)):
    """The time of one call of each function, without the loop around it; turn by turn, so that all meet the same."""
    items = list(items)
    timers = {
        name: timeit.Timer(f"for item in items: {statement if fn else 'pass'}", globals={"fn": fn, "items": items})
        for name, fn in {**functions, "": None}.items()
    }
    best = dict.fromkeys(timers, float("inf"))
    for _ in range(rounds):
        for name, timer in timers.items():
            best[name] = min(best[name], timer.timeit(_LOOPS))
    empty = best.pop("")
    return {name: (took - empty) / _LOOPS / len(items) * 1e9 for name, took in best.items()}


def hits(targets, rounds):
    words = [f"word {number}" for number in range(50)]
    pairs = [(number, "a") for number in range(50)]
    cases = (
        ("an int", "fn(item)", one, list(range(50))),
        ("a text", "fn(item)", one, words),
        ("an int by name", "fn(value=item)", one, list(range(50))),
        ("an int and a text", "fn(item, 'b')", two, list(range(50))),
        ("a tuple", "fn(item)", one, pairs),
    )
    rows = []
    for what, statement, fn, items in cases:
        functions = {
            "untyped": functools.lru_cache(128)(fn),
            "typed": functools.lru_cache(128, typed=True)(fn),
            "cached": cached(fn),
            "ttl": cached(ttl_s=60)(fn),
        }
        took = smallest_ns(statement, rounds, functions, items)
        ratio = took["cached"] / took["typed"]
        rows.append(
            (what, *(f"{ns:.0f}" for ns in took.values()), f"{ratio:.2f}", f"{took['cached'] / took['untyped']:.2f}")
        )
        if what != "a tuple":
            targets.most(f"cached hit, {what}, / lru_cache(typed=True)", ratio, 1.5, " times")
    heads = ["hit of 50 entries, ns", "lru_cache", "lru_cache(typed=True)", "cached", "cached(ttl_s=60)"]
    table([*heads, "cached / typed", "cached / untyped"], rows)


def contents():
    rows = []
    for what, value in (
        ("array of 8 KB", np.zeros(1000)),
        ("array of 80 MB", np.zeros(10_000_000)),
        ("dict of 100 numbers", {str(number): number for number in range(100)}),
    ):
        took = min(timeit.repeat(lambda value=value: content_key(value), number=1, repeat=20))
        rows.append((what, f"{took * 1e6:.0f}"))
    with tempfile.TemporaryDirectory() as folder:
        load = cached(folder=folder)(one)
        load(3)
        took = min(timeit.repeat(lambda: load(3), number=1, repeat=200))
        rows.append(("hit on disk, a number", f"{took * 1e6:.0f}"))
    table(["key by content", "us"], rows)


def quiet(targets, rounds):
    logging.getLogger(__name__).setLevel(logging.WARNING)
    both = timed(logged(one))
    functions = {"bare": one, "timed": timed(one), "logged": logged(one), "timed and logged": both}
    found = smallest_ns("fn(item)", rounds, functions)
    bare = found.pop("bare")
    found = {name: ns - bare for name, ns in found.items()}

    async def fetch(value):
        return value

    both = timed(logged(fetch))
    found["timed and logged, a coroutine"] = awaited_ns(both, rounds) - awaited_ns(fetch, rounds)
    table(["level disabled, ns over the bare call", "added"], [(name, f"{ns:.0f}") for name, ns in found.items()])
    for name, ns in list(found.items())[2:]:
        targets.most(f"{name}, level disabled", ns / 1e3, 1, " us")


def awaited_ns(fn, rounds):
    async def many():
        begin = time.perf_counter_ns()
        for number in range(1000):
            await fn(number)
        return (time.perf_counter_ns() - begin) / 1000

    async def best():
        return min([await many() for _ in range(max(20, rounds // 10))])

    return asyncio.run(best())


def checks(targets, rounds):
    rows = []
    for what, statement in (
        ("three by place", "fn(item, 2.0, 'a')"),
        ("one and two defaults", "fn(item)"),
        ("three by name", "fn(rows=item, rate=2.0, name='a')"),
        ("three to be converted", "fn('3', '2.0', 'a')"),
    ):
        functions = {"peer": pydantic.validate_call(annotated), "ours": validated(annotated)}
        peer, ours = smallest_ns(statement, rounds, functions).values()
        rows.append((what, f"{peer:.0f}", f"{ours:.0f}", f"{ours / peer:.2f}"))
        targets.most(f"validated, {what}, / validate_call", ours / peer, 1, " times")
    table([f"checked arguments, ns (pydantic {pydantic.VERSION})", "validate_call", "validated", "ratio"], rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    rounds = 100 if parser.parse_args().quick else 1000
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    print(f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, {os.cpu_count()} cores{load}")
    targets = Targets()
    hits(targets, rounds)
    contents()
    quiet(targets, rounds)
    checks(targets, rounds)
    table(["target", "measured", "limit", ""], targets.told)
    return 1 if targets.missed else 0


if __name__ == "__main__":
    sys.exit(main())
