"""Build an environment from a lock, and bring one back to it.

Rule: a note stands in the environment while anything changes, so that whoever comes after a kill knows how far it was.
An environment is built where it will stay, because its scripts carry their absolute path.
"""

import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from groundwork._failpoints import failpoint
from groundwork.environment._exclusive import exclusive
from groundwork.environment._installer import Installer
from groundwork.environment._layout import Layout
from groundwork.environment._lockfile import Pin
from groundwork.environment._record import Damage, damage, damages, distributions
from groundwork.environment._stamp import Stamp, digest, read_stamp, record_sizes, running_version, write_stamp
from groundwork.errors import EnvironmentBroken

Report = Callable[[str], None]

# How often the folder may vanish between its making and its locking before that is told.
_ENTRIES = 100


def silent(message: str) -> None:
    """Report nothing.

    Args:
        message: Dropped.
    """


@dataclass(frozen=True)
class Setup:
    """One set-up; its caller holds the environment's lock.

    Args:
        layout: The environment.
        lock: The lock's file.
        pins: What the lock pins.
        installer: The tool.
        project: Folder of a project to install in place, or None.
        report: Told what is being done.
    """

    layout: Layout
    lock: Path
    pins: Sequence[Pin]
    installer: Installer
    project: Path | None = None
    report: Report = silent

    def build(self) -> None:
        """Make the environment anew.

        Raises:
            EnvironmentBroken: A folder cannot be written, or the tool failed.
        """
        self.begin("building")
        try:
            self._empty()
        except OSError as error:
            raise unwritable(self.layout.root, error) from error
        self.installer.make_venv(self.layout.root)
        failpoint("environment.setup.after_venv")
        self.fill()

    def fill(self) -> None:
        """Install everything into an environment that has an interpreter."""
        self.begin("updating")
        self.report(f"installing up to {len(self.pins)} packages of {self.lock.name} with {self.installer.name}")
        self.installer.install(self.layout.python, self.pins)
        failpoint("environment.setup.after_packages")
        if self.project is not None:
            self.report("installing the project itself, in place")
            self.installer.install_project(self.layout.python, self.project)
        self.installer.provide(self.layout.python)
        self.settle()

    def settle(self) -> None:
        """Look at what was installed, reinstall what is damaged, write the note.

        uv links files from its cache, so what is damaged in one environment may be damaged in the cache too.
        A second installation without cache mends that; what still differs is the wheel's own mistake and is noted.

        Raises:
            EnvironmentBroken: Files are missing even so.
        """
        wrong = self._damages()
        if wrong:
            names = sorted({one.package for one in wrong})
            self.report(f"installing again without cache, because files are damaged: {', '.join(names)}")
            self.reinstall(names, cache=False)
            wrong = self._damages()
        for one in wrong:
            if one.gone:
                raise EnvironmentBroken(
                    f"{one.package}: {one.path} {one.what}, even after a fresh installation",
                    hint=f"delete {self.layout.root} and run the same command again",
                )
        self._finish(wrong)

    def reinstall(self, names: Iterable[str], *, cache: bool = True) -> None:
        """Install some packages again.

        Args:
            names: Normalized names; one that the lock does not pin can only be the project.
            cache: Whether the tool may use its cache.
        """
        wanted = set(names)
        discard_broken_metadata(self.layout.site_packages, wanted)
        pinned = [pin for pin in self.pins if pin.name in wanted]
        if pinned:
            self.installer.install(self.layout.python, pinned, again=True, cache=cache)
        if self.project is not None and wanted - {pin.name for pin in pinned}:
            self.installer.install_project(self.layout.python, self.project)

    def begin(self, state: Literal["building", "updating"]) -> None:
        """Note that the environment is being changed.

        Args:
            state: How far it is.

        Raises:
            EnvironmentBroken: It cannot be written.
        """
        try:
            write_stamp(self.layout, Stamp(state, str(self.layout.root), running_version()))
        except OSError as error:
            raise unwritable(self.layout.root, error) from error

    def _finish(self, known: Sequence[Damage]) -> None:
        ready = Stamp(
            state="ready",
            location=str(self.layout.root),
            python=running_version(),
            lock=digest(self.lock),
            project=digest(self.project / "pyproject.toml") if self.project else "",
            records=record_sizes(self.layout),
            known={one.key: one.what for one in known},
        )
        try:
            write_stamp(self.layout, ready)
        except OSError as error:
            raise unwritable(self.layout.root, error) from error

    def _damages(self) -> list[Damage]:
        return damages(distributions(self.layout.site_packages))

    def _empty(self) -> None:
        # The note and the lock stay: they must outlive a kill in between.
        keep = {self.layout.stamp.name, self.layout.lock.name}
        with os.scandir(self.layout.root) as entries:
            for entry in list(entries):
                if entry.is_dir(follow_symlinks=False):
                    shutil.rmtree(entry.path)
                elif entry.name not in keep:
                    os.unlink(entry.path)


