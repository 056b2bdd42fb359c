"""Who tears files: each way of writing is killed before every system call by which it changes files.

Run: python benchmarks/crashes.py [folder on the disk to use]
A good file is overwritten by a new one; strace sends SIGKILL; then the library's own reader looks. Torn is what is
neither the old nor the new. A power cut is not tried: the order of the calls tells whether bytes are synced before
they are visible, and names after. Peers that are not installed are left out. It needs Linux and strace.
"""

import shutil
import sys
import tempfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "integration"))

import storage_scenarios as scenarios
from system_call_faults import Host, order_faults, why_not

OURS = {
    "groundwork atomic_write": "replaced_file",
    "groundwork checkpoint, replaced": "replaced_checkpoint",
    "groundwork checkpoint, added": "added_checkpoint",
    "groundwork append": "appended_record",
    "groundwork journal": "journal_record",
}


def torn_of(name: str, scenario: Any, folder: Path) -> tuple[int, int, bool]:
    """Kill it everywhere; return how many kills left something torn, of how many, and whether all is synced."""
    job, before = folder / "job", folder / "before"
    before.mkdir()
    scenario.prepare(before)
    host = Host(Path(scenarios.__file__), name, folder / "scratch")
    try:
        shutil.copytree(before, job)
        trace = host.run(job).trace
        synced = not order_faults(trace, job)
        points = [point for point in trace if point.changes or point.name == "close"]
        torn = kills = 0
        for point in points:
            shutil.rmtree(job)
            shutil.copytree(before, job)
            if host.killed_at(job, point).killed:
                kills += 1
                torn += scenario.look(job) not in ("old", "new")
    finally:
        host.close()
    return torn, kills, synced


def installed(module: str) -> str:
    try:
        return version(module)
    except PackageNotFoundError:  # of Python itself
        return ""


def main(folder: str | None = None) -> None:
    if reason := why_not():
        sys.exit(reason)
    ways: dict[str, tuple[str, Any]] = {label: (name, getattr(scenarios, name)) for label, name in OURS.items()}
    ways |= {
        f"{name} {installed(peer.module)}": (name, peer) for name, peer in scenarios.PEERS.items() if peer.installed()
    }
    print(f"{'':<34}{'torn':>6}{'kills':>7}{'ratio':>7}  synced in order")
    for label, (name, scenario) in ways.items():
        with tempfile.TemporaryDirectory(dir=folder) as temporary:
            torn, kills, synced = torn_of(name, scenario, Path(temporary))
        yes = "yes" if synced else "no"
        print(f"{label.strip():<34}{torn:>6}{kills:>7}{torn / kills:>7.2f}  {yes}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:2])
