"""The environment that is looked at: ours, or that of another interpreter.

Rule: another interpreter is asked once, in a process of its own; its files are then read from here. One whose start-up
files keep it from starting is asked again without them.
"""

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from groundwork.environment import _probe
from groundwork.environment._layout import Layout
from groundwork.environment._tool import tool_environment
from groundwork.errors import ConfigurationError, EnvironmentBroken

_ANSWER_S = 20.0

_T = TypeVar("_T")


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
        path: Where it looks for modules, in order.
        stdlib: Folder of its standard library, or None where that is not known.
        modules: Modules of its standard library that a file of the same name would hide.
        broken: Why it does not start as it should, or empty.
    """

    python: Path
    version: str
    prefix: Path
    base_prefix: Path
    site_packages: tuple[Path, ...]
    markers: Mapping[str, str]
    workdir: Path
    lock: Path | None
    path: tuple[Path, ...] = ()
    stdlib: Path | None = None
    modules: frozenset[str] = frozenset()
    broken: str = ""
    _known: dict[str, "_Known"] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def isolated(self) -> bool:
        """Whether it is a virtual environment."""
        return self.prefix != self.base_prefix

    @property
    def release(self) -> tuple[int, ...]:
        """Major and minor version."""
        return tuple(int(part) for part in self.version.split(".")[:2])

    def once(self, name: str, compute: Callable[[], _T]) -> _T:
        """Compute something that several checks need, one time.

        Args:
            name: What it is.
            compute: Gives it.

        Returns:
            What the first call gave.
        """
        # A lock for each: who waits for one thing must not wait for another. `setdefault` of a dict is one step.
        known = self._known.setdefault(name, _Known())
        with known.computing:
            if not known.found:
                known.found.append(compute())
            first: _T = known.found[0]
            return first


@dataclass
class _Known:
    computing: threading.Lock = field(default_factory=threading.Lock)
    found: list[Any] = field(default_factory=list)


def inspect(python: Path | str | None, workdir: Path, lock: Path | None) -> Subject:
    """Look at an environment.

    Args:
        python: An interpreter, or the folder of an environment; None for the running interpreter.
        workdir: Folder of the project.
        lock: The lock to compare with, or None.

    Returns:
        What is known of it.

    Raises:
        ConfigurationError: There is neither an interpreter of that name nor an environment that lacks it.
        EnvironmentBroken: The interpreter is missing or does not answer.
    """
    if python is None:
        return _subject(Path(sys.executable), _probe.facts(), workdir, lock)
    path = interpreter_of(python)
    if not path.exists():
        if not path.is_symlink() and not Layout(path.parent.parent).config.is_file():
            raise _nothing_there(str(python))
        what = "is a link that leads nowhere" if path.is_symlink() else "does not exist"
        raise EnvironmentBroken(f"the interpreter {path} {what}", hint="create the environment anew")
    try:
        subject = _subject(path, _ask(path), workdir, lock)
    except EnvironmentBroken as error:
        try:
            facts = _ask(path, "-S")
        except EnvironmentBroken:
            raise error from None
        subject = _subject(path, facts, workdir, lock, broken=error.message)
    if not subject.isolated and lost_config(root_of(path)):
        raise EnvironmentBroken(
            f"{root_of(path)} has lost its pyvenv.cfg, so that {path} uses the packages of {subject.prefix}",
            hint="create the environment anew",
        )
    return subject


def root_of(python: Path) -> Path:
    """Find the folder of the environment that an interpreter would belong to.

    Args:
        python: The interpreter.

    Returns:
        The folder, whether it is an environment or not; links that lead to it are followed, not that of the file.
    """
    return Path(os.path.realpath(python.parent)).parent


def lost_config(root: Path) -> bool:
    """Say whether a folder was an environment and is none any more: its interpreter is now the one it was made from.

    Args:
        root: The folder.

    Returns:
        True where only the file is gone that makes it one.
    """
    layout = Layout(root)
    return not layout.config.is_file() and (layout.stamp.is_file() or (layout.scripts / "activate").is_file())


def _nothing_there(named: str) -> ConfigurationError:
    # A user may have meant a command, as python3.12, which is not looked up for the name of a file.
    meant = shutil.which(named) or ".venv"
    where = f" --python {meant}" if os.path.exists(meant) else ""
    return ConfigurationError(
        f"there is no interpreter and no environment at {named}",
        hint=f"name a file or a folder that is there, as: groundwork env check{where}",
    )


def interpreter_of(python: Path | str) -> Path:
    """Find the interpreter that a user named.

    Args:
        python: An interpreter, or the folder of an environment.

    Returns:
        The interpreter, absolute; it may be missing.
    """
    path = Path(python).absolute()
    return Layout(path).python if path.is_dir() else path


def _subject(python: Path, facts: dict[str, Any], workdir: Path, lock: Path | None, broken: str = "") -> Subject:
    # A program that is started from here looks there first; a running interpreter has done so already.
    ahead = [entry for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if entry]
    return Subject(
        python=python,
        version=facts["version"],
        prefix=Path(facts["prefix"]),
        base_prefix=Path(facts["base_prefix"]),
        site_packages=tuple(Path(folder) for folder in facts["site_packages"]),
        markers=facts["markers"],
        workdir=workdir,
        lock=lock,
        path=tuple(dict.fromkeys(Path(os.path.abspath(entry)) for entry in (*ahead, *facts["path"]))),
        stdlib=Path(facts["stdlib"]),
        modules=frozenset(facts["modules"]),
        broken=broken,
    )


def _ask(python: Path, *options: str) -> dict[str, Any]:
    try:
        answer = run_quietly([str(python), "-I", *options, _probe.__file__], timeout_s=_ANSWER_S)
        if answer.returncode == 0:
            # What start-up files print comes before the mark, and what they print at exit after the facts.
            _, mark, told = answer.stdout.rpartition(_probe.MARK)
            facts: dict[str, Any] = json.JSONDecoder().raw_decode(told if mark else "")[0]
            return facts
        why = f"it ended with exit code {answer.returncode}"
    except subprocess.TimeoutExpired:
        why = f"no answer within {_ANSWER_S:.0f} s"
    except (OSError, ValueError) as error:
        why = str(error)
    raise EnvironmentBroken(f"the interpreter {python} does not run: {why}", hint="create the environment anew")


def run_quietly(words: Sequence[str], *, timeout_s: float) -> subprocess.CompletedProcess[str]:
    """Run a short command that is to answer, and keep what it prints.

    Args:
        words: Program and arguments.
        timeout_s: How long it may take; then it is killed.

    Returns:
        Its end.

    Raises:
        OSError: It does not start.
        subprocess.TimeoutExpired: It took longer.
    """
    return subprocess.run(
        words,
        capture_output=True,
        timeout=timeout_s,
        check=False,
        stdin=subprocess.DEVNULL,
        env=tool_environment(),
        encoding="utf-8",
        errors="replace",
    )
