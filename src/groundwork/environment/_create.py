"""Create an environment from a lock.

Rule: exactly what the lock pins, every download checked against its hash.
With what is needed in uv's cache it costs about a second; with pip, the better part of a minute.
"""

from pathlib import Path

from groundwork.environment._installer import Backend, choose
from groundwork.environment._layout import Layout
from groundwork.environment._lockfile import read_lock
from groundwork.environment._setup import Report, Setup, held, silent


def create(
    path: Path | str,
    lock: Path | str,
    *,
    backend: Backend = "auto",
    project: Path | str | None = None,
    report: Report = silent,
) -> Path:
    """Create a virtual environment of the running interpreter with exactly what a lock pins.

    An environment that stands there already is replaced. Killed at any instant, the next call begins anew.

    Args:
        path: Folder of the environment.
        lock: A requirements.lock with hashes.
        backend: ``uv``, ``pip``, or ``auto``: uv when it is there.
        project: Folder of a pyproject.toml to install in place as well.
        report: Called with what is being done, one line each.

    Returns:
        The environment's interpreter.

    Raises:
        ConfigurationError: The lock is missing or is none.
        EnvironmentBroken: The folder holds something else or cannot be written, or the installer failed.
    """
    layout, lock = Layout(Path(path).absolute()), Path(lock).absolute()
    folder = None if project is None else Path(project).absolute()
    pins = read_lock(lock)
    with held(layout, report) as held_lock:
        Setup(layout, lock, pins, choose(backend, held_lock), folder, report).build()
    return layout.python
