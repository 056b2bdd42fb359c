"""Reinstall what findings say is damaged.

Rule: only the packages that a finding names, in the versions of the lock, and each is looked at again afterwards.
"""

from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path

from groundwork.environment._exclusive import exclusive
from groundwork.environment._finding import Finding
from groundwork.environment._installer import Backend, Installer, choose
from groundwork.environment._layout import Layout
from groundwork.environment._lockfile import Pin, read_lock
from groundwork.environment._packages import installed
from groundwork.environment._record import damages
from groundwork.environment._setup import Report, discard_broken_metadata, silent
from groundwork.environment._stamp import read_stamp, record_sizes, write_stamp
from groundwork.environment._subject import Subject, inspect
from groundwork.errors import EnvironmentBroken


def repair(findings: Iterable[Finding], *, backend: Backend = "auto", report: Report = silent) -> list[str]:
    """Reinstall the packages that findings name.

    Args:
        findings: As ``check`` returns them; those that name no package are passed over.
        backend: ``uv``, ``pip``, or ``auto``: uv when it is there.
        report: Called with what is being done, one line each.

    Returns:
        Names of the packages installed again, sorted; empty when there was nothing to do.

    Raises:
        ConfigurationError: The lock cannot be read.
        EnvironmentBroken: The installer failed, a package is not pinned, or is still damaged.
    """
    wanted: dict[tuple[str, str], set[str]] = {}
    for finding in findings:
        if finding.packages and finding.severity != "ok":
            wanted.setdefault((finding.python, finding.lock), set()).update(finding.packages)
    done: set[str] = set()
    for (python, lock), names in wanted.items():
        done |= _repair_one(python, lock, names, backend, report)
    return sorted(done)


def _repair_one(python: str, lock: str, names: set[str], backend: Backend, report: Report) -> set[str]:
    pins = [pin for pin in read_lock(Path(lock)) if pin.name in names] if lock else []
    subject = inspect(python, Path.cwd(), None)
    if pins:
        waiting = partial(report, "another set-up is at work on it; waiting for that to end")
        with exclusive(Layout(subject.prefix).lock, waiting=waiting) as held_lock:
            _reinstall(subject, pins, choose(backend, held_lock), report)
    left = names - {pin.name for pin in pins}
    if left:
        where = f"{lock} does not pin" if lock else "there is no lock that pins"
        raise EnvironmentBroken(
            f"{where} {', '.join(sorted(left))}, so it is not known what to install",
            hint="python3 bootstrap.py setup, or install it again as it was installed",
        )
    return names


def _reinstall(subject: Subject, pins: list[Pin], installer: Installer, report: Report) -> None:
    names = {pin.name for pin in pins}
    # uv links from its cache, so the damage may be in the cache as well: the second try goes without.
    for cache in (True, False):
        report(f"installing again: {', '.join(sorted(names))}" + ("" if cache else " (without cache)"))
        for folder in subject.site_packages:
            discard_broken_metadata(folder, names)
        installer.install(subject.python, pins, again=True, cache=cache)
        packages = [one for one in installed(subject).values() if one.name in names]
        wrong = damages(packages)
        if not wrong:
            break
    layout = Layout(subject.prefix)
    stamp = read_stamp(layout)
    if stamp is not None and stamp.state == "ready":
        known = {**stamp.known, **{one.key: one.what for one in wrong if not one.gone}}
        write_stamp(layout, replace(stamp, records=record_sizes(layout), known=known))
    gone = [one for one in wrong if one.gone]
    if gone:
        raise EnvironmentBroken(
            f"{gone[0].package}: {gone[0].path} {gone[0].what}, even after a fresh installation",
            hint="create the environment anew",
        )
