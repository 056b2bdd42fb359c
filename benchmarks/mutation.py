"""What the unit tests notice: mutmut changes errors, resilience, storage and concurrency one place at a time.

A mutant is killed when a test fails (or runs out of time), and survives when none does. mutmut leaves decorated
functions alone, and does not see which tests reach code inside a child process: such mutants count as survivors here.
Survivors are told apart: words of a message differ (`text`), or what the program does (`behaviour`).

The first run takes hours on two cores; the next one goes on where it was stopped, and tries
again only what changed. Needs fork, so not on Windows.

Run it with the environment set up: .venv/bin/python benchmarks/mutation.py [errors resilience storage concurrency]
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

from _peers import cache_folder, peer_python
from _targets import table

ROOT = Path(__file__).resolve().parents[1]
MUTMUT = "mutmut==3.8.1"
# Beside the unit tests: a fetcher without a server, or a file without a disk, has not been tested.
TESTS = {
    "errors": ["tests/unit/test_errors.py"],
    "resilience": ["tests/unit/resilience"],
    "storage": ["tests/unit/storage", "tests/integration/test_append.py"],
    "concurrency": ["tests/unit/concurrency", "tests/integration/test_fetch.py"],
}
CHILDREN = str(os.cpu_count() or 1)
# Those that type-check cases with mypy in a process of its own see no mutant.
LEFT_OUT = ["--ignore-glob=*typing*"]
PYTEST = ["-p", "groundwork.testing.plugin", "-p", "no:xdist", "-p", "no:cacheprovider", *LEFT_OUT]


def requirements() -> list[str]:
    """Return pins for what groundwork and its unit tests import, as the lock has them, and mutmut."""
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    return [*(line.rstrip(" \\") for line in lock if line[:1].isalnum()), MUTMUT]


def prepare(package: str) -> Path:
    """Copy what the tests of a package need to a folder of its own, where mutmut keeps its mutants and verdicts."""
    folder = cache_folder() / "mutation" / package
    for name in ("src", "tests"):
        shutil.rmtree(folder / name, ignore_errors=True)
    code = f"src/groundwork/{package}.py" if package == "errors" else f"src/groundwork/{package}/*"
    listed = ["git", "ls-files", "-z", "src", "tests/conftest.py", "tests/unit/conftest.py", *TESTS[package]]
    listed += ["tests/integration/conftest.py", "tests/integration/forks.py", "pyproject.toml", "README.md"]
    for name in subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0"):
        if name and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    settings = {
        "source_paths": ["src"],
        "only_mutate": [code],
        "also_copy": ["README.md"],
        "pytest_add_cli_args_test_selection": TESTS[package],
        "pytest_add_cli_args": PYTEST,
        # From a process that has collected the tests and run none: polars' threads do not survive a fork once they run.
        "process_isolation": "forkserver",
        # Its recording of who calls whom, some thousand calls deep, ends in a segmentation fault.
        "track_dependencies": False,
    }
    with (folder / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write("\n[tool.mutmut]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in settings.items()))
    return folder


def verdicts(python: str, folder: Path) -> list[dict[str, str]]:
    """Return for each mutant its name, what became of it, and of survivors the lines before and after."""
    told = subprocess.run([python, Path(__file__).with_name("_mutants.py")], cwd=folder, capture_output=True, text=True)
    if told.returncode:
        raise SystemExit(told.stderr)
    return [json.loads(line) for line in told.stdout.splitlines()]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("packages", nargs="*", choices=TESTS, default=list(TESTS), metavar="package")
    parser.add_argument("--ending", metavar="DIGIT", help="a sample of about a tenth: mutants whose number ends so")
    parser.add_argument("--survivors", action="store_true", help="list what differs in those whose behaviour differs")
    parser.add_argument("--as-they-are", action="store_true", help="tell the verdicts there are, and run nothing")
    wanted = parser.parse_args()
    python = peer_python("mutation", *requirements())
    command = [python, "-m", "mutmut", "run", "--max-children", CHILDREN]
    if wanted.ending:
        command.append(f"*{wanted.ending}")
    rows = []
    for package in wanted.packages:
        folder = cache_folder() / "mutation" / package if wanted.as_they_are else prepare(package)
        if not wanted.as_they_are:
            # For the processes that tests start; the tests themselves are led there by mutmut.
            environ = {**os.environ, "PYTHONPATH": str(folder / "mutants" / "src")}
            # The process that has just written the mutants does not see them: what it knows of the folders is older.
            if subprocess.run(command, cwd=folder, env=environ).returncode:
                subprocess.run(command, cwd=folder, env=environ, check=True)
        found = [each for each in verdicts(python, folder) if each["status"] != "not checked"]
        counts = Counter(each["status"] for each in found)
        rows.append([package, len(found), *(counts[name] for name in ("killed", "text", "behaviour", "no tests"))])
        if wanted.survivors:
            for each in found:
                if each["status"] == "behaviour":
                    print(f"{each['name']}\n  - {each['before']}\n  + {each['after']}")
    rows = [[*row, f"{100 * row[2] / row[1]:.1f} %", f"{100 * row[2] / (row[1] - row[3]):.1f} %"] for row in rows]
    table(["package", "mutants", "killed", "text", "behaviour", "no tests", "score", "without text"], rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
