"""What one successful call costs, groundwork's ways and its peers' in one process; runs in the peers' environment.

Each round times a short batch of every way, in a new order, so that all meet the same noise. Prints one JSON object:
nanoseconds a call, medians of all rounds.
"""

import asyncio
import json
import logging
import random
import statistics
import sys
import time
from importlib.metadata import version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))

import backoff
import circuitbreaker
import purgatory
import pybreaker
import pyresilience
import stamina
import tenacity

from groundwork.resilience import Backoff, Bulkhead, CircuitBreaker, Policy, RetryBudget, deadline, fallback, retry

PEERS = ("tenacity", "stamina", "backoff", "pyresilience", "pybreaker", "circuitbreaker", "purgatory")
BATCH_S = 0.0005


def work():
    return None


async def work_async():
    return None


def whole(name, seconds=None):
    return Policy(
        fallback=fallback(None),
        deadline=None if seconds is None else deadline(seconds),
        retry=retry(on=OSError),
        breaker=CircuitBreaker(name),
        bulkhead=Bulkhead(8),
    )


def pyresilience_whole():
    # Its time limit runs each call in a thread of a pool, so it is left out: ours has one.
    return pyresilience.resilient(
        retry=pyresilience.RetryConfig(retry_on=(OSError,)),
        circuit_breaker=pyresilience.CircuitBreakerConfig(),
        bulkhead=pyresilience.BulkheadConfig(max_concurrent=8),
        fallback=pyresilience.FallbackConfig(handler=lambda error: None),
    )


def tenacious():
    return tenacity.retry(
        retry=tenacity.retry_if_exception_type(OSError),
        stop=tenacity.stop_after_attempt(3),
        wait=tenacity.wait_random_exponential(0.1, 5),
    )


def by_hand(fn):
    def handled():
        try:
            return fn()
        except OSError:
            time.sleep(0.1)
            return fn()

    return handled


def by_hand_async(fn):
    async def handled():
        try:
            return await fn()
        except OSError:
            await asyncio.sleep(0.1)
            return await fn()

    return handled


def ways(fn, by_hand, breakers):
    """Every way to guard one function, sync or async, by (part, name)."""
    return {
        ("", "bare call"): fn,
        ("", "try/except by hand"): by_hand(fn),
        ("retry", "groundwork"): retry(on=OSError)(fn),
        ("retry", "groundwork with deadline_s"): retry(on=OSError, deadline_s=30)(fn),
        ("retry", "groundwork with a budget"): retry(on=OSError, budget=RetryBudget())(fn),
        ("retry", "backoff"): backoff.on_exception(backoff.expo, OSError, max_tries=3)(fn),
        ("retry", "pyresilience"): pyresilience.resilient(retry=pyresilience.RetryConfig(retry_on=(OSError,)))(fn),
        ("retry", "stamina"): stamina.retry(on=OSError, attempts=3)(fn),
        ("retry", "tenacity"): tenacious()(fn),
        ("breaker", "groundwork"): CircuitBreaker("a")(fn),
        **breakers,
        ("policy", "groundwork, all five"): whole("b", 30)(fn),
        ("policy", "groundwork, no time limit"): whole("d")(fn),
        ("policy", "pyresilience, no time limit"): pyresilience_whole()(fn),
    }


def sync_ways():
    return ways(
        work,
        by_hand,
        {
            ("breaker", "circuitbreaker"): circuitbreaker.circuit(failure_threshold=5)(work),
            ("breaker", "purgatory"): purgatory.SyncCircuitBreakerFactory()("c")(work),
            ("breaker", "pybreaker"): pybreaker.CircuitBreaker()(work),
            ("breaker", "pyresilience"): pyresilience.resilient(circuit_breaker=pyresilience.CircuitBreakerConfig())(
                work
            ),
        },
    )


def async_ways():
    # pybreaker's asynchronous calls are Tornado's.
    return ways(
        work_async,
        by_hand_async,
        {
            ("breaker", "circuitbreaker"): circuitbreaker.circuit(failure_threshold=5)(work_async),
            ("breaker", "purgatory"): purgatory.AsyncCircuitBreakerFactory()("c")(work_async),
            ("breaker", "pyresilience"): pyresilience.resilient(circuit_breaker=pyresilience.CircuitBreakerConfig())(
                work_async
            ),
        },
    )


def batch(fn, calls):
    steps = range(calls)
    began = time.perf_counter_ns()
    for _ in steps:
        fn()
    return (time.perf_counter_ns() - began) / calls


async def batch_async(fn, calls):
    steps = range(calls)
    began = time.perf_counter_ns()
    for _ in steps:
        await fn()
    return (time.perf_counter_ns() - began) / calls


def size(ns):
    return max(20, int(BATCH_S * 1e9 / ns))


def measure(chosen, rounds):
    calls = {key: size(min(batch(fn, 200) for _ in range(5))) for key, fn in chosen.items()}
    times = {key: [] for key in chosen}
    order, rng = list(chosen), random.Random(1)
    for _ in range(rounds):
        rng.shuffle(order)
        for key in order:
            times[key].append(batch(chosen[key], calls[key]))
    return {key: statistics.median(values) for key, values in times.items()}


async def measure_async(chosen, rounds):
    calls = {key: size(min([await batch_async(fn, 200) for _ in range(5)])) for key, fn in chosen.items()}
    times = {key: [] for key in chosen}
    order, rng = list(chosen), random.Random(1)
    for _ in range(rounds):
        rng.shuffle(order)
        for key in order:
            times[key].append(await batch_async(chosen[key], calls[key]))
    return {key: statistics.median(values) for key, values in times.items()}


def seconds(fn):
    began = time.perf_counter()
    try:
        fn()
    except Exception:
        return time.perf_counter() - began
    raise AssertionError("it was to fail")


def fails():
    time.sleep(0.3)
    raise OSError("down")


async def hangs():
    await asyncio.sleep(60)


def ends():
    """Seconds until a call ends that was given 0.5 s, with attempts of 0.3 s and waits of 1 s."""
    mine = retry(on=OSError, attempts=10, backoff=Backoff(1, 1, 1, "none"), deadline_s=0.5)
    return {
        "groundwork, deadline_s=0.5": seconds(mine(fails)),
        "groundwork, an async attempt that hangs": seconds(lambda: asyncio.run(mine(hangs)())),
        "stamina, timeout=0.5": seconds(
            stamina.retry(on=OSError, attempts=10, timeout=0.5, wait_initial=1, wait_jitter=0)(fails)
        ),
        "tenacity, stop_after_delay(0.5)": seconds(
            tenacity.retry(stop=tenacity.stop_after_delay(0.5), wait=tenacity.wait_fixed(1))(fails)
        ),
        "backoff, max_time=0.5": seconds(
            backoff.on_exception(backoff.constant, OSError, interval=1, jitter=None, max_time=0.5)(fails)
        ),
    }


def main():
    rounds = int(sys.argv[1])
    for name in ("backoff", "stamina"):
        logging.getLogger(name).addHandler(logging.NullHandler())
    found = {
        "versions": {name: version(name) for name in PEERS},
        "sync": [[*key, ns] for key, ns in measure(sync_ways(), rounds).items()],
        "async": [[*key, ns] for key, ns in asyncio.run(measure_async(async_ways(), rounds)).items()],
        "ends": ends(),
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
