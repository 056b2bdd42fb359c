"""Where the command begins: what it is made of may be the very thing that is damaged.

Rule: the standard library alone until the command itself is imported. A crash first looks at the files of the packages
here, which costs a second; where these are whole the crash is a mistake of ours and stays as it is. Where they are not,
it is told in one line beside them.
"""

import os
import sys
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING

from groundwork import environment
from groundwork.errors import MLException

if TYPE_CHECKING:
    from groundwork.environment import Finding

_LOOKS = ("unfinished", "packages", "files", "dependencies")


def main() -> None:
    """Run the command line and exit."""
    try:
        _print_anything()
        _run(sys.argv[1:])
    except Exception as error:
        # Whatever a damaged module raises; without damage it goes on its way.
        damaged = _damaged()
        if not damaged:
            raise
        sys.exit(_mend(damaged) if _asked_to_mend() else _tell(damaged, error))


def _print_anything() -> None:
    # A file's name, or what a learner's code printed, may have what a code page of Windows has not: that is no crash.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="replace")


def _run(words: list[str]) -> None:
    from groundwork.cli import _learn_ahead

    try:
        _learn_ahead.begin(words)
        from groundwork.cli import _main

        _main.main()
    finally:
        _learn_ahead.end()


def _damaged() -> "list[Finding]":
    findings = environment.check(only=_LOOKS, lock=_lock())
    return [one for one in findings if one.severity == "error" and one.packages]


def _lock() -> Path | None:
    lock = _option("--lock")
    return None if lock is None else Path(lock)


def _option(name: str) -> str | None:
    # Without the command line's own parser.
    for word, following in zip(sys.argv, [*sys.argv[1:], ""], strict=True):
        if word == name or word.startswith(f"{name}="):
            return word.partition("=")[2] or following
    return None


def _asked_to_mend() -> bool:
    mends = sys.argv[1:3] == ["env", "fix"] and bool({"--yes", "-y"} & set(sys.argv))
    # Another environment was meant, or only some of the findings: neither is judged here.
    return mends and _option("--python") is None and _option("--only") is None


def _tell(damaged: "list[Finding]", error: Exception) -> int:
    # Both are told: a package may also be of another version for a reason, and the crash be a mistake of ours.
    said = environment.printable(str(error).partition("\n")[0])
    _say(f"error: {type(error).__name__}: {said}; and packages that this command is made of are damaged")
    for one in damaged:
        _say(f"x {one.check}  {environment.printable(one.found)}")
    lock = " --lock LOCK" if any(not one.lock for one in damaged) else ""
    _say(f"hint: groundwork env fix --yes{lock}")
    return 1


def _mend(damaged: "list[Finding]") -> int:
    try:
        backend = _option("--backend") or os.environ.get("GROUNDWORK_BACKEND") or "auto"
        done = environment.repair(damaged, backend=backend, report=_say)  # type: ignore[arg-type]
    except MLException as error:
        _say(f"error: {error.message}\nhint: {error.hint or 'make the environment anew'}")
        return 1
    sys.stdout.write(f"Installed again: {', '.join(done)}\nNext: groundwork env check\n")
    return 0


def _say(message: str) -> None:
    sys.stderr.write(f"{message}\n")
