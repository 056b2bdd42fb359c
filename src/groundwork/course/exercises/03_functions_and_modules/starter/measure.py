"""What decorators, keys, leaks and few rows cost, measured on your machine.

    python measure.py               all of it, in about half a minute
    python measure.py keys leak     some of it
    python measure.py --quick       smaller, to see that it runs

Times are the least of several runs, in the processor's time: what other programs do on the machine only ever adds. All
chance is seeded.
"""

import contextlib
import functools
import hashlib
import inspect
import logging
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from groundwork.course import print_measurements

Row = tuple[str | float, ...]
QUICK = "--quick" in sys.argv
CLOCK = time.process_time if time.get_clock_info("process_time").resolution < 1e-6 else time.perf_counter


def sized(size: int) -> int:
    """Make a size smaller where only a look is wanted."""
    return max(5, size // 50) if QUICK else size


def each_s(work: Callable[[], object], times: int) -> float:
    """Time one call of many; the least of seven rounds."""
    least = float("inf")
    for _ in range(1 if QUICK else 7):
        before = CLOCK()
        for _ in range(times):
            work()
        least = min(least, (CLOCK() - before) / times)
    return least


def wrapper() -> tuple[str, list[Row]]:
    """Call a function that adds one: as it is, and under decorators that do little or nothing."""
    log = logging.getLogger("measure")

    def plain(x: int) -> int:
        return x + 1

    @functools.wraps(plain)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        return plain(*args, **kwargs)

    @functools.wraps(plain)
    def twice(*args: Any, **kwargs: Any) -> Any:
        before = time.perf_counter()
        try:
            return plain(*args, **kwargs)
        finally:
            time.perf_counter() - before

    @contextlib.contextmanager
    def nothing() -> Any:
        yield

    @functools.wraps(plain)
    def in_context(*args: Any, **kwargs: Any) -> Any:
        with nothing():
            return plain(*args, **kwargs)

    @functools.wraps(plain)
    def asked(*args: Any, **kwargs: Any) -> Any:
        if log.isEnabledFor(logging.DEBUG):
            log.debug("%s", args)
        return plain(*args, **kwargs)

    signature = inspect.signature(plain)

    @functools.wraps(plain)
    def bound(*args: Any, **kwargs: Any) -> Any:
        signature.bind(*args, **kwargs)
        return plain(*args, **kwargs)

    ways = [
        ("as it is", plain),
        ("a wrapper that does nothing", wrapped),
        ("two looks at the clock", twice),
        ("a look at the level of a logger", asked),
        ("@contextmanager around it", in_context),
        ("signature.bind before it", bound),
        ("functools.lru_cache, a hit", functools.lru_cache(plain)),
    ]
    return "ns a call", [(name, each_s(lambda fn=fn: fn(1), sized(20_000)) * 1e9) for name, fn in ways]


def formatting() -> tuple[str, list[Row]]:
    """Log a table of 1,000,000 numbers, at a level that nobody listens to."""
    log = logging.getLogger("measure")
    table = [0.5] * sized(1_000_000)

    def asks_first() -> None:
        if log.isEnabledFor(logging.DEBUG):
            log.debug("fit(%r)", table)

    ways: list[tuple[str, Callable[[], object], int]] = [
        ('log.debug(f"fit({table!r})")', lambda: log.debug(f"fit({table!r})"), 1),  # noqa: G004 - that is the question
        ('log.debug("fit(%r)", table)', lambda: log.debug("fit(%r)", table), sized(10_000)),
        ("if log.isEnabledFor(DEBUG): ...", asks_first, sized(10_000)),
    ]
    return "us a call", [(name, each_s(work, times) * 1e6) for name, work, times in ways]


def keys() -> tuple[str, list[Row]]:
    """Make a key of an array of 125,000 floats (1 MB); 200 arrays that differ in one number each."""
    array = np.zeros(sized(125_000) + 2000)
    arrays = [array.copy() for _ in range(sized(200))]
    for nth, each in enumerate(arrays):
        each[1000 + nth] = 1.0

    def of_content(each: Any) -> Any:
        return each.dtype.str, each.shape, hashlib.blake2b(each.tobytes()).digest()

    ways: list[tuple[str, Callable[[Any], Any]]] = [
        ("str(array)", str),
        ("id(array)", id),
        ("hash of the bytes", of_content),
    ]
    found: list[Row] = []
    for name, key in ways:
        taken = each_s(lambda key=key: key(array), sized(50)) * 1e6
        different = len({key(each) for each in arrays})
        same = len({key(array), key(array.copy())}) == 1
        found.append((name, taken, different, "yes" if same else "no"))
    return "us a key | different keys of 200 arrays | a copy has the same", found


def race() -> tuple[str, list[Row]]:
    """Ask at once from eight threads for a result that takes 20 ms, with look-compute-store and with single flight."""
    found: list[Row] = []
    for name in ("look, compute, store", "single flight"):
        kept: dict[str, Any] = {}
        calls: list[int] = []
        lock, ready = threading.Lock(), threading.Barrier(8)

        def load(calls: list[int] = calls) -> str:
            calls.append(1)
            time.sleep(0.02)
            return "model"

        def naive(kept: dict[str, Any] = kept, load: Callable[[], str] = load) -> None:
            if "a" not in kept:
                kept["a"] = load()

        def single(kept: dict[str, Any] = kept, load: Callable[[], str] = load, lock: Any = lock) -> None:
            with lock:
                mine = "a" not in kept
                done = kept.setdefault("a", threading.Event())
            if mine:
                load()
                done.set()
            done.wait()

        ask = naive if name.startswith("look") else single

        def thread(ask: Callable[[], None] = ask, ready: Any = ready) -> None:
            ready.wait()
            ask()

        threads = [threading.Thread(target=thread) for _ in range(8)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        found.append((name, len(calls)))
    return "computations", found


def leak() -> tuple[str, list[Row]]:
    """Guess labels that are coin tosses, with the 20 of 2,000 columns that go best with them; 200 times, 100 rows."""
    rounds = sized(200)
    right = {"chosen on all rows": 0.0, "chosen on the training rows": 0.0}
    shift = 0.0
    for seed in range(rounds):
        chance = np.random.default_rng(seed)
        table, label = chance.normal(size=(100, 2000)), chance.random(100) < 0.5
        train = np.arange(100) < 80
        for name, rows in (("chosen on all rows", np.arange(100) < 100), ("chosen on the training rows", train)):
            gap = table[rows & label].mean(axis=0) - table[rows & ~label].mean(axis=0)
            best = np.argsort(-np.abs(gap))[:20]
            ones, zeros = (table[train & each][:, best].mean(axis=0) for each in (label, ~label))
            test = table[~train][:, best]
            called = ((test - zeros) ** 2).sum(axis=1) > ((test - ones) ** 2).sum(axis=1)
            right[name] += float(np.mean(called == label[~train])) / rounds
        shift += float(np.abs(table.mean(axis=0) - table[train].mean(axis=0)).mean()) / rounds
    rows: list[Row] = [(name, 100 * value) for name, value in right.items()]
    return "guessed right, %", [*rows, ("(mean of a column moved by the test, in deviations / 100)", 100 * shift)]


def coverage() -> tuple[str, list[Row]]:
    """Make 95 % bootstrap intervals of a mean: how often the truth lies inside, and how wide they are; 400 times."""
    rounds, draws = sized(400), sized(500)
    found: list[Row] = []
    grouped = [(600, 30, False), (600, 30, True)]
    for rows, per_group, by_group in [(10, 1, False), (50, 1, False), (400, 1, False), *grouped]:
        inside, width = 0, 0.0
        for seed in range(rounds):
            chance = np.random.default_rng(seed)
            units = chance.normal(size=rows // per_group)
            values = units if by_group else np.repeat(units, per_group)
            means = values[chance.integers(len(values), size=(draws, len(values)))].mean(axis=1)
            low, high = np.quantile(means, [0.025, 0.975])
            inside += bool(low <= 0 <= high)
            width += (high - low) / rounds
        what = f"{rows} rows" if per_group == 1 else f"{rows} rows of {rows // per_group} patients"
        drawn = "" if per_group == 1 else ", patients drawn" if by_group else ", rows drawn"
        found.append((what + drawn, 100 * inside / rounds, width))
    return "truth inside, % | width", found


def judging() -> tuple[str, list[Row]]:
    """Judge models that know nothing, of 1,000 rows with 100 positives, without a look at what is there."""
    outcome = np.arange(1000) < 100
    nothing = np.full(1000, np.nan)

    def rank_area(positive: Any, score: Any) -> float:
        ranks = np.empty(len(score))
        ranks[np.argsort(score, kind="stable")] = np.arange(1, len(score) + 1)
        hits = int(positive.sum())
        return float((ranks[positive].sum() - hits * (hits + 1) / 2) / (hits * (len(score) - hits)))

    same = np.full(1000, 0.5)
    return "figure", [
        ("accuracy where every score is NaN", float(np.mean((nothing >= 0.5) == outcome))),
        ("AUC where every score is NaN", rank_area(outcome, nothing)),
        ("AUC where every score is 0.5, positives first", rank_area(outcome, same)),
        ("the same rows, positives last", rank_area(outcome[::-1], same)),
        ("NaN > 0.3, as a gate asks of the rmse of no rows (0 is no)", float(np.float64("nan") > 0.3)),
    ]


def importing() -> tuple[str, list[Row]]:
    """Start Python, and import: what each user of a command waits for."""
    found: list[Row] = []
    for what in ("pass", "import argparse", "import json, csv, logging", "import numpy"):
        least = float("inf")
        for _ in range(1 if QUICK else 7):
            before = time.perf_counter()
            subprocess.run([sys.executable, "-I", "-c", what], check=True)
            least = min(least, time.perf_counter() - before)
        found.append((what, least * 1e3))
    return "ms, with the start", found


PARTS = {
    "wrapper": wrapper,
    "format": formatting,
    "keys": keys,
    "race": race,
    "leak": leak,
    "coverage": coverage,
    "judging": judging,
    "import": importing,
}

if __name__ == "__main__":
    print_measurements(PARTS, about=__doc__)
