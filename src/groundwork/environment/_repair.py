"""Install again what findings say is damaged.

Rule: only the packages that a finding names, in the versions of the lock, hashes checked; each is looked at again
afterwards. Killed at any instant, the next repair goes on, and until then ``check`` says so.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from groundwork._failpoints import failpoint
from groundwork.environment._exclusive import exclusive
from groundwork.environment._finding import Finding
from groundwork.environment._installer import Backend, Installer, choose
from groundwork.environment._layout import Layout
from groundwork.environment._lockfile import Pin, applies, read_lock
from groundwork.environment._packages import installed
from groundwork.environment._record import Damage, damages
from groundwork.environment._set_aside import sweep_pip, unusable_aside
from groundwork.environment._setup import Report, silent, unwritable
from groundwork.environment._stamp import Stamp, read_stamp, record_sizes, write_stamp
from groundwork.environment._subject import Subject, inspect
from groundwork.environment._tool import UNREACHABLE
from groundwork.environment._unfinished import begin_repair, end_repair
from groundwork.errors import EnvironmentBroken

# Failures that come before the installer touches anything.
_UNTOUCHED = (UNREACHABLE, "hash_mismatch")


@dataclass(frozen=True)
class Remedy:
    """What ``repair`` would do to one environment.

    Args:
        python: Its interpreter.
        lock: The lock that it would install from, or empty.
        packages: What it would install again: version by normalized name.
        unpinned: Damaged packages that the lock does not pin for this environment; these it cannot mend.
    """

    python: str
    lock: str
    packages: dict[str, str]
    unpinned: tuple[str, ...]


def remedies(findings: Iterable[Finding]) -> list[Remedy]:
    """Say what ``repair`` would do; nothing is changed.

    Args:
        findings: As ``check`` returns them; those that name no package are passed over.

    Returns:
        One remedy an environment; empty when there is nothing to do.

    Raises:
        ConfigurationError: The lock cannot be read.
        EnvironmentBroken: The interpreter of an environment does not run.
    """
    return [job.remedy for job in _jobs(findings)]


def repair(findings: Iterable[Finding], *, backend: Backend = "auto", report: Report = silent) -> list[str]:
    """Install the packages again that findings name.

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
    done: set[str] = set()
    for job in _jobs(findings):
        if job.pins:
            _repair(job, backend, report)
            done |= job.remedy.packages.keys()
        unpinned = ", ".join(job.remedy.unpinned)
        if unpinned:
            where = f"{job.remedy.lock} does not pin" if job.remedy.lock else "there is no lock that pins"
            raise EnvironmentBroken(
                f"{where} {unpinned}, so it is not known what to install",
                hint="install it again as it was installed",
            )
    return sorted(done)


@dataclass(frozen=True)
class _Job:
    subject: Subject
    pins: list[Pin]
    remedy: Remedy


def _jobs(findings: Iterable[Finding]) -> Iterator[_Job]:
    wanted: dict[tuple[str, str], set[str]] = {}
    for finding in findings:
        if finding.packages and finding.severity != "ok":
            wanted.setdefault((finding.python, finding.lock), set()).update(finding.packages)
    for (python, lock), names in wanted.items():
        subject = inspect(python, Path.cwd(), None)
        pins = [pin for pin in read_lock(Path(lock)) if pin.name in names] if lock else []
        pins = [pin for pin in pins if applies(pin.marker, subject.markers)]
        packages = {pin.name: pin.version for pin in sorted(pins, key=lambda pin: pin.name)}
        yield _Job(subject, pins, Remedy(python, lock, packages, tuple(sorted(names - packages.keys()))))


def _repair(job: _Job, backend: Backend, report: Report) -> None:
    subject, names = job.subject, job.remedy.packages.keys()
    with _held(subject, report) as held_lock:
        installer = choose(backend, held_lock)
        earlier = begin_repair(subject.prefix, names, job.remedy.lock)
        failpoint("environment.repair.begun")
        try:
            if installer.name == "pip" and not any((site / "pip").exists() for site in subject.site_packages):
                installer.provide(subject.python)
            wrong = _install(subject, job.pins, installer, report)
        except EnvironmentBroken as error:
            if error.code in _UNTOUCHED:
                # What a repair before this one left half done still is.
                end_repair(subject.prefix, names - earlier)
            raise
        failpoint("environment.repair.installed")
        sweep_pip(subject.site_packages, names)
        _note(subject, names, wrong)
        failpoint("environment.repair.noted")
        end_repair(subject.prefix, names)
    for one in wrong:
        if one.gone:
            raise EnvironmentBroken(
                f"{one.package}: {one.path} {one.what}, even after a fresh installation",
                hint="create the environment anew",
            )


@contextmanager
def _held(subject: Subject, report: Report) -> Iterator[int]:
    waiting = partial(report, "another set-up is at work on it; waiting for that to end")
    lock = Layout(subject.prefix).lock
    try:
        lock.touch()
    except OSError as error:
        raise unwritable(subject.prefix, error) from error
    with exclusive(lock, waiting=waiting) as descriptor:
        yield descriptor


def _install(subject: Subject, pins: list[Pin], installer: Installer, report: Report) -> list[Damage]:
    names = {pin.name for pin in pins}
    wrong: list[Damage] = []
    # uv links from its cache, so the damage may be in the cache as well: the second try goes without.
    for cache in (True, False):
        report(f"installing again: {', '.join(sorted(names))}" + ("" if cache else " (without cache)"))
        try:
            _install_once(subject, pins, installer, cache=cache, every=False)
        except EnvironmentBroken as error:
            if error.code != EnvironmentBroken.default_code:
                raise
            # Neither network nor hash nor disk: as a rule the old metadata, over which it failed to uninstall.
            report("that failed; trying once more without the metadata of what is there")
            _install_once(subject, pins, installer, cache=cache, every=True)
        wrong = damages([one for one in installed(subject).values() if one.name in names])
        if not wrong:
            break
    return wrong


def _install_once(subject: Subject, pins: list[Pin], installer: Installer, *, cache: bool, every: bool) -> None:
    names = {pin.name for pin in pins}
    with unusable_aside(subject.prefix, subject.site_packages, names, every=every):
        failpoint("environment.repair.aside")
        installer.install(subject.python, pins, again=True, cache=cache)
        failpoint("environment.repair.replaced")


def _note(subject: Subject, names: Iterable[str], wrong: list[Damage]) -> None:
    layout = Layout(subject.prefix, subject.release)
    brought = {one.key: one.what for one in wrong if not one.gone}
    stamp = read_stamp(layout)
    if stamp is None and brought:
        # Made by other means; the note says for the next check that the wheels themselves are wrong.
        version = ".".join(str(part) for part in subject.release)
        stamp = Stamp("ready", str(subject.prefix), f"{subject.markers['implementation_name']} {version}")
    if stamp is None or stamp.state != "ready":
        return
    heads = tuple(f"{name}/" for name in names)
    known = {key: what for key, what in stamp.known.items() if not key.startswith(heads)}
    write_stamp(layout, replace(stamp, records=record_sizes(layout), known=known | brought))
