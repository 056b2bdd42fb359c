"""Create an environment from a lock.

Rule: exactly what the lock pins, every download checked against its hash; killed at any instant, the old environment
stands there or none. It is built beside its place and swapped in when it is whole.
With what is needed in uv's cache it costs about a second; with pip, the better part of a minute.
"""

import os
import shutil
from dataclasses import replace
from pathlib import Path

from groundwork._failpoints import failpoint
from groundwork.environment._installer import Backend, Installer, choose
from groundwork.environment._layout import Layout
from groundwork.environment._lockfile import read_lock
from groundwork.environment._relocate import relocate, swap
from groundwork.environment._setup import Report, Setup, held, silent, unwritable
from groundwork.environment._stamp import read_stamp, record_sizes, write_stamp

_IN_PLACE = os.name == "nt"


def create(
    path: Path | str,
    lock: Path | str,
    *,
    backend: Backend = "auto",
    project: Path | str | None = None,
    report: Report = silent,
) -> Path:
    """Create a virtual environment of the running interpreter with exactly what a lock pins.

    An environment that stands there already is replaced, when the new one is whole and not before. A failure or a kill
    leaves the old one, or none where there was none; the remains beside it are swept by the next call. On Windows it
    is built in its place, and a kill leaves a note by which the next call begins anew.

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
    layout, lock = Layout(Path(os.path.abspath(path))), Path(lock).absolute()
    folder = None if project is None else Path(project).absolute()
    pins = read_lock(lock)
    with held(layout, report) as held_lock:
        installer: Installer = choose(backend, held_lock)
        if _IN_PLACE:
            Setup(layout, lock, pins, installer, folder, report).build()
            return layout.python
        # A link of that name keeps its place; the environment behind it is what is replaced.
        place = Path(os.path.realpath(layout.root))
        fresh = Layout(place.with_name(f".{place.name}.groundwork-new"))
        try:
            _sweep(fresh.root)
            fresh.root.mkdir()
            Setup(fresh, lock, pins, installer, folder, report).build()
            _put(fresh, layout, place)
        except OSError as error:
            raise unwritable(place, error) from error
        finally:
            # What cannot be removed now must not hide how it ended; the next call sweeps it, or says why not.
            _sweep(fresh.root, ignore_errors=True)
    return layout.python


def _put(fresh: Layout, layout: Layout, place: Path) -> None:
    relocate(fresh, place)
    stamp = read_stamp(fresh)
    if stamp is not None:
        write_stamp(fresh, replace(stamp, location=str(layout.root), records=record_sizes(fresh)))
    # The same lock, not one of its kind: whoever waits for it must find it at its place afterwards.
    os.link(place / layout.lock.name, fresh.lock)
    failpoint("environment.create.before_swap")
    swap(fresh.root, place)
    failpoint("environment.create.after_swap")


def _sweep(root: Path, *, ignore_errors: bool = False) -> None:
    for path in (root, root.with_name(root.name + "-old")):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=ignore_errors)
