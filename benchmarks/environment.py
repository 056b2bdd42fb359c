"""The environment doctor: what a look costs, what it finds, and what making an environment costs beside uv.

A project of six requirements (numpy, pydantic, aiohttp, rich, typer, packaging) is locked as requirements.lock pins
them, about 2,000 installed files. Every figure is a median of runs in turn, so that a busy moment falls on all alike.
Damage is planted in copies of that environment, one kind at a time, and groundwork, uv and pip look at each.

Run it with the environment set up: .venv/bin/python benchmarks/environment.py
"""

import argparse
import hashlib
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from _peers import peer_python
from _targets import Targets, table

from groundwork import environment
from groundwork.environment._layout import Layout
from groundwork.environment._lockfile import applies, read_lock
from groundwork.environment._record import distributions, recorded_files
from groundwork.environment._subject import inspect

ROOT = Path(__file__).resolve().parents[1]
WANTED = ("numpy", "pydantic", "aiohttp", "rich", "typer", "packaging")
BASE = getattr(sys, "_base_executable", sys.executable)
GROUNDWORK = [sys.executable, "-P", "-m", "groundwork"]
# What says where else to install, or compiles beside what is measured.
ENVIRON = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "PYTHONPATH")}


def run(*command: str | Path, folder: Path = ROOT, fails: bool = False) -> subprocess.CompletedProcess[str]:
    words = [str(word) for word in command]
    done = subprocess.run(words, cwd=folder, env=ENVIRON, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.returncode and not fails:
        raise SystemExit(f"{' '.join(words)}: {done.stdout}{done.stderr}")
    return done


def medians(ways: dict[str, Callable[[], object]], times: int) -> dict[str, float]:
    spent: dict[str, list[float]] = {name: [] for name in ways}
    for action in ways.values():
        action()
    for _ in range(times):
        for name, action in ways.items():
            started = time.perf_counter()
            action()
            spent[name].append(time.perf_counter() - started)
    return {name: statistics.median(each) for name, each in spent.items()}


def make_project(folder: Path) -> None:
    """Write a pyproject.toml, the lock that groundwork installs and the one that uv sync does, of the same versions."""
    shutil.copy(ROOT / "requirements.lock", folder / "requirements.lock")
    project = '[project]\nname = "measured"\nversion = "1.0"\nrequires-python = ">=3.11"\n'
    project += f"dependencies = [{', '.join(repr(name) for name in WANTED)}]\n".replace("'", '"')
    (folder / "pyproject.toml").write_text(project, encoding="utf-8")
    environment.lock(folder)
    locked = [(f"{pin.name}=={pin.version}", pin.marker.strip()) for pin in read_lock(folder / "requirements.lock")]
    pins = [f'"{pin} ; {marker}"' if marker else f'"{pin}"' for pin, marker in locked]
    with (folder / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write(f"[tool.uv]\nconstraint-dependencies = [{', '.join(pins)}]\n")
    if shutil.which("uv"):
        run("uv", "lock", "-q", folder=folder)


def read_and_hash(files: Sequence[str]) -> None:
    for path in files:
        with open(path, "rb", buffering=0) as file:
            hashlib.sha256(file.read()).digest()


def looks(folder: Path, root: Path, targets: Targets, times: int) -> None:
    site = Layout(root).site_packages
    files = [file.path for one in distributions(site) for file in recorded_files(one)]
    size = sum(os.path.getsize(path) for path in files)
    lock = folder / "requirements.lock"
    aside = ["--python", root, "--lock", lock]
    ways: dict[str, Callable[[], object]] = {
        "reading and hashing these files, one after another": lambda: read_and_hash(files),
        "check(): all checks": lambda: environment.check(root, lock=lock, workdir=folder),
        "check(only='files')": lambda: environment.check(root, lock=lock, workdir=folder, only="files"),
        "groundwork env check --json": lambda: run(*GROUNDWORK, "env", "check", "--json", *aside, fails=True),
        "environment.fingerprint(), not the first of the process": environment.fingerprint,
        "bare python": lambda: run(BASE, "-c", ""),
        "bootstrap.py setup, second start": lambda: run(BASE, "bootstrap.py", "setup"),
    }
    found = medians(ways, times)
    count = f"{len(files):,} files, {size / 1e6:.0f} MB"
    table(["what", "seconds"], [(name, f"{seconds:.3f}") for name, seconds in found.items()])
    plain, checked, _, command, _, _, second = found.values()
    targets.most(f"check of {count}", checked, 1, " s")
    targets.most("check over reading and hashing these bytes", checked / plain, 3)
    targets.most("groundwork env check --json in all", command, 1.5, " s")
    targets.most("second start of bootstrap.py", second, 0.5, " s")


def making(folder: Path, targets: Targets, times: int) -> None:
    if not shutil.which("uv"):
        print("making: left out, there is no uv\n")
        return
    ours, theirs, lock = folder / "ours", folder / ".venv", folder / "requirements.lock"
    sync = ["uv", "sync", "-q", "--frozen", "--python", BASE]
    ways: dict[str, Sequence[str | Path]] = {
        "groundwork env create": [*GROUNDWORK, "env", "create", ours, "--lock", lock],
        "uv sync --compile-bytecode": [*sync, "--compile-bytecode"],
        "uv sync, nothing compiled": sync,
    }
    spent: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for turn in range(times + 1):  # the first warms the cache
        for name, command in ways.items():
            for place in (ours, theirs):
                shutil.rmtree(place, ignore_errors=True)
            started, before = time.perf_counter(), os.times()
            run(*command, folder=folder)
            after = os.times()
            cpu = after.children_user + after.children_system - before.children_user - before.children_system
            spent[name] += [(time.perf_counter() - started, cpu)] * (turn > 0)
    found = {name: [statistics.median(each) for each in zip(*pairs, strict=True)] for name, pairs in spent.items()}
    rows = [(name, f"{seconds:.2f}", f"{cpu:.2f}") for name, (seconds, cpu) in found.items()]
    table(["making it from a warm cache", "seconds", "CPU s"], rows)
    create, compiled, _ = found.values()
    targets.most("env create over uv sync, both compiling", create[0] / compiled[0], 1.3)


def delete_module(site: Path) -> None:
    (site / "rich/table.py").unlink()


def blank_module(site: Path) -> None:
    rewrite(site / "rich/table.py", lambda content: b"")


def change_byte(site: Path) -> None:
    rewrite(site / "rich/table.py", lambda content: content[:-1] + b" ")


def rewrite(path: Path, change: Callable[[bytes], bytes]) -> None:
    content = path.read_bytes()
    path.unlink()  # uv links files from its cache, which is to stay whole
    path.write_bytes(change(content))


def lose_dependency(site: Path) -> None:
    (info,) = site.glob("mdurl-*.dist-info")
    shutil.rmtree(info)
    shutil.rmtree(site / "mdurl")


def drift(site: Path) -> None:
    (info,) = site.glob("markdown_it_py-*.dist-info")
    metadata = info / "METADATA"
    rewrite(metadata, lambda content: re.sub(rb"(?m)^Version: .*$", b"Version: 0.1", content, count=1))
    info.rename(info.with_name("markdown_it_py-0.1.dist-info"))


def lose_record(site: Path) -> None:
    (info,) = site.glob("rich-*.dist-info")
    (info / "RECORD").unlink()


DAMAGE = {
    "none": lambda _: None,
    "a module deleted": delete_module,
    "a module blanked": blank_module,
    "one byte changed": change_byte,
    "a RECORD deleted": lose_record,
    "a dependency of a dependency gone": lose_dependency,
    "a dependency in another version": drift,
}


def finding(folder: Path, root: Path, pip: str, targets: Targets, times: int) -> None:
    only = [word for name in ("packages", "files", "dependencies", "conflicts") for word in ("--only", name)]
    ours = [*GROUNDWORK, "env", "check", *only, "--lock", folder / "requirements.lock", "--python"]
    ways: dict[str, Callable[[Path], bool]] = {
        "groundwork": lambda place: complains(*ours, place),
        "pip check": lambda place: complains(pip, "-m", "pip", "--python", Layout(place).python, "check"),
    }
    if uv := shutil.which("uv"):
        # uv sync looks at the .venv of its project, the others where they are told to.
        sync = [uv, "sync", "--check", "--frozen", "--inexact", "--python"]
        ways["uv pip check"] = lambda place: complains(uv, "pip", "check", "--python", Layout(place).python)
        ways["uv sync --check"] = lambda place: complains(*sync, Layout(place).python, folder=folder)
    rows, right = [], 0
    place = folder / ".venv"
    for kind, plant in DAMAGE.items():
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(root, place, symlinks=True)
        plant(Layout(place).site_packages)
        told = {name: look(place) for name, look in ways.items()}
        right += told["groundwork"] == (kind != "none")
        well = {True: "found", False: "missed"} if kind != "none" else {True: "complains", False: "nothing"}
        rows.append([kind, *(well[each] for each in told.values())])
    spent = medians({name: partial(look, root) for name, look in ways.items()}, times)
    rows.append(["seconds of the command", *(f"{spent[name]:.2f}" for name in ways)])
    table(["planted", *ways], rows)
    targets.least("kinds of damage told rightly", right, len(DAMAGE))


def complains(*command: str | Path, folder: Path = ROOT) -> bool:
    return run(*command, folder=folder, fails=True).returncode != 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer runs")
    parser.add_argument("--no-peers", action="store_true", help="without pip and uv beside it")
    asked = parser.parse_args()
    targets = Targets()
    with tempfile.TemporaryDirectory(prefix="groundwork-benchmark-") as temporary:
        folder = Path(temporary)
        make_project(folder)
        root = folder / "environment"
        environment.create(root, folder / "requirements.lock")
        subject = inspect(root, folder, None)
        pins = [pin for pin in read_lock(folder / "requirements.lock") if applies(pin.marker, subject.markers)]
        load = ", ".join(f"{one:.1f}" for one in os.getloadavg()) if hasattr(os, "getloadavg") else "unknown"
        print(f"{len(pins)} packages, Python {subject.version}, {os.cpu_count()} cores, load average {load}\n")
        looks(folder, root, targets, 3 if asked.quick else 11)
        making(folder, targets, 1 if asked.quick else 5)
        if not asked.no_peers:
            finding(folder, root, peer_python("pip", "pip==26.3"), targets, 1 if asked.quick else 5)
    table(["what", "measured", "target", ""], targets.told)
    return 1 if targets.missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
