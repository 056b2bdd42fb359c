"""What resilience costs when all is well, and what it saves when it is not; ours and peers' in one run.

Run: ``python benchmarks/resilience.py``, some minutes; ``--quick`` takes fewer rounds; ``--no-engines``
leaves out Prefect and Dagster. The peers get virtual environments of their own in the user's cache folder. The plot of
the outage goes to ``docs/outage.svg``. Exits with 1 when a target is missed.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
from pathlib import Path

from _peers import peer_python
from _resilience_outage import outages, plot
from _resilience_pipeline import engines, no_op_steps, real_steps
from _targets import Targets, table

PEERS = ("tenacity", "stamina", "backoff", "pyresilience", "pybreaker", "circuitbreaker", "purgatory")
PLOT = Path(__file__).parents[1] / "docs" / "outage.svg"


def calls(targets, rounds):
    worker = Path(__file__).with_name("_resilience_calls.py")
    done = subprocess.run(
        [peer_python("resilience", *PEERS), "-W", "ignore", str(worker), str(rounds)],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout.splitlines()[-1])
    print(", ".join(f"{name} {number}" for name, number in found["versions"].items()), end="\n\n")
    over = {}
    for kind in ("sync", "async"):
        ns = {(part, name): value for part, name, value in found[kind]}
        base = ns["", "bare call"]
        over[kind] = {key: value - base for key, value in ns.items()}
        rows = [
            (
                name if not part else f"{part}: {name}",
                f"{value / 1e3:.2f}",
                f"{over[kind][part, name] / 1e3:.2f}",
                f"{over[kind][part, name] / over[kind][part, ours(part)]:.1f}" if part else "-",
            )
            for (part, name), value in ns.items()
        ]
        table([f"{kind}, one call that succeeds", "us", "over the bare call", "/ groundwork"], rows)
    judge(targets, over)
    table(["0.5 s given; attempts fail after 0.3 s, waits are 1 s", "ends after s"], two_places(found["ends"]))
    for name in ("groundwork, deadline_s=0.5", "groundwork, an async attempt that hangs"):
        targets.most(f"{name}: ends", found["ends"][name], 0.55, " s")


def ours(part):
    return "groundwork, all five" if part == "policy" else "groundwork"


def two_places(found):
    return [(name, f"{value:.2f}") for name, value in found.items()]


def judge(targets, over):
    for kind, factor in (("sync", 20), ("async", 15)):
        mine = over[kind]["retry", "groundwork"]
        if kind == "sync":
            targets.most("retry, sync, over the bare call", mine / 1e3, 0.4, " us")
        for peer in ("tenacity", "stamina"):
            targets.least(f"retry, {kind}, cheaper than {peer}", over[kind]["retry", peer] / mine, factor, " times")
    mine = over["sync"]["breaker", "groundwork"]
    targets.most("breaker over the bare call", mine / 1e3, 0.5, " us")
    for peer in ("pybreaker", "circuitbreaker", "purgatory"):
        targets.least(f"breaker, cheaper than {peer}", over["sync"]["breaker", peer] / mine, 1, " times")
    targets.most(
        "policy of all five over the bare call", over["sync"]["policy", "groundwork, all five"] / 1e3, 2, " us"
    )


def outage(targets):
    found = outages()
    rows = [
        (
            name,
            f"{each.calls:,}",
            f"{each.calls / each.firsts:.2f}",
            f"{each.calls / each.clients:.1f}",
            f"{each.peak:,}",
            f"{each.peak_to_mean:.2f}",
        )
        for name, each in found.items()
    ]
    heads = ["2,000 clients, 60 s away", "calls", "/ first attempts", "each client", "peak in 0.1 s", "peak / mean"]
    table(heads, rows)
    plot(found, PLOT)
    equal, budgeted = found["equal jitter"], found["equal jitter and a shared budget"]
    targets.most("2,000 clients, equal jitter, peak / mean", equal.peak_to_mean, 1.6)
    targets.most("the same with a shared budget", budgeted.peak_to_mean, 1.6)
    targets.most("with a budget, calls for each first attempt", budgeted.calls / budgeted.firsts, 1.25)


def pipelines(targets, *, names, steps, rounds, work_rounds):
    found = no_op_steps(engines(names), steps=steps, rounds=rounds)
    heads = [f"{steps} steps that do nothing, ms a step", "run", "skipped", "run, with start and end of the process"]
    rows = [
        (name, f"{ms['ran']:.2f}", "-" if ms["skipped"] is None else f"{ms['skipped']:.3f}", f"{ms['with start']:.1f}")
        for name, ms in found.items()
    ]
    table(heads, rows)
    mine = found["groundwork"]
    targets.most("pipeline step, fsynced", mine["ran"], 2, " ms")
    targets.most("pipeline step, skipped", mine["skipped"], 0.1, " ms")
    for name in names:
        if name in found:
            targets.least(f"pipeline step, cheaper than {name}", found[name]["ran"] / mine["ran"], 10, " times")
    work = real_steps(work_rounds)
    rows = [(name, f"{seconds * 1e3:.1f}", f"{ratio:.3f}") for name, (seconds, ratio) in work.items()]
    table(["five steps that work", "ms", "/ functions"], rows)
    for name, (_, ratio) in list(work.items())[1:]:
        targets.most(f"{name}, added", (ratio - 1) * 100, 5, " %")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    parser.add_argument("--no-engines", action="store_true", help="leave out Prefect and Dagster")
    chosen = parser.parse_args()
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    print(f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, {os.cpu_count()} cores{load}")
    targets = Targets()
    calls(targets, rounds=60 if chosen.quick else 400)
    outage(targets)
    pipelines(
        targets,
        names=() if chosen.no_engines else ("Prefect", "Dagster"),
        steps=100,
        rounds=1 if chosen.quick else 3,
        work_rounds=8 if chosen.quick else 25,
    )
    table(["target", "measured", "limit", ""], targets.told)
    return 1 if targets.missed else 0


if __name__ == "__main__":
    sys.exit(main())
