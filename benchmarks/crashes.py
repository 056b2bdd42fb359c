"""Who tears files: each way of writing is killed before every system call by which it changes files.

Run: python benchmarks/crashes.py [folder on the disk to use]
A good file is overwritten by a new one; strace sends SIGKILL; then the library's own reader looks. Torn is what is
neither the old nor the new. Peers that are not installed are left out. It needs Linux and strace.
"""

import shutil
import sys
import tempfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "integration"))

import crash_scenarios as scenarios
from system_call_faults import Host, why_not

OURS = {
    "groundwork atomic_write": "replaced_file",
    "groundwork checkpoint, replaced": "replaced_checkpoint",
    "groundwork checkpoint, added": "added_checkpoint",
    "groundwork append": "appended_record",
    "groundwork journal": "journal_record",
}


def torn_of(name: str, scenario: Any, folder: Path) -> tuple[int, int]:
    """Kill it everywhere; return how many kills left something torn, and how many kills there were."""
    job, before = folder / "job", folder / "before"
    before.mkdir()
    scenario.prepare(before)
    host = Host(Path(scenarios.__file__), name, folder / "scratch")
    try:
        shutil.copytree(before, job)
        points = [point for point in host.run(job).trace if point.changes or point.name == "close"]
        torn = kills = 0
        for point in points:
            shutil.rmtree(job)
            shutil.copytree(before, job)
            if host.killed_at(job, point).killed:
                kills += 1
                torn += scenario.look(job) not in ("old", "new")
    finally:
        host.close()
    return torn, kills


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
    print(f"{'':<34}{'torn':>6}{'kills':>7}{'ratio':>7}")
    for label, (name, scenario) in ways.items():
        with tempfile.TemporaryDirectory(dir=folder) as temporary:
            torn, kills = torn_of(name, scenario, Path(temporary))
        print(f"{label.strip():<34}{torn:>6}{kills:>7}{torn / kills:>7.2f}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:2])
