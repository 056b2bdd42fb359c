"""The note of a repair that is at work, and the check that finds one left behind by a kill.

Rule: it stands before the first change and goes after the last. A killed installer may leave a package whose RECORD is
right and whose commands are missing, which no look at files finds. Cost: one small file.
"""

import contextlib
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from groundwork.environment._finding import Finding
from groundwork.environment._mends import lock_command
from groundwork.environment._subject import Subject

_NAME = "groundwork-repair.json"


def begin_repair(prefix: Path, names: Iterable[str], lock: str) -> frozenset[str]:
    """Note which packages are about to be installed again.

    Args:
        prefix: Folder of the environment.
        names: Their normalized names; what an earlier note has of them stays noted.
        lock: The lock that pins them.

    Returns:
        What an earlier repair that was broken off had noted.
    """
    earlier = frozenset(_unfinished(prefix)[0])
    _write(prefix, earlier.union(names), lock)
    return earlier


def end_repair(prefix: Path, names: Iterable[str]) -> None:
    """Take packages off the note.

    Args:
        prefix: Folder of the environment.
        names: What is whole again, or was not touched.
    """
    left, lock = _unfinished(prefix)
    rest = set(left) - set(names)
    if rest:
        _write(prefix, rest, lock)
    else:
        (prefix / _NAME).unlink(missing_ok=True)


def check_unfinished(subject: Subject) -> Iterator[Finding]:
    """Look for a repair that was begun and not ended.

    Args:
        subject: The environment.

    Yields:
        One finding.
    """
    packages, lock = _unfinished(subject.prefix)
    if not packages:
        yield Finding("unfinished", "ok", "no repair was broken off")
        return
    if subject.lock is None and lock:
        subject = replace(subject, lock=Path(lock))
    yield Finding(
        "unfinished",
        "error",
        f"a repair of {', '.join(packages)} has not ended: it was broken off, or is at work",
        "a repair that ended",
        lock_command(subject),
        packages,
        str(subject.python),
        "" if subject.lock is None else str(subject.lock),
    )


def _write(prefix: Path, packages: Iterable[str], lock: str) -> None:
    temporary = prefix / f"{_NAME}.{os.getpid()}.tmp"
    try:
        temporary.write_text(json.dumps({"packages": sorted(packages), "lock": lock}) + "\n", encoding="utf-8")
        os.replace(temporary, prefix / _NAME)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise


def _unfinished(prefix: Path) -> tuple[tuple[str, ...], str]:
    try:
        note = json.loads((prefix / _NAME).read_bytes())
        return tuple(str(name) for name in note["packages"]), str(note["lock"])
    except (OSError, ValueError, KeyError, TypeError):
        return (), ""
