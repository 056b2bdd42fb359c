"""Measurements for the questions of README.md, of the environment that runs this.

    python measure.py                  all of them, in half a minute
    python measure.py names prefix     some of them
    python measure.py --quick          fewer files and runs, to see that it works

Nothing is installed or changed: what is damaged is a package that this makes by hand, in a temporary folder.
"""

import base64
import csv
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import venv
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from packaging.requirements import Requirement

from groundwork.course import print_measurements

QUICK = "--quick" in sys.argv


def infos():
    """List the *.dist-info of this environment."""
    return sorted(info for folder in sys.path if folder for info in Path(folder).glob("*.dist-info"))


def promised(info):
    """Each file of a package that its RECORD has a hash of: path, hash, size."""
    record = info / "RECORD"
    if record.exists():
        for path, digest, size in csv.reader(record.read_text(encoding="utf-8").splitlines()):
            if digest:
                yield info.parent / path, digest, int(size or -1)


def written(path):
    """Hash a file as a RECORD writes it."""
    digest = hashlib.sha256(path.read_bytes()).digest()
    return "sha256=" + base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


LOOKS = {
    "existence": lambda path, digest, size: path.exists(),
    "size": lambda path, digest, size: path.exists() and path.stat().st_size == size,
    "hash": lambda path, digest, size: path.exists() and written(path) == digest,
}


def environment(folder):
    """Make an environment with one package of three modules; return its interpreter and the *.dist-info."""
    venv.EnvBuilder(symlinks=os.name != "nt").create(folder)
    [site] = (path for path in folder.rglob("site-packages") if path.is_dir())
    info = site / "flights-1.0.dist-info"
    for path in (site / "flights", info):
        path.mkdir()
    for name in "abc":
        (site / "flights" / f"{name}.py").write_text(f"NAME = {name!r}\n", encoding="utf-8")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: flights\nVersion: 1.0\n", encoding="utf-8")
    (info / "WHEEL").write_text("Wheel-Version: 1.0\nTag: py3-none-any\n", encoding="utf-8")
    files = [*sorted((site / "flights").iterdir()), info / "METADATA", info / "WHEEL"]
    rows = [f"{file.relative_to(site).as_posix()},{written(file)},{file.stat().st_size}\n" for file in files]
    (info / "RECORD").write_text("".join(rows) + f"{info.name}/RECORD,,\n", encoding="utf-8")
    [python] = [each for each in folder.glob("*/python*") if each.stem == "python"]
    return python, info


DAMAGES = {
    "nothing": lambda folder: None,
    "a module deleted": lambda folder: (folder / "a.py").unlink(),
    "a module emptied": lambda folder: (folder / "b.py").write_bytes(b""),
    "a byte changed": lambda folder: (folder / "c.py").write_text("NAME = 'd'\n", encoding="utf-8"),
    "RECORD emptied": lambda folder: (folder.parent / "flights-1.0.dist-info" / "RECORD").write_bytes(b""),
}


def least_s(work):
    """Time work; the least of three."""
    times = []
    for _ in range(1 if QUICK else 3):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return min(times)


def damage():
    """Damage a package of three modules, and see who finds it."""
    checks = {}
    if importlib.util.find_spec("pip"):
        checks["pip check"] = [sys.executable, "-m", "pip", "--python", "PYTHON", "check"]
    if shutil.which("uv"):
        checks["uv pip check"] = ["uv", "pip", "check", "--python", "PYTHON"]
    rows = []
    for name, harm in DAMAGES.items():
        with tempfile.TemporaryDirectory() as folder:
            python, info = environment(Path(folder, ".venv"))
            harm(info.parent / "flights")
            found = {
                check: subprocess.run(
                    [str(python) if word == "PYTHON" else word for word in command], capture_output=True, check=False
                ).returncode
                != 0
                for check, command in checks.items()
                if not QUICK
            }
            files = list(promised(info))
            found |= {check: not (files and all(look(*file) for file in files)) for check, look in LOOKS.items()}
        rows.append((name, *("yes" if bad else "no" for bad in found.values())))
    return " | ".join(found), rows


def hashing():
    """Look at each file that a RECORD has a hash of."""
    files = [row for info in infos() for row in promised(info)][: 50 if QUICK else None]
    size = sum(path.stat().st_size for path, *_ in files if path.exists())
    rows = [(name, least_s(lambda look=look: [look(*row) for row in files])) for name, look in LOOKS.items()]
    with ThreadPoolExecutor() as pool:
        rows.append(("hash, in threads", least_s(lambda: list(pool.map(lambda row: LOOKS["hash"](*row), files)))))
    return f"{len(files):,} files, {size / 1e6:,.0f} MB: s", rows


def names():
    """Compare the folders of packages with how a lock spells them."""
    found = [info.name.partition("-")[0] for info in infos()]
    other = [name for name in found if re.sub(r"[-_.]+", "-", name).lower() != name]
    return "spelled otherwise | of | such as", [("folders", len(other), len(found), ", ".join(other[:4]))]


def requirements():
    """Read the Requires-Dist lines of every package."""
    installed = {re.sub(r"[-_.]+", "-", info.name.partition("-")[0]).lower() for info in infos()}
    lines = [
        Requirement(line.partition(":")[2].strip())
        for info in infos()
        for line in (info / "METADATA").read_text(encoding="utf-8").split("\n\n")[0].splitlines()
        if line.startswith("Requires-Dist:")
    ]
    marked = [each for each in lines if each.marker]
    extra = [each for each in marked if "extra" in str(each.marker)]
    none = [each for each in marked if not each.marker.evaluate({"extra": ""})]
    missing = {re.sub(r"[-_.]+", "-", each.name).lower() for each in lines} - installed
    return "of no concern | of", [
        ("lines", len(none), len(lines)),
        ("that speak of an extra", len(extra), len(extra)),
        ("with another marker", len(set(none) - set(extra)), len(marked) - len(extra)),
        ("packages that are missed by who takes each line for a requirement", len(missing)),
    ]


def prefix():
    """Start two interpreters, with VIRTUAL_ENV and without."""
    base = getattr(sys, "_base_executable", sys.executable)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        own, _ = environment(Path(folder, ".venv"))
        for started, python in (("the system's Python", base), (".venv's Python", own)):
            for variable in (None, "/somewhere/.venv"):
                variables = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
                variables |= {} if variable is None else {"VIRTUAL_ENV": variable}
                code = "import sys; print(sys.prefix != sys.base_prefix)"
                told = subprocess.check_output([python, "-c", code], env=variables, text=True).strip()
                rows.append((started, variable or "unset", told))
    return "VIRTUAL_ENV | sys.prefix != sys.base_prefix", rows


def asking():
    """Ask an environment what it is."""
    with tempfile.TemporaryDirectory() as folder:
        python, _ = environment(Path(folder, ".venv"))
        config = Path(folder, ".venv", "pyvenv.cfg")
        return "ms", [
            ("another interpreter", 1e3 * least_s(lambda: subprocess.run([python, "-I", "-c", ""], check=True))),
            ("reading pyvenv.cfg", 1e3 * least_s(lambda: config.read_text(encoding="utf-8"))),
        ]


PARTS = {
    "damage": damage,
    "hashing": hashing,
    "names": names,
    "requirements": requirements,
    "prefix": prefix,
    "asking": asking,
}

if __name__ == "__main__":
    print_measurements(PARTS, about=__doc__)