@contextmanager
def held(layout: Layout, report: Report) -> Iterator[int]:
    """Hold the set-up's lock of an environment, making its folder if need be.

    A folder that holds something else is left as it was, and where no environment came about, nothing is left that was
    not there before.

    Args:
        layout: The environment.
        report: Told when another process has the lock.

    Yields:
        The lock's descriptor.

    Raises:
        EnvironmentBroken: The folder cannot be made or written, or holds something that is no environment.
    """
    waiting = partial(report, "another set-up is at work on it; waiting for that to end")
    with ExitStack() as stack:
        for attempt in range(_ENTRIES):
            made = _folders_made(layout)
            try:
                descriptor = stack.enter_context(exclusive(layout.lock, waiting=waiting))
                break
            except OSError as error:
                # A set-up that failed has just removed the folder that it had made.
                if not isinstance(error, FileNotFoundError) or attempt + 1 == _ENTRIES:
                    raise unwritable(layout.root, error) from error
        try:
            _refuse_others(layout)
            yield descriptor
        finally:
            _tidy(layout, made)


def _folders_made(layout: Layout) -> list[Path]:
    root = layout.root
    if root.exists() and not root.is_dir():
        raise _in_the_way(root, "a file")
    missing = [folder for folder in (root, *root.parents) if not folder.exists()]
    try:
        root.mkdir(parents=True, exist_ok=True)
        # While another set-up is at work the folder is judged later, with the lock.
        if not layout.lock.exists():
            _refuse_others(layout)
    except OSError as error:
        raise unwritable(root, error) from error
    return missing


def _refuse_others(layout: Layout) -> None:
    others = [name for name in os.listdir(layout.root) if name != layout.lock.name]
    if others and not layout.config.exists() and read_stamp(layout) is None:
        raise _in_the_way(layout.root, "not a virtual environment")


def _tidy(layout: Layout, made: Sequence[Path]) -> None:
    # Its caller holds the lock. Windows keeps a file that is open, and the folder with it.
    with suppress(OSError):
        if os.listdir(layout.root) == [layout.lock.name]:
            layout.lock.unlink()
            for folder in made:
                folder.rmdir()


def _in_the_way(root: Path, what: str) -> EnvironmentBroken:
    return EnvironmentBroken(f"{root} is in the way: it is {what}", hint="move it away and run the same command again")


def unwritable(path: Path, error: OSError) -> EnvironmentBroken:
    """Say that a place cannot be written.

    Args:
        path: The place.
        error: Why.

    Returns:
        The error to raise.
    """
    return EnvironmentBroken(
        f"cannot write {path}: {error.strerror or error}",
        hint="copy the project to a folder that you may write, or mend the permissions or the disk",
    )


def discard_broken_metadata(site_packages: Path, names: Iterable[str]) -> None:
    """Remove the ``.dist-info`` of packages whose RECORD is unusable: no installer can uninstall by it.

    Args:
        site_packages: The folder of the packages.
        names: Normalized names.
    """
    wanted = set(names)
    for one in distributions(site_packages):
        if one.name in wanted and any(wrong.path == "RECORD" for wrong in damage(one, hashes=False)):
            shutil.rmtree(one.folder, ignore_errors=True)
