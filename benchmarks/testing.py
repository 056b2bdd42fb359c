"""What the pytest plugin costs a suite that does not use it: an empty one, with and without it.

Run it with the environment set up and the machine quiet: .venv/bin/python benchmarks/testing.py
"""

import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from _targets import Targets, table

STARTS = 41
LIMIT_MS = 10.0
PYTEST = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
EMPTY = 5  # pytest's exit status where there was no test


def once_s(command: list[str], folder: Path) -> float:
    started = time.perf_counter()
    ended = subprocess.run(command, cwd=folder, capture_output=True, check=False).returncode
    spent = time.perf_counter() - started
    assert ended == EMPTY, f"exit {ended}: not an empty suite"
    return spent


def differences_ms(folder: Path) -> tuple[list[float], list[float]]:
    """Run both in turn, so that a busy moment falls on both; return the runs without, and what the plugin adds."""
    without, added = [], []
    commands = [[*PYTEST, "-p", "no:groundwork"], PYTEST]
    for command in commands:
        once_s(command, folder)
    for nth in range(STARTS):
        spent = {}
        for number in (0, 1) if nth % 2 else (1, 0):
            spent[number] = once_s(commands[number], folder) * 1000
        without.append(spent[0])
        added.append(spent[1] - spent[0])
    return without, added


def main() -> int:
    print(f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, {os.cpu_count()} cores\n")
    with tempfile.TemporaryDirectory() as name:
        without, added = differences_ms(Path(name))
    targets = Targets()
    targets.most("the plugin on an empty suite", statistics.median(added), LIMIT_MS, " ms")
    quarters = statistics.quantiles(added, n=4)
    table(
        [f"pytest on an empty suite, median of {STARTS}", "ms"],
        [
            ["without the plugin", f"{statistics.median(without):.0f}"],
            ["what it adds", f"{statistics.median(added):.1f}"],
            ["what it adds, quartiles", f"{quarters[0]:.1f} to {quarters[2]:.1f}"],
        ],
    )
    table(["what", "found", "target", ""], targets.told)
    return 1 if targets.missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
