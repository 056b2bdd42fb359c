"""What a pipeline costs: per step that does nothing, against Prefect and Dagster, and on steps that do work.

Each engine runs in a process and an environment of its own, with its state on the same disk. Prefect starts its server
with the process; Dagster runs in the process, which is its fastest way.
"""

import csv
import hashlib
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from _peers import peer_python

from groundwork.resilience import Pipeline, Step, retry
from groundwork.storage import FileJournal, read, write

ENGINES = {
    "groundwork": """
from groundwork.resilience import Pipeline, Step
from groundwork.storage import FileJournal

def function(before):
    scope = {}
    exec(f"def fn({before}): return None", scope)
    return scope["fn"]

def run(count):
    functions = [function(f"step_{n - 1}" if n else "") for n in range(count)]
    with timed() as took:
        chain = [Step(f"step_{n}", function) for n, function in enumerate(functions)]
        assert Pipeline(chain, journal=FileJournal(f"{folder}/{count}.jsonl")).run().status == "SUCCESS"
    return took()

run(1)
tell(ran=run(steps), skipped=run(steps))
""",
    "two records by hand": """
def run(count):
    with open(f"{folder}/{count}.jsonl", "ab", buffering=0) as file, timed() as took:
        for number in range(2 * count):
            file.write(b'{"event": "step_ended", "step": "step_1", "status": "SUCCESS", "output": null}\\n')
            os.fsync(file.fileno())
    return took()

run(1)
tell(ran=run(steps), skipped=None)
""",
    "Prefect": """
os.environ.update(PREFECT_HOME=folder, PREFECT_SERVER_ALLOW_EPHEMERAL_MODE="true", PREFECT_LOGGING_LEVEL="ERROR",
    PREFECT_SERVER_ANALYTICS_ENABLED="false", DO_NOT_TRACK="1", PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS="180")
from prefect import flow, task
from prefect.cache_policies import INPUTS

@task
def step(number):
    return None

@task(cache_policy=INPUTS, persist_result=True)
def kept(number):
    return None

@flow
def chain(count):
    for number in range(count):
        step(number)

@flow
def kept_chain(count):
    for number in range(count):
        kept(number)

def run(chain, count):
    with timed() as took:
        chain(count)
    return took()

run(chain, 1)
ran = run(chain, steps)
run(kept_chain, steps)
tell(ran=ran, skipped=run(kept_chain, steps))
""",
    "Dagster": """
os.environ["DAGSTER_DISABLE_TELEMETRY"] = "1"
from dagster import DagsterInstance, In, Nothing, Out, job, op

@op(ins={"before": In(Nothing)}, out=Out(Nothing))
def step():
    pass

def chain(count):
    @job(config={"loggers": {"console": {"config": {"log_level": "ERROR"}}}})
    def steps_in_a_row():
        last = step.alias("step_0")()
        for number in range(1, count):
            last = step.alias(f"step_{number}")(before=last)
    return steps_in_a_row

def run(count):
    chained = chain(count)
    with timed() as took:
        assert chained.execute_in_process(instance=instance).success
    return took()

with DagsterInstance.local_temp(folder) as instance:
    run(1)
    tell(ran=run(steps), skipped=None)
""",
}
PREAMBLE = """
import contextlib, json, os, sys, time
folder, steps = sys.argv[1], int(sys.argv[2])

@contextlib.contextmanager
def timed():
    began = time.perf_counter()
    yield lambda: ended - began
    ended = time.perf_counter()

def tell(**found):
    print(json.dumps(found), flush=True)
"""
REQUIREMENTS = {
    "Prefect": ("prefect", "fastapi<0.140"),  # Prefect 3.8.8 does not start with a later one
    "Dagster": ("dagster",),
}
EACH = 50_000


def engines(names):
    """The interpreter of each engine; one that cannot be installed is left out, and said."""
    pythons = dict.fromkeys(("groundwork", "two records by hand"), sys.executable)
    for name in names:
        try:
            pythons[name] = peer_python(name.lower(), *REQUIREMENTS[name])
        except subprocess.CalledProcessError as error:
            print(f"{name} is left out: {error}", file=sys.stderr)
    return pythons


