"""The inference server beside its peers: the same model, the same client, servers on one core and the load on another.

Run: ``python benchmarks/serving.py``, about 12 minutes; ``--quick`` takes one short round; ``--only groundwork,mosec``
measures these servers only, and ``--part throughput,cost,overload,binary`` these parts. A server that cannot be started
is told and left out. Each is asked for 30 floats as JSON of a scaled logistic regression, batches of at most 64 rows, a
wait of 2 ms where it has one. The peers get virtual environments of their own in the user's cache folder. Exits with 1
when a target is missed or a server failed.
"""

import argparse
import asyncio
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
from collections import defaultdict
from subprocess import CalledProcessError
from typing import NamedTuple

from _serving_peers import WIDE_COLUMNS, WIDE_ROWS, WrongAnswer, peers
from _serving_process import FOLDER, PINS, Server, ServerFailed, load_on_its_core
from _targets import Targets, table

from groundwork.serving._closed_loop import closed_loop
from groundwork.serving._load_target import Target
from groundwork.serving._open_loop import open_loop

PARTS = ("throughput", "cost", "overload", "binary")
DEADLINE_MS = 250
PATIENT = {"X-Request-Timeout-Ms": "30000"}  # sent to all, so that ours keeps a deadline for each request
CALLERS = 2048  # all from the start: a connection takes memory, and that is not the growth that is looked for
IDEAL_PER_S = 32 / (0.005 + 32 * 0.0001)


class Seen(NamedTuple):
    """One measurement."""

    rate: float
    p50_ms: float
    p99_ms: float
    cpu_us: float
    bad: int


class Plan(NamedTuple):
    """How much is measured."""

    rounds: int
    busy_s: float
    single_s: float
    overload_s: float


def run(loop):
    try:
        import uvloop
    except ImportError:
        return asyncio.run(loop)
    return uvloop.run(loop)


def measure(server, connections, seconds, *, body=None, headers=None, warm_up_s=1.0):
    """Return what one closed loop saw."""
    target = Target(server.url, server.peer.body(server.model) if body is None else body, headers or {})
    before = server.cpu_s()
    seen = run(closed_loop(target, connections=connections, duration_s=seconds, warm_up_s=warm_up_s))
    # The processor time is that of the warm-up too; so are, at the same rate, the requests it is divided by.
    requests = max(seen.answered, 1) * (seconds + warm_up_s) / seconds
    cpu_us = (server.cpu_s() - before) / requests * 1e6
    bad = seen.statuses.total() - seen.answered + seen.failures.total()
    return Seen(seen.rate, seen.service.percentile_s(50) * 1000, seen.service.percentile_s(99) * 1000, cpu_us, bad)


def medians(seen):
    return Seen(*(statistics.median(values) for values in zip(*seen, strict=True)))


def throughput(chosen, plan, targets, failures):
    """64 connections and one, every server in turn, and again."""
    found = defaultdict(list)
    for turn in range(plan.rounds):
        for peer in chosen:
            if peer.name in failures:
                continue
            print(f"round {turn + 1} of {plan.rounds}: {peer.name}", file=sys.stderr)
            try:
                with Server(peer) as server:
                    for connections, seconds in ((64, plan.busy_s), (1, plan.single_s)):
                        found[peer.key, connections].append(measure(server, connections, seconds, headers=PATIENT))
            except (ServerFailed, WrongAnswer, CalledProcessError) as error:
                failures[peer.name] = error
    kept = {key: medians(seen) for key, seen in found.items()}
    rows = []
    for peer in chosen:
        busy, single = kept.get((peer.key, 64)), kept.get((peer.key, 1))
        if busy is None or single is None:
            continue
        ours = kept.get(("groundwork", 64))
        ratio = f"{ours.rate / busy.rate:.2f}" if ours else "-"
        there = (f"{busy.rate:,.0f}", ratio, f"{busy.p50_ms:.2f} / {busy.p99_ms:.2f}", f"{busy.cpu_us:.0f}")
        here = (f"{single.rate:,.0f}", f"{single.p50_ms:.2f}", f"{busy.bad + single.bad:.0f}")
        rows.append((peer.name, *there, *here))
    heads = ["server", "requests/s, 64 connections", "groundwork / it", "p50 / p99 ms there", "CPU us/request"]
    table([*heads, "requests/s, 1 connection", "p50 ms there", "not 200"], rows)
    judge(chosen, kept, targets)


