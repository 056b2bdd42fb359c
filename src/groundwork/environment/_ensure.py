"""Have a project's environment ready, doing as little as possible.

Rule: a healthy environment costs a look at sizes (under 0.2 s for 9,400 files) and changes nothing. Otherwise the
smallest cure is tried first: reinstall the damaged packages, bring it to a changed lock, create it anew.
"""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from groundwork.environment._installer import Backend, choose
from groundwork.environment._layout import Layout
from groundwork.environment._lockfile import read_lock
from groundwork.environment._pth import check_pth
from groundwork.environment._record import damage, distributions, normalize
from groundwork.environment._setup import Report, Setup, held, silent
from groundwork.environment._stamp import Stamp, digest, read_stamp, record_sizes, running_version
from groundwork.environment._subject import inspect
from groundwork.environment._tool import UNREACHABLE, succeeds
from groundwork.errors import ConfigurationError, EnvironmentBroken

_ANSWER_S = 20.0
# A start takes 0.03 s; who waits for one that hangs sees nothing meanwhile, and waits twice.
_START_S = 5.0


@dataclass(frozen=True)
class Diagnosis:
    """What an environment needs.

    Args:
        action: Nothing, or the smallest cure.
        reason: Why, for the user.
        packages: What to reinstall, for ``repair``.
    """

    action: Literal["nothing", "repair", "update", "create"]
    reason: str = ""
    packages: tuple[str, ...] = ()


def ensure(
    project: Path | str,
    *,
    backend: Backend = "auto",
    report: Report = silent,
    line_seen: Callable[[str], None] | None = None,
) -> Path:
    """Make the ``.venv`` of a project match its requirements.lock, with the project installed in place.

    Args:
        project: Folder with pyproject.toml and requirements.lock.
        backend: ``uv``, ``pip``, or ``auto``: uv when it is there.
        report: Called with what is being done, one line each; never called when all is well.
        line_seen: Called with each line that the installer prints.

    Returns:
        The environment's interpreter.

    Raises:
        ConfigurationError: The folder has no pyproject.toml or no usable lock.
        EnvironmentBroken: The environment cannot be made: no network, no write access, no venv module, a wrong hash,
            a package that keeps the interpreter from starting.
    """
    project = Path(project).absolute()
    layout, lock = Layout(project / ".venv"), project / "requirements.lock"
    for file in (project / "pyproject.toml", lock):
        if not file.is_file():
            raise ConfigurationError(f"{file} is missing", hint="run this in a complete copy of the project")
    if diagnose(layout, lock, project).action == "nothing":
        return layout.python
    with held(layout, report) as held_lock:
        # Whoever held the lock before may have done the work.
        diagnosis = diagnose(layout, lock, project)
        if diagnosis.action != "nothing":
            started = time.monotonic()
            report(f"{_DOING[diagnosis.action]} {layout.root}: {diagnosis.reason}")
            _cure(
                diagnosis, Setup(layout, lock, read_lock(lock), choose(backend, held_lock, line_seen), project, report)
            )
            _prove_start(layout)
            report(f"ready after {time.monotonic() - started:.1f} s")
    return layout.python


_DOING = {"create": "creating", "update": "updating", "repair": "repairing"}


def _cure(diagnosis: Diagnosis, setup: Setup) -> None:
    if diagnosis.action == "repair":
        setup.begin("updating")
        setup.report(f"installing again: {', '.join(diagnosis.packages)}")
        try:
            setup.reinstall(diagnosis.packages)
            setup.settle()
        except EnvironmentBroken as error:
            if error.code == UNREACHABLE:
                # What works of the environment is worth more than an empty one.
                raise
            setup.report(f"that did not mend it ({error.message}); creating it anew")
        else:
            return
    elif diagnosis.action == "update" and (
        setup.installer.name == "uv" or _runs(setup.layout, "-m", "pip", "--version")
    ):
        setup.fill()
        return
    setup.build()


def diagnose(layout: Layout, lock: Path, project: Path) -> Diagnosis:
    """Say what an environment needs.

    Args:
        layout: The environment.
        lock: The lock that it should match.
        project: The project that should be installed in it.

    Returns:
        The smallest cure and the reason for it.
    """
    stamp = read_stamp(layout)
    reason = _reason_to_create(layout, stamp)
    if reason is not None:
        return Diagnosis("create", reason)
    if stamp is None:
        return Diagnosis("update", "it was made by other means")
    if stamp.state == "updating":
        return Diagnosis("update", "an earlier set-up did not end")
    if stamp.lock != digest(lock):
        return Diagnosis("update", f"{lock.name} has changed")
    if stamp.project != digest(project / "pyproject.toml"):
        return Diagnosis("update", "pyproject.toml has changed")
    packages = _damaged(layout, stamp)
    if packages:
        return Diagnosis("repair", f"files are damaged or missing ({len(packages)} packages)", packages)
    return Diagnosis("nothing")


def _reason_to_create(layout: Layout, stamp: Stamp | None) -> str | None:
    if stamp is None and not layout.config.exists():
        return "there is none yet"
    if stamp is not None:
        if stamp.state == "building":
            return "an earlier set-up did not end"
        if stamp.location != str(layout.root):
            return f"it was moved here from {stamp.location}"
        if stamp.python != running_version():
            return f"it is of {stamp.python}, and this is {running_version()}"
    if not layout.config.exists() or not layout.python.exists():
        return "its interpreter is missing"
    version = running_version().split()[1]
    if _runs(layout, "-c", _VERSION_MATCHES, version, timeout_s=_START_S):
        return None
    if _runs(layout, "-S", "-c", _VERSION_MATCHES, version):
        return "a start-up file (.pth) ends its interpreter or keeps it from starting"
    return "its interpreter does not run, or is of another version"


def _prove_start(layout: Layout) -> None:
    # What was installed may bring a start-up file of its own; to install it again would change nothing.
    if _runs(layout, "-c", ""):
        return
    subject = inspect(layout.root, layout.root.parent, None)
    what = [one.found for one in check_pth(subject) if one.severity == "error"]
    raise EnvironmentBroken(
        f"everything is installed, but {layout.python} does not start: {'; '.join(what) or subject.broken}",
        hint="lock another version of the package that brings it: groundwork env lock --upgrade",
    )


_VERSION_MATCHES = "import sys; sys.exit('%d.%d' % sys.version_info[:2] != sys.argv[1])"


def _runs(layout: Layout, *arguments: str, timeout_s: float = _ANSWER_S) -> bool:
    return succeeds([layout.python, "-I", *arguments], timeout_s=timeout_s)


def _damaged(layout: Layout, stamp: Stamp) -> tuple[str, ...]:
    sizes = record_sizes(layout)
    names = {normalize(folder.partition("-")[0]) for folder, size in stamp.records.items() if sizes.get(folder) != size}
    for one in distributions(layout.site_packages):
        if os.path.basename(one.folder) in stamp.records:
            wrong = damage(one, hashes=False)
            if any(stamp.known.get(each.key) != each.what for each in wrong):
                names.add(one.name)
    return tuple(sorted(names))
