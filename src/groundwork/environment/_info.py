"""What an environment is: interpreter, place, packages, state against its lock, sizes.

Rule: told, not judged; ``check`` judges. Sizes cost one stat a file, and nothing is hashed.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from groundwork.environment._installer import choose
from groundwork.environment._layout import Layout
from groundwork.environment._lockfile import applies, read_lock
from groundwork.environment._packages import installed, same_version
from groundwork.environment._record import Distribution, recorded_files
from groundwork.environment._stamp import read_stamp
from groundwork.environment._subject import Subject, inspect

_BIGGEST = 5


@dataclass(frozen=True)
class EnvironmentInfo:
    """What an environment is.

    Args:
        python: Its interpreter.
        version: Version of Python, as ``3.11.7``.
        place: Its folder.
        made_from: Folder of the interpreter it was made from; equals ``place`` where it is none of its own.
        made_by_groundwork: Whether groundwork made it, and if so whether the set-up ended: ``ready``, ``updating``,
            ``building``, or empty.
        lock: The lock, or empty.
        lock_state: ``equal``, ``differs``, or ``none`` without a lock.
        missing: What the lock pins and is not installed, or in another version.
        packages: How many packages are installed.
        backend: The installer that would be used here, ``uv`` or ``pip``.
        size_bytes: Bytes of all files that packages brought.
        biggest: The packages that take most, by name, in bytes.
    """

    python: Path
    version: str
    place: Path
    made_from: Path
    made_by_groundwork: str
    lock: str
    lock_state: str
    missing: tuple[str, ...]
    packages: int
    backend: str
    size_bytes: int
    biggest: dict[str, int]


def info(path: Path | str | None = None, *, lock: Path | str | None = None) -> EnvironmentInfo:
    """Describe an environment.

    Args:
        path: Its folder or its interpreter; None for the one that runs.
        lock: A lock to compare with; requirements.lock of the current folder, if there is one, when left out.

    Returns:
        What it is.

    Raises:
        ConfigurationError: The lock cannot be read, or nothing is where the interpreter should be.
        EnvironmentBroken: There is no interpreter, or it does not run.
    """
    default = Path("requirements.lock")
    chosen = Path(lock).absolute() if lock is not None else default.absolute() if default.is_file() else None
    subject = inspect(path, Path.cwd(), chosen)
    here = installed(subject)
    sizes = {name: _size(one) for name, one in here.items()}
    biggest = sorted(sizes, key=lambda name: (-sizes[name], name))[:_BIGGEST]
    missing = _missing(subject, here)
    stamp = read_stamp(Layout(subject.prefix))
    return EnvironmentInfo(
        python=subject.python,
        version=subject.version,
        place=subject.prefix,
        made_from=subject.base_prefix,
        made_by_groundwork="" if stamp is None else stamp.state,
        lock="" if chosen is None else str(chosen),
        lock_state="none" if chosen is None else "differs" if missing else "equal",
        missing=missing,
        packages=len(here),
        backend=choose("auto").name,
        size_bytes=sum(sizes.values()),
        biggest={name: sizes[name] for name in biggest},
    )


def _missing(subject: Subject, here: dict[str, Distribution]) -> tuple[str, ...]:
    if subject.lock is None:
        return ()
    lines = []
    for pin in read_lock(subject.lock):
        if applies(pin.marker, subject.markers):
            one = here.get(pin.name)
            if one is None or not same_version(one.version, pin.version):
                lines.append(f"{pin.name} {pin.version}" + ("" if one is None else f" (installed: {one.version})"))
    return tuple(lines)


def _size(one: Distribution) -> int:
    total = 0
    try:
        for file in recorded_files(one):
            total += file.size if file.size is not None else os.stat(file.path).st_size
    except (OSError, UnicodeDecodeError):
        # Whether the files are all there is for the check of files to say.
        return total
    return total
