"""Where the command begins: what it is made of may be the very thing that is damaged.

Rule: the standard library alone until the command itself is imported. A crash first looks at the files of the packages
here, which costs a second; where these are whole the crash is a mistake of ours and stays as it is.
"""

import sys
from pathlib import Path

from groundwork import environment
from groundwork.environment import Finding
from groundwork.errors import MLException

_LOOKS = ("unfinished", "packages", "files", "dependencies")


def main() -> None:
    """Run the command line and exit."""
    try:
        from groundwork.cli import _main

        _main.main()
    except Exception:
        # Whatever a damaged module raises; without damage it goes on its way.
        damaged = _damaged()
        if not damaged:
            raise
        sys.exit(_mend(damaged) if _asked_to_mend() else _tell(damaged))


def _damaged() -> list[Finding]:
    findings = environment.check(only=_LOOKS, lock=_lock())
    return [one for one in findings if one.severity == "error" and one.packages]


def _lock() -> Path | None:
    # Without the command line's own parser.
    words = sys.argv
    return Path(words[words.index("--lock") + 1]) if "--lock" in words[:-1] else None


def _asked_to_mend() -> bool:
    return sys.argv[1:3] == ["env", "fix"] and "--python" not in sys.argv and bool({"--yes", "-y"} & set(sys.argv))


def _tell(damaged: list[Finding]) -> int:
    _say("error: packages that this command is made of are damaged")
    for one in damaged:
        _say(f"x {one.check}  {environment.printable(one.found)}")
    lock = " --lock LOCK" if any(not one.lock for one in damaged) else ""
    _say(f"hint: groundwork env fix --yes{lock}")
    return 1


def _mend(damaged: list[Finding]) -> int:
    try:
        done = environment.repair(damaged, report=_say)
    except MLException as error:
        _say(f"error: {error.message}\nhint: {error.hint or 'make the environment anew'}")
        return 1
    sys.stdout.write(f"Installed again: {', '.join(done)}\nNext: groundwork env check\n")
    return 0


def _say(message: str) -> None:
    sys.stderr.write(f"{message}\n")
