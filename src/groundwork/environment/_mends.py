"""The commands that mend what a check found.

Rule: a command can be copied as it stands into the shell of the system, from the folder in which ``check`` ran.
"""

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from groundwork.environment._finding import Finding
from groundwork.environment._lockfile import read_lock
from groundwork.environment._subject import Subject
from groundwork.errors import ConfigurationError


def command(*words: str | Path) -> str:
    """Write a command as the shell of this system reads it.

    Args:
        *words: Program and arguments.

    Returns:
        One line.
    """
    texts = [str(word) for word in words]
    return subprocess.list2cmdline(texts) if os.name == "nt" else shlex.join(texts)


def install(subject: Subject, *words: str) -> str:
    """Write the command that installs something into an environment.

    Args:
        subject: The environment.
        *words: Requirements and options that uv and pip both know.

    Returns:
        With uv where there is one, else with the pip of the environment, or with ours where it has none.
    """
    if shutil.which("uv") is not None:
        return command("uv", "pip", "install", "--python", subject.python, *words)
    if any((folder / "pip").is_dir() for folder in subject.site_packages):
        return command(subject.python, "-m", "pip", "install", *words)
    return command(sys.executable, "-m", "pip", "--python", subject.python, "install", *words)


def reinstalled(
    subject: Subject, check: str, found: str, expected: str, packages: Iterable[tuple[str, str]]
) -> Finding:
    """Make the error that the installation of packages mends.

    Args:
        subject: The environment.
        check: Name of the check.
        found: What is.
        expected: What should be.
        packages: Normalized name and requirement, as ``("rich", "rich==15.0.0")``, of each.

    Returns:
        The finding; its command goes by the lock where that pins them all.
    """
    wanted = list(packages)
    names = tuple(name for name, _ in wanted)
    lock = "" if subject.lock is None else str(subject.lock)
    if pinned(subject).issuperset(names):
        fix = lock_command(subject)
    else:
        again = "--reinstall" if shutil.which("uv") is not None else "--force-reinstall"
        fix = install(subject, again, "--no-deps", *(requirement for _, requirement in wanted))
    return Finding(check, "error", found, expected, fix, names, str(subject.python), lock)


def lock_command(subject: Subject) -> str:
    """Write the command that installs again what is damaged, as the lock pins it.

    Args:
        subject: The environment.

    Returns:
        The command; it names the lock where that is not the one of the project's folder.
    """
    words = ["groundwork", "env", "fix", "--python", str(subject.python)]
    if subject.lock is not None and subject.lock != subject.workdir / "requirements.lock":
        words += ["--lock", str(subject.lock)]
    return command(*words)


def pinned(subject: Subject) -> frozenset[str]:
    """List what the lock pins.

    Args:
        subject: The environment.

    Returns:
        Normalized names; none without a lock, or with one that cannot be read, which the check of packages tells.
    """
    if subject.lock is None:
        return frozenset()
    try:
        return frozenset(pin.name for pin in read_lock(subject.lock))
    except ConfigurationError:
        return frozenset()


def rebuild(root: Path, workdir: Path, lock: Path | None) -> str:
    """Write the command that makes an environment anew.

    Args:
        root: Its folder.
        workdir: Folder of the project.
        lock: Its lock, or None.

    Returns:
        The command.
    """
    if root == workdir / ".venv" and (workdir / "bootstrap.py").is_file():
        return command("python" if os.name == "nt" else "python3", "bootstrap.py", "setup")
    words = ["groundwork", "env", "create", str(root)]
    return command(*words, *(["--lock", str(lock)] if lock is not None else []))


def delete(path: Path) -> str:
    """Write the command that removes a file.

    Args:
        path: The file.

    Returns:
        The command.
    """
    return command("del", path) if os.name == "nt" else command("rm", "--", path)


def rename(path: Path, name: str) -> str:
    """Write the command that gives a file or folder another name.

    Args:
        path: The file or folder.
        name: Its new name, in the same folder.

    Returns:
        The command; it overwrites nothing.
    """
    return command("ren", path, name) if os.name == "nt" else command("mv", "-n", "--", path, path.with_name(name))
