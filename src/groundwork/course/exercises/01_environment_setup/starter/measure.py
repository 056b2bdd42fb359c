"""Measurements for the questions of README.md, of the environment that runs this.

    python measure.py                  all of them, in half a minute
    python measure.py names prefix     some of them
    python measure.py --quick          fewer files and runs, to see that it works

Nothing is installed or changed: what is damaged is a package that this makes by hand, in a temporary folder.
"""
# ruff: noqa: D103 - named after what they measure

import argparse
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


def measure_damage(options):
    checks = {}
    if importlib.util.find_spec("pip"):
        checks["pip check"] = [sys.executable, "-m", "pip", "--python", "PYTHON", "check"]
    if shutil.which("uv"):
        checks["uv pip check"] = ["uv", "pip", "check", "--python", "PYTHON"]
    for damage, harm in DAMAGES.items():
        with tempfile.TemporaryDirectory() as folder:
            python, info = environment(Path(folder, ".venv"))
            harm(info.parent / "flights")
            found = {
                name: subprocess.run(
                    [str(python) if word == "PYTHON" else word for word in command], capture_output=True, check=False
                ).returncode
                != 0
                for name, command in checks.items()
                if not options.quick
            }
            rows = list(promised(info))
            found |= {name: not (rows and all(look(*row) for row in rows)) for name, look in LOOKS.items()}
        print(f"damage: {damage}: " + ", ".join(f"{name} {'yes' if bad else 'no'}" for name, bad in found.items()))


def measure_hashing(options):
    files = [row for info in infos() for row in promised(info)][: 50 if options.quick else None]
    size = sum(path.stat().st_size for path, *_ in files if path.exists())
    print(f"hashing: {len(files):,} files with a hash, {size / 1e6:.0f} MB")
    for name, look in LOOKS.items():
        print(
            f"hashing: {name}, one after the other: {least(options, lambda look=look: [look(*row) for row in files])}"
        )
    with ThreadPoolExecutor() as pool:
        in_threads = least(options, lambda: list(pool.map(lambda row: LOOKS["hash"](*row), files)))
        print(f"hashing: hash, in threads: {in_threads}")


def least(options, work):
    """Time work; the least of three."""
    times = []
    for _ in range(1 if options.quick else 3):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return f"{min(times):.2f} s" if min(times) > 0.1 else f"{min(times) * 1000:.2f} ms"


def measure_names(options):
    names = [info.name.partition("-")[0] for info in infos()]
    other = [name for name in names if re.sub(r"[-_.]+", "-", name).lower() != name]
    print(f"names: {len(other)} of {len(names)} folders are not spelled as in a lock: {', '.join(other[:4])}, ...")


def measure_requirements(options):
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
    print(f"requirements: {len(none)} of {len(lines)} lines are of no concern: {len(extra)} speak of an extra,")
    print(f"requirements: {len(set(none) - set(extra))} of {len(marked) - len(extra)} with another marker do not hold")
    print(f"requirements: who takes each for a requirement misses {len(missing)} packages")


def measure_prefix(options):
    base = getattr(sys, "_base_executable", sys.executable)
    with tempfile.TemporaryDirectory() as folder:
        own, _ = environment(Path(folder, ".venv"))
        for name, python in (("the system's", base), (".venv's", own)):
            for variable in (None, "/somewhere/.venv"):
                variables = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
                variables |= {} if variable is None else {"VIRTUAL_ENV": variable}
                code = "import sys; print(sys.prefix != sys.base_prefix)"
                told = subprocess.check_output([python, "-c", code], env=variables, text=True).strip()
                print(
                    f"prefix: {name} Python, VIRTUAL_ENV {variable or 'unset'}: sys.prefix != sys.base_prefix: {told}"
                )


def measure_asking(options):
    with tempfile.TemporaryDirectory() as folder:
        python, _ = environment(Path(folder, ".venv"))
        print(
            "asking: another interpreter:", least(options, lambda: subprocess.run([python, "-I", "-c", ""], check=True))
        )
        config = Path(folder, ".venv", "pyvenv.cfg")
        print("asking: reading pyvenv.cfg:", least(options, lambda: config.read_text(encoding="utf-8")))


def main():
    every = {name.removeprefix("measure_"): each for name, each in globals().items() if name.startswith("measure_")}
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(every))
    parser.add_argument("--quick", action="store_true", help="few of everything, for a first look")
    options = parser.parse_args()
    if unknown := set(options.names) - set(every):
        parser.error(f"there are {', '.join(every)}, and not {', '.join(unknown)}")
    for name in options.names or every:
        every[name](options)


if __name__ == "__main__":
    main()
