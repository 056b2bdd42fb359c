"""The whole job on all 336,776 flights: seconds, memory and bytes, and what a kill in the training step costs.

Run it with the environment set up and the machine quiet: python benchmarks/flights_run.py
Each run is a process of its own in a folder of its own; figures are medians of the runs, peak memory the largest. Steps
with a time limit run in a child process, so memory is counted of all processes together where /proc tells it.
"""

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RUNS = 3
LIMIT_S = 60.0
LIMIT_BYTES = 1.2e9
COMMAND = [sys.executable, "-m", "groundwork", "run", str(ROOT / "examples" / "flights")]


class Memory(threading.Thread):
    """Samples what a process and its descendants hold together; pages that they share are counted once."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid, self.peak, self.over = pid, 0, threading.Event()

    def run(self) -> None:
        while not self.over.wait(0.05):
            self.peak = max(self.peak, self._held(self.pid))

    def _held(self, pid: int) -> int:
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        except OSError:
            return 0
        own = next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)
        return own + sum(self._held(int(child)) for child in children)


def run(folder: Path) -> tuple[float, int, int]:
    """Run the job; return its wall time, and the peak memory of its largest process and of all together in bytes."""
    with (folder / "said.txt").open("wb") as said:
        started = time.perf_counter()
        process = subprocess.Popen(COMMAND, cwd=folder, stdout=said, stderr=subprocess.STDOUT)
        memory = Memory(process.pid)
        memory.start()
        # Of this one child: getrusage(RUSAGE_CHILDREN) would give the largest of all so far.
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
    memory.over.set()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit((folder / "said.txt").read_text())
    return seconds, usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024), memory.peak


def result(folder: Path) -> dict:
    return json.loads((folder / "runs" / "latest" / "result.json").read_text())


def steps(folder: Path) -> dict[str, float]:
    return {step["name"]: step["seconds"] for step in result(folder)["steps"]}


def bytes_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def begun(folder: Path) -> list[str]:
    """Name the steps that a run has begun so far."""
    lines = [line for path in folder.glob("runs/*-*/journal.jsonl") for line in path.read_text().splitlines()]
    records = [json.loads(line)["record"] for line in lines if line.endswith("}}")]
    return [record["step"] for record in records if record["event"] == "step_started"]


def kill_in_training(folder: Path, after_s: float) -> None:
    process = subprocess.Popen(COMMAND, cwd=folder, stdout=subprocess.DEVNULL)
    while "train" not in begun(folder):
        time.sleep(0.02)
    time.sleep(after_s)
    process.kill()
    process.wait()


def main() -> int:
    with tempfile.TemporaryDirectory() as temporary:
        folders = [Path(temporary) / f"run-{number}" for number in range(RUNS + 1)]
        for folder in folders:
            folder.mkdir()
        *whole, killed = folders
        measured = [run(folder) for folder in whole]
        median_s = statistics.median(seconds for seconds, _, _ in measured)
        peak = max(largest for _, largest, _ in measured)
        together = max(held for _, _, held in measured)
        each = {name: statistics.median(steps(folder)[name] for folder in whole) for name in steps(whole[0])}
        kill_in_training(killed, each["train"] / 2)
        resumed_s, *_ = run(killed)
        again = len(begun(killed)) - len(set(begun(killed)))
        same = {(folder / "runs" / "latest" / "predictions.parquet").read_bytes() for folder in folders}
        kept = whole[0] / "runs" / "latest"
        kept_bytes, work_bytes = bytes_of(kept.resolve()), bytes_of(kept.resolve() / "work")
        metrics = result(whole[0])["data"]["evaluate"]["metrics"]

    print(f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, {os.cpu_count()} cores")
    print(f"test ROC AUC {metrics['roc_auc']:.4f}; predictions of all {RUNS + 1} runs byte-equal: {len(same) == 1}\n")
    print("| what | measured | target |")
    print("|---|---:|---:|")
    print(f"| whole run, median of {RUNS} | {median_s:.1f} s | {LIMIT_S:.0f} s |")
    print(f"| peak memory of one process, largest of {RUNS} | {peak / 1e6:,.0f} MB | {LIMIT_BYTES / 1e6:,.0f} MB |")
    print(
        f"| peak memory of all processes, largest of {RUNS} | {together / 1e6:,.0f} MB | {LIMIT_BYTES / 1e6:,.0f} MB |"
    )
    print(f"| resumed after a kill in train | {resumed_s:.1f} s | |")
    print(f"| steps begun again by it | {again} | 1 |")
    print(f"| kept on disk | {kept_bytes / 1e6:.1f} MB | |")
    print(f"| of which intermediate files | {work_bytes / 1e6:.1f} MB | |")
    print("\n| step | seconds |")
    print("|---|---:|")
    for name, seconds in each.items():
        print(f"| {name} | {seconds:.2f} |")
    print(f"| start and end of the process | {median_s - sum(each.values()):.2f} |")
    return 0 if median_s <= LIMIT_S and max(peak, together) <= LIMIT_BYTES and again <= 1 and len(same) == 1 else 1


if __name__ == "__main__":
    raise SystemExit(main())