def run_engine(python, name, steps):
    """Milliseconds a step: run, skipped, and with the start and the end of the process."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        began = time.perf_counter()
        done = subprocess.run(
            [python, "-W", "ignore", "-c", PREAMBLE + ENGINES[name], folder, str(steps)],
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1] / "src") if name == "groundwork" else ""},
        )
        whole_s = time.perf_counter() - began
    if done.returncode:
        raise RuntimeError(f"{name} failed: {done.stderr[-2000:]}")
    found = json.loads(done.stdout.splitlines()[-1])
    more_s = sum(value for key, value in found.items() if key != "ran" and value is not None)
    milliseconds = {key: value and value / steps * 1e3 for key, value in found.items()}
    return {**milliseconds, "with start": (whole_s - more_s) / steps * 1e3}


def no_op_steps(pythons, *, steps, rounds):
    """Medians of all rounds, by engine."""
    found = {name: [] for name in pythons}
    for _ in range(rounds):
        for name, python in pythons.items():
            found[name].append(run_engine(python, name, steps))
    return {
        name: {key: runs[0][key] and statistics.median(run[key] for run in runs) for key in runs[0]}
        for name, runs in found.items()
    }


# Five steps that work: what they hand on is in files, as the docs advise.


def make(folder):
    rng = random.Random(1)
    with open(folder / "rows.csv", "w", newline="") as file:
        csv.writer(file).writerows((n, rng.choice("ABCDEFGH"), rng.gauss(10, 3)) for n in range(EACH))
    return EACH


def load(folder):
    with open(folder / "rows.csv", newline="") as file:
        rows = [(int(number), group, float(value)) for number, group, value in csv.reader(file)]
    write(folder / "rows.json", rows, durable=False)
    return len(rows)


def group(folder):
    groups = {}
    for _, name, value in read(folder / "rows.json"):
        groups.setdefault(name, []).append(value)
    write(folder / "groups.json", groups, durable=False)
    return sorted(groups)


def summarize(folder):
    groups = read(folder / "groups.json")
    return {name: [statistics.fmean(values), *statistics.quantiles(values)] for name, values in groups.items()}


def digest(folder):
    return hashlib.sha256((folder / "groups.json").read_bytes()).hexdigest()


WORK = (make, load, group, summarize, digest)


def bare(folder):
    return [step(folder) for step in WORK]


def try_except(folder):
    found = []
    for step in WORK:
        try:
            found.append(step(folder))
        except OSError:
            found.append(None)
    return found


def guarded_steps(folder):
    def bound(fn):
        return lambda: fn(folder)

    return [Step(fn.__name__, bound(fn), retry=retry(on=OSError), fallback=lambda: None) for fn in WORK]


def in_memory(folder):
    assert Pipeline(guarded_steps(folder)).run().status == "SUCCESS"


def journaled(folder):
    journal = folder / "journal.jsonl"
    journal.unlink(missing_ok=True)
    assert Pipeline(guarded_steps(folder), journal=FileJournal(journal)).run().status == "SUCCESS"


def real_steps(rounds):
    """Seconds of the whole, and the median over rounds of its ratio to the bare calls of the same round."""
    ways = {"functions called in order": bare, "each in try/except by hand": try_except}
    ways |= {"Pipeline in memory, each with retry and fallback": in_memory, "the same with a FileJournal": journaled}
    times = {name: [] for name in ways}
    order, rng = list(ways), random.Random(1)
    with tempfile.TemporaryDirectory() as temporary:
        in_memory(Path(temporary))  # warm
        for _ in range(rounds):
            rng.shuffle(order)
            for name in order:
                began = time.perf_counter()
                ways[name](Path(temporary))
                times[name].append(time.perf_counter() - began)
    base = times["functions called in order"]
    return {
        name: (statistics.median(taken), statistics.median(a / b for a, b in zip(taken, base, strict=True)))
        for name, taken in times.items()
    }
