"""What the pytest plugin costs a suite that does not use it: an empty one, with and without it.

Run it with the environment set up and the machine quiet: .venv/bin/python benchmarks/testing.py
"""

import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.metadata import entry_points
from pathlib import Path

from _targets import Targets, table

STARTS = 41
LIMIT_MS = 10.0
EMPTY = 5  # pytest's exit status where there was no test
# Other plugins that happen to be installed cost hundreds of milliseconds, which vary by more than ours adds.
OTHERS = sorted(entry.name for entry in entry_points(group="pytest11") if entry.name != "groundwork")
PYTEST = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *(f"-pno:{name}" for name in OTHERS)]
COMMANDS = {"without": [*PYTEST, "-p", "no:groundwork"], "with": PYTEST}


def once_ms(command: list[str], folder: Path) -> tuple[float, float]:
    """Run it; return the time that passed, and that of the processor."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    ended = subprocess.run(command, cwd=folder, capture_output=True, check=False).returncode
    passed, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    assert ended == EMPTY, f"exit {ended}: not an empty suite"
    worked = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return passed * 1000, worked * 1000


def measured(folder: Path) -> dict[str, list[tuple[float, float]]]:
    """Run both in turn, so that a busy moment falls on both."""
    for command in COMMANDS.values():
        once_ms(command, folder)
    runs: dict[str, list[tuple[float, float]]] = {name: [] for name in COMMANDS}
    for nth in range(STARTS):
        for name in sorted(COMMANDS, reverse=nth % 2 == 1):
            runs[name].append(once_ms(COMMANDS[name], folder))
    return runs


def main() -> int:
    print(f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, {os.cpu_count()} cores\n")
    with tempfile.TemporaryDirectory() as name:
        runs = measured(Path(name))
    rows, added = [], []
    for at, what in enumerate(("time", "processor time")):
        base = [run[at] for run in runs["without"]]
        more = [run[at] - other for run, other in zip(runs["with"], base, strict=True)]
        low, _, high = statistics.quantiles(more, n=4)
        added.append(statistics.median(more))
        rows.append([what, f"{statistics.median(base):.0f}", f"{added[-1]:.1f}", f"{low:.1f} to {high:.1f}"])
    table([f"empty suite, median of {STARTS}", "without, ms", "added, ms", "quartiles"], rows)
    targets = Targets()
    targets.most("what the plugin adds", added[0], LIMIT_MS, " ms")
    table(["what", "found", "target", ""], targets.told)
    return 1 if targets.missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