def judge(chosen, kept, targets):
    """Set our throughput and our latency beside the peers'."""
    if ("groundwork", 64) not in kept:
        return
    ours, alone = kept["groundwork", 64], kept["groundwork", 1]
    for peer in chosen:
        if peer.needed and (peer.key, 64) in kept:
            ratio = ours.rate / kept[peer.key, 64].rate
            targets.least(f"64 connections, over {peer.name}", ratio, peer.needed, " times")
    model_ms, many_ms = model_time()
    print(f"The model alone: {model_ms:.3f} ms for one row, {many_ms:.3f} ms for 64.\n")
    targets.most("1 connection, p50 less the model's time", alone.p50_ms - model_ms, 0.3, " ms")
    for peer in chosen:
        if peer.key in ("mosec", "mlserver") and (peer.key, 1) in kept:
            targets.most(f"1 connection, p50 over {peer.name}", alone.p50_ms / kept[peer.key, 1].p50_ms, 0.25, " times")


def model_time():
    """Return the model's own milliseconds for one row and for 64, on the servers' core."""
    pinned = ["taskset", "-c", "0"] if PINS else []
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    command = [*pinned, sys.executable, str(FOLDER / "model_time.py")]
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    return [float(line) for line in done.stdout.split()]


def cost(chosen, plan, targets, failures):
    """A model of 5 ms and 0.1 ms an item, as an accelerator is: full batches are what counts."""
    rows = []
    for peer in chosen:
        if peer.key not in ("groundwork", "mosec", "asgi-batcher"):
            continue
        try:
            with Server(peer, model="cost", max_batch=32) as server:
                seen = medians([measure(server, 128, plan.busy_s) for _ in range(plan.rounds)])
        except (ServerFailed, WrongAnswer, CalledProcessError) as error:
            failures[f"{peer.name}, slow model"] = error
            continue
        share = seen.rate / IDEAL_PER_S
        rows.append((peer.name, f"{seen.rate:,.0f}", f"{share:.3f}", f"{seen.p50_ms:.1f} / {seen.p99_ms:.1f}"))
        if peer.key == "groundwork":
            targets.least("5 ms + 0.1 ms an item, of the ideal", share, 0.95)
    print(f"5 ms + 0.1 ms an item, batches of at most 32, 128 connections; ideal {IDEAL_PER_S:,.0f} items/s\n")
    table(["server", "items/s", "of the ideal", "p50 / p99 ms"], rows)


def overload(chosen, plan, targets, failures):
    """Twice as many requests as the slow model can answer, each with a deadline."""
    peer = chosen[0]
    if peer.key != "groundwork":
        return
    deadline = {"X-Request-Timeout-Ms": str(DEADLINE_MS)}
    with Server(peer, model="cost", max_batch=32) as server:
        peak = measure(server, 128, plan.busy_s, headers=deadline)
        target = Target(server.url, peer.body("cost"), deadline)
        # What overload allocates once, as buffers of connections, is not growth.
        run(open_loop(target, rate=2 * peak.rate, duration_s=plan.busy_s, connections=CALLERS, opened=CALLERS))
        before = server.rss_bytes()
        seen = run(
            open_loop(target, rate=2 * peak.rate, duration_s=plan.overload_s, connections=CALLERS, opened=CALLERS)
        )
        growth = (server.rss_bytes() / before - 1) * 100
    statuses = ", ".join(f"{count:,} x {status}" for status, count in sorted(seen.statuses.items()))
    lost = seen.failures.total()
    print(
        f"Overload: {2 * peak.rate:,.0f} requests/s for {plan.overload_s:g} s where {peak.rate:,.0f} can be answered,"
    )
    print(f"deadline {DEADLINE_MS} ms: {statuses}; {lost:,} without an answer.\n")
    targets.least("overload 2x, goodput over the peak", seen.rate / peak.rate, 0.95)
    targets.most("overload 2x, accepted p99", seen.latency.percentile_s(99) * 1000, DEADLINE_MS, " ms")
    targets.most("overload 2x, rejects p99", seen.refused.percentile_s(99) * 1000, 10, " ms")
    targets.most("overload 2x, growth of memory", growth, 5, " %")
    targets.most("overload 2x, requests without an answer", lost, 0)


