"""What a command costs before it does anything, over a bare start of Python.

Run it with the environment set up and the machine quiet: .venv/bin/python benchmarks/startup.py
"""

import os
import platform
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
STARTS = 11
BASE = getattr(sys, "_base_executable", sys.executable)
COMMANDS = {
    "bare python of .venv": [sys.executable, "-c", ""],
    "groundwork --help": [sys.executable, "-m", "groundwork", "--help"],
    "groundwork learn list": [sys.executable, "-m", "groundwork", "learn", "list"],
    "bare python": [BASE, "-c", ""],
    "bootstrap.py setup, second start": [BASE, "bootstrap.py", "setup"],
    "bootstrap.py runs --help, through it to groundwork": [BASE, "bootstrap.py", "runs", "--help"],
}


def once_s(command: list[str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return time.perf_counter() - started


def main() -> int:
    spent: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for command in COMMANDS.values():
        once_s(command)
    for _ in range(STARTS):  # in turn, so that a busy moment falls on all alike
        for name, command in COMMANDS.items():
            spent[name].append(once_s(command))
    median_s = {name: statistics.median(times) for name, times in spent.items()}
    over = median_s["groundwork --help"] - median_s["bare python of .venv"]
    second = median_s["bootstrap.py setup, second start"]
    print(f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, {os.cpu_count()} cores")
    print(f"\n| what, median of {STARTS} | ms | target |")
    print("|---|---:|---:|")
    targets = {"bootstrap.py setup, second start": "500"}
    for name, seconds in median_s.items():
        print(f"| {name} | {seconds * 1000:.0f} | {targets.get(name, '')} |")
    print(f"| groundwork --help over bare python | {over * 1000:.0f} | 150 |")
    return 0 if over <= 0.15 and second <= 0.5 else 1


if __name__ == "__main__":
    raise SystemExit(main())
