"""Checks of the interpreter and of the place of its environment.

Rule: an environment is bound to its interpreter and to its path; either may have gone since.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from groundwork.environment._finding import Finding
from groundwork.environment._layout import Layout
from groundwork.environment._stamp import read_stamp
from groundwork.environment._subject import Subject

OLDEST = (3, 11)


def check_interpreter(subject: Subject) -> Iterator[Finding]:
    """Judge the version and whether the environment is one of its own.

    Args:
        subject: The environment.

    Yields:
        One finding for the version and one for isolation.
    """
    found = f"Python {subject.version} ({subject.python})"
    oldest = ".".join(str(part) for part in OLDEST)
    if subject.release < OLDEST:
        yield Finding("interpreter", "error", found, f"Python {oldest} or later", "install a newer Python")
    else:
        yield Finding("interpreter", "ok", found)
    if subject.isolated:
        yield Finding("interpreter", "ok", f"a virtual environment of its own in {subject.prefix}")
    else:
        yield Finding(
            "interpreter",
            "warning",
            f"{subject.prefix} is not a virtual environment",
            "an environment that no other program shares",
            "python3 bootstrap.py setup",
        )


def check_place(subject: Subject) -> Iterator[Finding]:
    """Judge whether the environment is still where it was made.

    Args:
        subject: The environment.

    Yields:
        One finding.
    """
    if not subject.isolated:
        yield Finding("moved", "ok", "not a virtual environment, so it is bound to no place")
        return
    origin = _origin(Layout(subject.prefix))
    if origin is None:
        yield Finding("moved", "ok", "its commands start its own interpreter")
        return
    yield Finding(
        "moved",
        "error",
        f"made in {origin}, now in {subject.prefix}: its commands start another interpreter, or none",
        f"an environment made in {subject.prefix}",
        "create it anew: python3 bootstrap.py setup",
    )


def _origin(layout: Layout) -> str | None:
    stamp = read_stamp(layout)
    if stamp is not None and not _same(stamp.location, layout.root):
        return stamp.location
    for first_line in _first_lines(layout.scripts):
        interpreter = first_line.removeprefix("#!").strip().strip('"')
        folder, name = os.path.split(interpreter)
        if not first_line.startswith("#!/") or not name.startswith("python") or _same(folder, layout.scripts):
            continue
        # A script for the system's Python may lie here; only what points to an environment tells of a move.
        root = os.path.dirname(folder)
        if not os.path.exists(interpreter) or os.path.exists(Layout(Path(root)).config):
            return root
    return None


def _same(one: str | Path, other: Path) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)


def _first_lines(folder: Path) -> Iterator[str]:
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return
    for name in names:
        path = folder / name
        try:
            if path.is_file() and not path.is_symlink():
                with path.open("rb") as file:
                    yield file.readline(512).decode("utf-8", "replace")
        except OSError:
            continue
