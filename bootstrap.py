"""From a fresh copy of the project to a command that runs: ``python3 bootstrap.py``.

Rule: standard library only, and every line parses on Python 3.6, so that an old Python is told what it lacks.
The work is done by groundwork.environment from src/; a start with everything in place costs well under half a second.
"""

import os
import sys

# Python looks first in the folder of this file: a json.py there would hide the standard library's from the set-up.
if __name__ == "__main__" and os.path.abspath(sys.path[0]) == os.path.dirname(os.path.realpath(__file__)):
    del sys.path[0]

import shutil
import subprocess

USAGE = """usage: python3 bootstrap.py COMMAND [ARGUMENTS]

Sets up .venv from requirements.lock (once; repairs it when broken), then runs the command.

  run [ARGUMENTS]    groundwork run; of examples/flights unless a project is named
  test [ARGUMENTS]   every check of CHECKS below and the test suite; with ARGUMENTS only pytest, with these;
                     --repeat N before them: so often, each time in another order
  setup              nothing more than the set-up
  COMMAND ...        any other groundwork command, as: python3 bootstrap.py serve runs/latest

Set GROUNDWORK_BACKEND to uv or pip to choose the installer; otherwise uv is used when it is on PATH.
"""

# What `test` runs, in this order; all of it, even after a failure. A first word of {scripts} is a command of .venv.
CHECKS = (
    ("ruff check", "-m", "ruff", "check", "."),
    ("ruff format", "-m", "ruff", "format", "--check", "."),
    ("mypy", "-m", "mypy"),
    ("import-linter", "{scripts}/lint-imports"),
    # In random order; who has nothing left to do takes over half of what the other has.
    ("pytest", "-m", "coverage", "run", "-m", "pytest", "-n", "auto", "--dist", "worksteal"),
    ("coverage combine", "-m", "coverage", "combine", "--quiet"),
    ("coverage report", "-m", "coverage", "report"),
)

ROOT = os.path.dirname(os.path.abspath(__file__))
OLDEST = (3, 11)


def runs(python):
    # type: (str) -> bool
    """Say whether a Python starts; the shim of a version manager may not."""
    with open(os.devnull, "w") as nowhere:
        return subprocess.call([python, "-c", ""], stdout=nowhere, stderr=nowhere) == 0


def newer_python():
    # type: () -> str
    """Name a Python on PATH that would do, or say how to get one."""
    for minor in range(16, OLDEST[1] - 1, -1):
        name = "python3.{}".format(minor)
        if shutil.which(name) and runs(name):
            return "run: {} {}".format(name, " ".join(["bootstrap.py", *sys.argv[1:]]))
    return "install one (python.org, your system's packages, or: uv python install) and run: python3.12 bootstrap.py"


if sys.version_info < OLDEST:
    sys.stderr.write(
        "error: groundwork needs Python {}.{} or later; this is {} ({})\nhint: {}\n".format(
            OLDEST[0], OLDEST[1], sys.version.split()[0], sys.executable, newer_python()
        )
    )
    sys.exit(1)

import re  # noqa: E402
import time  # noqa: E402
from pathlib import Path  # noqa: E402

sys.path.insert(0, os.path.join(ROOT, "src"))

try:
    from groundwork.environment import ensure
    from groundwork.errors import MLException
except KeyboardInterrupt:
    sys.exit(130)


def main(arguments: list[str]) -> int:
    """Set up, then do what the arguments say; the exit code is the command's."""
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(USAGE, end="")
        return 0
    command, rest = arguments[0], arguments[1:]
    progress = Progress()
    try:
        python = ensure(
            ROOT,
            backend=os.environ.get("GROUNDWORK_BACKEND", "auto"),  # type: ignore[arg-type]
            report=progress.say,
            line_seen=progress.line,
        )
    except MLException as error:
        progress.clear()
        output = error.context.get("output")
        if output:
            sys.stderr.write("\n".join("  | " + line for line in output.splitlines()) + "\n")
        sys.stderr.write("error: {}\n".format(error.message))
        if error.hint:
            sys.stderr.write("hint: {}\n".format(error.hint))
        return 1
    progress.clear()
    if command == "setup":
        print("Set up: {}".format(python.parent.parent))
        print("Next: python3 bootstrap.py run")
        return 0
    if command == "test":
        return test(python, rest)
    if command == "run" and not names_project(rest):
        rest = [nearest_path(os.path.join(ROOT, "examples", "flights")), *rest]
    return become([str(python), "-P", "-m", "groundwork", command, *rest])


