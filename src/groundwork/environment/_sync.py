"""Make an environment equal its lock.

Rule: only what differs is touched: missing, drifted and damaged packages are installed, strays are removed on request
and listed otherwise. Killed at any instant, the same call goes on; it costs one pass over the installed bytes.
"""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from groundwork._failpoints import failpoint
from groundwork.environment._installer import Backend, choose
from groundwork.environment._layout import Layout
from groundwork.environment._lockfile import Pin, applies, read_lock
from groundwork.environment._packages import installed, same_version
from groundwork.environment._record import Damage, Distribution, damages
from groundwork.environment._setup import Report, Setup, held, silent
from groundwork.environment._stamp import Stamp, digest, read_stamp, record_sizes, write_stamp
from groundwork.environment._subject import Subject, inspect
from groundwork.errors import EnvironmentBroken

# The installer itself is no part of what a lock describes.
_TOOLS = frozenset({"pip"})


@dataclass(frozen=True)
class SyncResult:
    """What ``sync`` did.

    Args:
        python: The environment's interpreter.
        changes: What was installed or removed, in words: ``numpy 2.4.5 -> 2.4.6``, ``rich 15.0.0 installed again``.
        strays: What is installed, is not in the lock, and was left there.
    """

    python: Path
    changes: tuple[str, ...]
    strays: tuple[str, ...]


def sync(
    path: Path | str,
    lock: Path | str,
    *,
    prune: bool = False,
    backend: Backend = "auto",
    report: Report = silent,
) -> SyncResult:
    """Make an environment equal its lock; of whatever Python it is.

    A project that is installed in place, and pip itself, are no strays.

    Args:
        path: Folder of the environment.
        lock: A requirements.lock with hashes.
        prune: Whether to remove packages that the lock does not pin.
        backend: ``uv``, ``pip``, or ``auto``: uv when it is there.
        report: Called with what is being done, one line each.

    Returns:
        What changed.

    Raises:
        ConfigurationError: The lock is missing or is none.
        EnvironmentBroken: There is no environment, or none that runs; the installer failed; a wrong hash, no network.
    """
    root, lock = Path(os.path.abspath(path)), Path(lock).absolute()
    pins = read_lock(lock)
    layout = Layout(root)
    stamp = read_stamp(layout)
    if not layout.config.exists() or (stamp is not None and stamp.state == "building"):
        raise EnvironmentBroken(f"there is no whole environment at {root}", hint=f"groundwork env create {root}")
    with held(layout, report) as held_lock:
        subject = inspect(root, root.parent, lock)
        layout = Layout(root, subject.release)
        installer = choose(backend, held_lock)
        setup = Setup(layout, lock, [pin for pin in pins if applies(pin.marker, subject.markers)], installer, None)
        plan = _plan(subject, setup.pins, read_stamp(layout))
        strays = plan.strays if prune else ()
        if plan.wanted or strays:
            before = read_stamp(layout)
            setup.begin("updating")
            _apply(setup, plan, [one.name for one in strays], report)
            _note(setup, subject, before)
        elif (before := read_stamp(layout)) is not None and (before.state, before.lock) != ("ready", digest(lock)):
            _note(setup, subject, before)
    removed = [f"{one.name} {one.version} removed" for one in strays]
    left = () if prune else tuple(f"{one.name} {one.version}" for one in plan.strays)
    return SyncResult(layout.python, tuple(sorted([*plan.words, *removed])), left)


@dataclass(frozen=True)
class _Plan:
    wanted: Sequence[Pin]
    words: Sequence[str]
    again: bool
    strays: Sequence[Distribution]


def _plan(subject: Subject, pins: Sequence[Pin], stamp: Stamp | None) -> _Plan:
    here = installed(subject)
    pinned = {pin.name for pin in pins}
    harmed = {one.package for one in _wrong(here, pinned, stamp)}
    wanted, words = [], []
    for pin in pins:
        one = here.get(pin.name)
        if one is None:
            words.append(f"{pin.name} {pin.version} installed")
        elif not same_version(one.version, pin.version):
            words.append(f"{pin.name} {one.version} -> {pin.version}")
        elif pin.name in harmed:
            words.append(f"{pin.name} {pin.version} installed again")
        else:
            continue
        wanted.append(pin)
    strays = [one for name, one in sorted(here.items()) if name not in pinned | _TOOLS and not _in_place(one)]
    return _Plan(wanted, words, bool(harmed), strays)


def _wrong(here: dict[str, Distribution], names: set[str], stamp: Stamp | None) -> list[Damage]:
    known = stamp.known if stamp is not None else {}
    found = damages([one for name, one in here.items() if name in names])
    return [one for one in found if known.get(one.key) != one.what]


def _in_place(one: Distribution) -> bool:
    try:
        with open(os.path.join(one.folder, "direct_url.json"), encoding="utf-8") as file:
            return bool(json.load(file).get("dir_info", {}).get("editable"))
    except (OSError, ValueError):
        return False


def _apply(setup: Setup, plan: _Plan, strays: Sequence[str], report: Report) -> None:
    python, installer = setup.layout.python, setup.installer
    if plan.wanted:
        report(f"installing {', '.join(pin.name for pin in plan.wanted)} with {installer.name}")
        if plan.again:
            setup.reinstall(pin.name for pin in plan.wanted)
        else:
            installer.install(python, plan.wanted)
    failpoint("environment.sync.after_install")
    if strays:
        report(f"removing {', '.join(strays)}")
        installer.uninstall(python, strays)
    failpoint("environment.sync.after_removal")


def _note(setup: Setup, subject: Subject, before: Stamp | None) -> None:
    names = {pin.name for pin in setup.pins}
    fresh = _wrong(installed(subject), names, before)
    if fresh:
        # uv links files from its cache, which may be damaged as well.
        setup.reinstall({one.package for one in fresh}, cache=False)
    wrong = _wrong(installed(subject), names, None)
    for one in wrong:
        if one.gone:
            raise EnvironmentBroken(
                f"{one.package}: {one.path} {one.what}, even after a fresh installation",
                hint=f"groundwork env create {setup.layout.root}",
            )
    version = ".".join(str(part) for part in subject.release)
    ready = Stamp(
        state="ready",
        location=str(setup.layout.root),
        python=f"{subject.markers['implementation_name']} {version}",
        lock=digest(setup.lock),
        project="" if before is None else before.project,
        records=record_sizes(setup.layout),
        known={one.key: one.what for one in wrong},
    )
    write_stamp(setup.layout, ready)
