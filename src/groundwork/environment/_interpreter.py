"""Checks of the interpreter, of the Python that it was made from, and of the place of its environment.

Rule: an environment is bound to its interpreter and to its path; either may have gone since.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from groundwork.environment._finding import Finding
from groundwork.environment._layout import Layout
from groundwork.environment._mends import rebuild
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
        fix = f"uv python install {oldest}" if shutil.which("uv") else f"install Python {oldest} from python.org"
        yield Finding("interpreter", "error", found, f"Python {oldest} or later", fix)
    elif subject.broken:
        # Without what was put into its start; which file it is, the check of .pth files says.
        yield Finding("interpreter", "error", subject.broken, "an interpreter that starts", _anew(subject))
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
            rebuild(subject.workdir / ".venv", subject.workdir, subject.lock),
        )


def _anew(subject: Subject) -> str:
    # Nobody else's Python is made anew.
    root = subject.prefix if subject.isolated else subject.workdir / ".venv"
    return rebuild(root, subject.workdir, subject.lock)


def check_base(subject: Subject) -> Iterator[Finding]:
    """Judge whether the Python that an environment was made from is still the one behind it.

    Args:
        subject: The environment.

    Yields:
        One finding.
    """
    if not subject.isolated:
        yield Finding("base", "ok", "not a virtual environment, so it was made from no other")
        return
    fault = base_fault(subject.prefix, subject.python, subject.release)
    if fault is None:
        yield Finding("base", "ok", f"Python {subject.version} in {subject.base_prefix}, as when it was made")
    else:
        yield Finding("base", "error", fault, "the Python it was made from", _anew(subject), python=str(subject.python))


def base_fault(root: Path, python: Path, release: tuple[int, ...] | None) -> str | None:
    """Compare what an environment notes of its Python with what there is, without running it.

    Args:
        root: Its folder.
        python: Its interpreter.
        release: Major and minor version of what now runs, or None where nothing does.

    Returns:
        What is wrong, or None.
    """
    notes = _notes(root)
    home = notes.get("home", "")
    noted = notes.get("version_info") or notes.get("version") or ""
    made = tuple(int(part) for part in noted.split(".")[:2] if part.isdigit())
    if home and not os.path.isdir(home):
        return f"made from the Python in {home}, which is gone"
    if python.is_symlink() and not python.exists():
        return f"its interpreter is a link to {os.path.realpath(python)}, which is gone"
    if release is not None and len(made) == 2 and made != release:
        now = ".".join(map(str, release))
        return f"made with Python {noted}, but its interpreter is now {now}, which does not see its packages"
    target = os.path.realpath(python)
    if home and python.is_symlink() and not _behind(home, target, python):
        return f"made from the Python in {home}, but its interpreter is now {target}"
    return None


def _behind(home: str, target: str, python: Path) -> bool:
    names = {os.path.basename(target), os.path.basename(os.readlink(python)), "python", "python3"}
    return any(os.path.realpath(os.path.join(home, name)) == target for name in names)


def _notes(root: Path) -> dict[str, str]:
    try:
        lines = Layout(root).config.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return {}
    pairs = (line.partition("=") for line in lines if "=" in line)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


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
        _anew(subject),
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