class Progress:
    """Says on stderr what the set-up does; on a terminal also the installer's newest line."""

    def __init__(self) -> None:
        self.live = sys.stderr.isatty()

    def say(self, message: str) -> None:
        """Print one line that stays."""
        self.clear()
        sys.stderr.write("bootstrap: {}\n".format(message))
        sys.stderr.flush()

    def line(self, line: str) -> None:
        """Show one line until the next."""
        if self.live and line.strip():
            width = shutil.get_terminal_size().columns - 3
            sys.stderr.write("\r\x1b[2K  {}".format(line.strip()[:width]))
            sys.stderr.flush()

    def clear(self) -> None:
        """Take the passing line away."""
        if self.live:
            sys.stderr.write("\r\x1b[2K")
            sys.stderr.flush()


def names_project(arguments: list[str]) -> bool:
    """Say whether the arguments of ``run`` name a project; an option's value is not taken for one."""
    if arguments and not arguments[0].startswith("-"):
        return True
    return any(os.path.exists(os.path.join(one, "pipeline.yaml")) for one in arguments if not one.startswith("-"))


def nearest_path(path: str) -> str:
    """Write a path as the user would: relative below the current folder, else absolute."""
    try:
        relative = os.path.relpath(path)
    except ValueError:  # another drive
        return path
    return path if relative.startswith(os.pardir) else relative


def become(command: list[str]) -> int:
    """Run the command in place of this process, so that signals and exit code are its own."""
    sys.stdout.flush()
    sys.stderr.flush()
    if os.name != "nt":
        os.execv(command[0], command)  # noqa: S606
    return subprocess.call(command)


def test(python: Path, arguments: list[str]) -> int:
    """Run every check, then the suite; with arguments only pytest with these."""
    if arguments[:1] == ["--repeat"]:
        return repeat(python, arguments[1:])
    if arguments:
        return subprocess.call([str(python), "-m", "pytest", *arguments], cwd=ROOT)
    subprocess.call([str(python), "-m", "coverage", "erase"], cwd=ROOT)
    outcomes = []
    summary = ""
    for check in CHECKS:
        name, words = check[0], [word.format(scripts=python.parent) for word in check[1:]]
        command = words if os.path.isabs(words[0]) else [str(python), *words]
        print("\n== {}".format(name), flush=True)
        started = time.monotonic()
        code, last_line = echo(command)
        outcomes.append((name, code, time.monotonic() - started))
        if name == "pytest":
            summary = last_line
    print("\n== summary")
    for name, code, seconds in outcomes:
        print("{:<17} {:<7} {:6.1f} s".format(name, "ok" if code == 0 else "FAILED", seconds))
    print("pytest: {}".format(summary.strip("= ")))
    failed = [name for name, code, _ in outcomes if code != 0]
    print("Failed: {}".format(", ".join(failed)) if failed else "All {} checks pass.".format(len(outcomes)))
    return 1 if failed else 0


def repeat(python: Path, arguments: list[str]) -> int:
    """Run pytest as often as the first argument says, each time in another order; tell which times failed."""
    if not arguments or not arguments[0].isdigit():
        sys.stderr.write("error: --repeat needs a number: python3 bootstrap.py test --repeat 20 tests/unit\n")
        return 2
    failed = []
    for seed in range(1, int(arguments[0]) + 1):
        option = "--randomly-seed={}".format(seed)
        print("\n== {} of {}: {}".format(seed, arguments[0], option), flush=True)
        if subprocess.call([str(python), "-m", "pytest", "-q", option, *arguments[1:]], cwd=ROOT) != 0:
            failed.append(option)
    print("Failed with: {}".format(", ".join(failed)) if failed else "All {} repeats pass.".format(arguments[0]))
    return 1 if failed else 0


def echo(command: list[str]) -> tuple[int, str]:
    """Run a command, show what it prints as it comes, and keep its last line that is not blank."""
    environment = dict(os.environ, PYTHONUNBUFFERED="1")
    if sys.stdout.isatty():
        environment.setdefault("FORCE_COLOR", "1")
    last = b""
    tail = b""
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, bufsize=0
    ) as process:
        pipe = process.stdout
        for chunk in iter(lambda: pipe.read(65536) if pipe else b"", b""):
            sys.stdout.buffer.write(chunk)
            sys.stdout.buffer.flush()
            tail = (tail + chunk)[-4096:]
    for line in tail.splitlines():
        last = line if line.strip() else last
    text = re.sub(r"\x1b\[[0-9;]*m", "", last.decode("utf-8", "replace"))
    return process.returncode, text


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