def binary(chosen, plan, targets, failures):
    """The same 1 MiB of FP32 as JSON and by the binary tensor extension, one connection."""
    peer = chosen[0]
    if peer.key != "groundwork":
        return
    import numpy as np

    values = np.random.default_rng(0).random((WIDE_ROWS, WIDE_COLUMNS), dtype=np.float32)
    tensor = {"name": "instances", "shape": list(values.shape), "datatype": "FP32"}
    # FP32 as short as it can be written, not as the FP64 that it is not.
    numbers = b",".join(str(value).encode() for value in values.ravel())
    outputs = [{"name": "predictions", "parameters": {"binary_data": True}}]
    as_json = json.dumps({"inputs": [tensor]})[:-3].encode() + b', "data": [' + numbers + b"]}]}"
    sized = {**tensor, "parameters": {"binary_data_size": values.nbytes}}
    head = json.dumps({"inputs": [sized], "outputs": outputs}).encode()
    as_binary = {"Inference-Header-Content-Length": str(len(head)), "content-type": "application/octet-stream"}
    rows = []
    with Server(peer, model="wide", max_batch=WIDE_ROWS) as server:
        server.url = server.url.replace("/predict", "/v2/models/cancer/infer")
        for name, body, headers in (("JSON", as_json, {}), ("binary", head + values.tobytes(), as_binary)):
            status, answer = server.ask(body, headers)
            if status != 200:
                raise ServerFailed(f"infer as {name} answers {status}: {answer[:300]!r}")
            seen = measure(server, 1, plan.busy_s, body=body, headers=headers)
            rows.append((name, f"{len(body) / 2**20:.2f}", f"{seen.rate:,.1f}", f"{seen.p50_ms:.2f}", seen.rate))
    print(f"{WIDE_ROWS} rows of {WIDE_COLUMNS} FP32, a linear model, one connection\n")
    table(["1 MiB of FP32 as", "MiB sent", "requests/s", "p50 ms"], [row[:4] for row in rows])
    targets.least("1 MiB of FP32, binary over JSON", rows[1][4] / rows[0][4], 10, " times")


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    known = [peer.key for peer in peers()]
    parser.add_argument("--quick", action="store_true", help="one short round")
    parser.add_argument("--only", help=f"servers, of {','.join(known)}")
    parser.add_argument("--part", help=f"parts, of {','.join(PARTS)}")
    chosen = parser.parse_args()
    for given, allowed in ((chosen.only, known), (chosen.part, PARTS)):
        for name in (given or "").split(",") if given else ():
            if name not in allowed:
                parser.error(f"there is no {name!r}; there are {', '.join(allowed)}")
    return chosen


def main():
    asked = parse()
    chosen = [peer for peer in peers() if asked.only is None or peer.key in asked.only.split(",")]
    plan = Plan(1, 2.0, 1.5, 6.0) if asked.quick else Plan(3, 4.0, 2.0, 30.0)
    load_on_its_core()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard if hard != resource.RLIM_INFINITY else 65_536, hard))
    busy = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    print(
        f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, {os.cpu_count()} cores{busy}\n"
    )
    targets, failures = Targets(), {}
    for part in (throughput, cost, overload, binary):
        if asked.part is not None and part.__name__ not in asked.part.split(","):
            continue
        try:
            part(chosen, plan, targets, failures)
        except (ServerFailed, WrongAnswer, CalledProcessError) as error:
            failures[part.__name__] = error
    if targets.told:
        table(["target", "measured", "limit", ""], targets.told)
    for name, error in failures.items():
        print(f"FAILED {name}: {error}", file=sys.stderr)
    return 1 if targets.missed or failures else 0


if __name__ == "__main__":
    sys.exit(main())
