"""The environment that is looked at: ours, or that of another interpreter.

Rule: another interpreter is asked once, in a process of its own; its files are then read from here.
"""

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from groundwork.environment import _probe
from groundwork.environment._layout import Layout
from groundwork.environment._tool import tool_environment
from groundwork.errors import EnvironmentBroken

_ANSWER_S = 20.0


@dataclass(frozen=True)
class Subject:
    """An environment under inspection.

    Args:
        python: Its interpreter.
        version: Full version, as ``3.11.7``.
        prefix: Folder of the environment.
        base_prefix: Folder of the interpreter it was made from.
        site_packages: Folders of its packages.
        markers: Variables of environment markers.
        workdir: Folder of the project, for the lock, ``.env`` and free disk space.
        lock: Its lock, or None where it has none.
    """

    python: Path
    version: str
    prefix: Path
    base_prefix: Path
    site_packages: tuple[Path, ...]
    markers: Mapping[str, str]
    workdir: Path
    lock: Path | None

    @property
    def isolated(self) -> bool:
        """Whether it is a virtual environment."""
        return self.prefix != self.base_prefix

    @property
    def release(self) -> tuple[int, ...]:
        """Major and minor version."""
        return tuple(int(part) for part in self.version.split(".")[:2])


def inspect(python: Path | str | None, workdir: Path, lock: Path | None) -> Subject:
    """Look at an environment.

    Args:
        python: An interpreter, or the folder of an environment; None for the running interpreter.
        workdir: Folder of the project.
        lock: The lock to compare with, or None.

    Returns:
        What is known of it.

    Raises:
        EnvironmentBroken: The interpreter is missing or does not answer.
    """
    if python is None:
        return _subject(Path(sys.executable), _probe.facts(), workdir, lock)
    path = Path(python).absolute()
    path = Layout(path).python if path.is_dir() else path
    return _subject(path, _ask(path), workdir, lock)


def _subject(python: Path, facts: dict[str, Any], workdir: Path, lock: Path | None) -> Subject:
    return Subject(
        python=python,
        version=facts["version"],
        prefix=Path(facts["prefix"]),
        base_prefix=Path(facts["base_prefix"]),
        site_packages=tuple(Path(folder) for folder in facts["site_packages"]),
        markers=facts["markers"],
        workdir=workdir,
        lock=lock,
    )


def _ask(python: Path) -> dict[str, Any]:
    if not python.exists():
        what = "is a link that leads nowhere" if python.is_symlink() else "does not exist"
        raise EnvironmentBroken(f"the interpreter {python} {what}", hint="create the environment anew")
    try:
        answer = subprocess.run(
            [str(python), "-I", _probe.__file__],
            capture_output=True,
            timeout=_ANSWER_S,
            check=False,
            stdin=subprocess.DEVNULL,
            env=tool_environment(),
        )
        if answer.returncode == 0:
            facts: dict[str, Any] = json.loads(answer.stdout)
            return facts
        why = f"it ended with exit code {answer.returncode}"
    except subprocess.TimeoutExpired:
        why = f"no answer within {_ANSWER_S:.0f} s"
    except (OSError, ValueError) as error:
        why = str(error)
    raise EnvironmentBroken(f"the interpreter {python} does not run: {why}", hint="create the environment anew")
