"""What uv and pip are asked to do; the two differ in words only.

Rule: from the lock alone, every download checked against its hash, nothing resolved anew.
"""

import importlib.util
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from groundwork.environment._lockfile import Pin
from groundwork.environment._network import run_online
from groundwork.environment._tool import run_tool, succeeds
from groundwork.errors import ConfigurationError, EnvironmentBroken

Backend = Literal["auto", "uv", "pip"]
LineSeen = Callable[[str], None] | None


_HAS = "import importlib.util, sys; sys.exit(importlib.util.find_spec('{}') is None)"
# Since 22.3 a pip can work on an environment that has none.
_SERVES_OTHERS = "import pip, sys; sys.exit([int(part) for part in pip.__version__.split('.')[:2]] < [22, 3])"


@dataclass(frozen=True)
class Installer:
    """One of the two tools.

    Args:
        name: ``uv`` or ``pip``.
        uv: The uv command, for ``uv``.
        line_seen: Called with each line that the tool prints.
        lock: Descriptor of the environment's lock, which the tool inherits; see ``exclusive``.
    """

    name: Literal["uv", "pip"]
    uv: str | None = None
    line_seen: LineSeen = None
    lock: int | None = None

    def make_venv(self, root: Path) -> None:
        """Make an empty environment of the running interpreter.

        Args:
            root: Its folder; may exist.

        Raises:
            EnvironmentBroken: This Python has no ``venv``, or no ``ensurepip`` where pip is needed.
        """
        needed = ["venv"] if self.name == "uv" else ["venv", "ensurepip"]
        for module in needed:
            if importlib.util.find_spec(module) is None:
                raise EnvironmentBroken(
                    f"this Python ({sys.executable}) has no {module!r} module",
                    hint="install it (Debian, Ubuntu: apt install python3-venv) or install uv",
                )
        # pip comes last, when the packages are there: it takes seconds, and without network there is no use for it.
        self._start([_base(), "-I", "-m", "venv", "--without-pip", root], what=f"create {root}")

    def install(self, python: Path, pins: Sequence[Pin], *, again: bool = False, cache: bool = True) -> None:
        """Install pinned packages, hashes checked.

        Args:
            python: Interpreter of the environment.
            pins: What to install; markers are left to the tool.
            again: Also install what seems to be there.
            cache: Whether the tool may use what it downloaded before.
        """
        # Where PYTHONDONTWRITEBYTECODE is set, as in many containers, every start would compile everything again.
        compiling = "--compile-bytecode" if self.name == "uv" else "--compile"
        options = ["--require-hashes", "--no-deps", compiling]
        if again:
            options.append("--reinstall" if self.name == "uv" else "--force-reinstall")
        if not cache:
            options.append("--no-cache" if self.name == "uv" else "--no-cache-dir")
        with tempfile.TemporaryDirectory(prefix="groundwork-") as folder:
            subset = Path(folder) / "requirements.txt"
            subset.write_text("\n".join(pin.text for pin in pins) + "\n", encoding="utf-8")
            self._run(python, [*options, "-r", subset], what="install the packages of the lock")

    def uninstall(self, python: Path, names: Sequence[str]) -> None:
        """Remove packages.

        Args:
            python: Interpreter of the environment.
            names: What to remove.
        """
        if self.name == "uv":
            command: list[str | Path] = [self.uv or "uv", "pip", "uninstall", "--python", python]
        else:
            command = [*self._pip(python), "--disable-pip-version-check", "uninstall", "--yes"]
        self._start([*command, *names], what=f"remove {', '.join(names)}")

    def provide(self, python: Path) -> None:
        """Give an environment a pip of its own, as users of pip expect; with uv nothing.

        Args:
            python: Interpreter of the environment.
        """
        if self.name == "uv" or _answers(python, _HAS.format("pip")):
            return
        had_setuptools = _answers(python, _HAS.format("setuptools"))
        self._start([python, "-I", "-m", "ensurepip"], what="put pip into the environment")
        if not had_setuptools and _answers(python, _HAS.format("setuptools")):
            # Before Python 3.12 it comes along; what uv makes has none unless the lock pins it.
            self.uninstall(python, ["setuptools"])

    def install_project(self, python: Path, project: Path) -> None:
        """Install a project in place: its sources are used where they are, and compiled where they lie in ``src``.

        Args:
            python: Interpreter of the environment; the project's build backend is installed there.
            project: The folder of its pyproject.toml.
        """
        options = ["--no-deps", "--no-build-isolation"]
        options.append("--reinstall" if self.name == "uv" else "--force-reinstall")
        self._run(python, [*options, "--editable", project], what="install the project itself")
        # As above. Python takes no harm from files that do not compile; whoever imports one is told.
        sources = project / "src"
        if sources.is_dir():
            succeeds([python, "-I", "-m", "compileall", "-qq", "-j", "0", sources])

    def _run(self, python: Path, arguments: Sequence[str | Path], *, what: str) -> None:
        if self.name == "uv":
            command: list[str | Path] = [self.uv or "uv", "--no-progress", "pip", "install", "--python", python]
        else:
            pip = [*self._pip(python), "--disable-pip-version-check", "--no-input", "install"]
            command = [*pip, "--progress-bar", "off", "--no-warn-script-location"]
        run_online([*command, *arguments], tool=self.name, what=what, line_seen=self.line_seen, keep_open=self.lock)

    def _pip(self, python: Path) -> list[str | Path]:
        own: list[str | Path] = [python, "-I", "-m", "pip"]
        if _answers(python, _HAS.format("pip")):
            return own
        if _answers(_base(), _SERVES_OTHERS):
            return [_base(), "-I", "-m", "pip", "--python", python]
        self.provide(python)
        return own

    def _start(self, command: Sequence[str | Path], *, what: str) -> None:
        run_tool(command, what=what, line_seen=self.line_seen, keep_open=self.lock)


def choose(backend: Backend, lock: int | None = None, line_seen: LineSeen = None) -> Installer:
    """Choose the tool.

    Args:
        backend: ``auto`` takes uv when it is there and runs.
        lock: Descriptor of the environment's lock, which the tool inherits.
        line_seen: Called with each line that the tool prints.

    Returns:
        The tool.

    Raises:
        ConfigurationError: There is no backend of that name.
        EnvironmentBroken: uv was asked for and is not there.
    """
    if backend not in ("auto", "uv", "pip"):
        raise ConfigurationError(f"there is no backend {backend!r}", hint="use auto, uv or pip")
    uv = None if backend == "pip" else _working_uv()
    if uv is not None:
        return Installer("uv", uv, line_seen, lock)
    if backend == "uv":
        raise EnvironmentBroken("uv was asked for, but there is none that runs on PATH", hint="install uv, or use pip")
    return Installer("pip", None, line_seen, lock)


def _base() -> str:
    # Never the interpreter of an environment: that one may be the very folder that is made anew.
    return getattr(sys, "_base_executable", None) or sys.executable


def _answers(python: str | Path, code: str) -> bool:
    return succeeds([python, "-I", "-c", code])


def _working_uv() -> str | None:
    uv = shutil.which("uv")
    # A version manager's shim is on PATH even when the chosen version has no uv.
    return os.path.abspath(uv) if uv is not None and succeeds([uv, "--version"]) else None
