"""Checks of what is installed: against the lock, against RECORD, against each other.

Rule: a package is judged by its files and its metadata on disk; nothing is imported.
"""

import importlib.util
import os
import shlex
from collections.abc import Iterator, Mapping

from groundwork.environment._finding import Finding
from groundwork.environment._layout import Layout
from groundwork.environment._lockfile import applies, read_lock
from groundwork.environment._record import Distribution, damages, distributions, normalize
from groundwork.environment._stamp import read_stamp
from groundwork.environment._subject import Subject

_SHOWN = 5


def installed(subject: Subject) -> dict[str, Distribution]:
    """List what is installed in an environment.

    Args:
        subject: The environment.

    Returns:
        Packages by normalized name.
    """
    return {one.name: one for folder in subject.site_packages for one in distributions(folder)}


def check_packages(subject: Subject) -> Iterator[Finding]:
    """Compare installed versions with the lock.

    Args:
        subject: The environment.

    Yields:
        One finding a package that is missing or of another version, or one that all is well.
    """
    if subject.lock is None:
        yield Finding("packages", "ok", f"no requirements.lock in {subject.workdir}; nothing to compare with")
        return
    pins = [pin for pin in read_lock(subject.lock) if applies(pin.marker, subject.markers)]
    here = installed(subject)
    wrong = 0
    for pin in pins:
        one = here.get(pin.name)
        if one is None or not same_version(one.version, pin.version):
            wrong += 1
            found = f"{pin.name} is not installed" if one is None else f"{pin.name} {one.version}"
            yield _mendable(subject, "packages", found, f"{pin.name} {pin.version}", pin.name)
    if not wrong:
        yield Finding("packages", "ok", f"{len(pins)} packages are as {subject.lock.name} pins them")


def _mendable(subject: Subject, check: str, found: str, expected: str, name: str) -> Finding:
    lock = "" if subject.lock is None else str(subject.lock)
    fix = f"groundwork env check --fix --python {shlex.quote(str(subject.python))}"
    return Finding(check, "error", found, expected, fix, (name,), str(subject.python), lock)


def same_version(one: str, other: str) -> bool:
    """Say whether two versions are the same, however they are written.

    Args:
        one: A version, as ``1.0``.
        other: Another, as ``1.0.0``.

    Returns:
        True if they are.
    """
    if one == other:
        return True
    if importlib.util.find_spec("packaging") is None:
        return one.lower() == other.lower()
    from packaging.version import InvalidVersion, Version

    try:
        return Version(one) == Version(other)
    except InvalidVersion:
        return False


def check_files(subject: Subject) -> Iterator[Finding]:
    """Compare every installed file with the hash in its package's RECORD.

    Args:
        subject: The environment.

    Yields:
        One finding a package with damaged files, or one that all is well.
    """
    packages = list(installed(subject).values())
    stamp = read_stamp(Layout(subject.prefix))
    known: Mapping[str, str] = stamp.known if stamp else {}
    by_package: dict[str, list[str]] = {}
    forgiven: dict[str, list[str]] = {}
    for wrong in damages(packages):
        group = forgiven if known.get(wrong.key) == wrong.what else by_package
        group.setdefault(wrong.package, []).append(f"{wrong.path} {wrong.what}")
    for name, files in sorted(by_package.items()):
        yield _mendable(subject, "files", f"{name}: {_some(files)}", "every file as its RECORD says", name)
    for name, files in sorted(forgiven.items()):
        yield Finding("files", "warning", f"{name}: {_some(files)}; the package came like this", "a right RECORD")
    if not by_package and not forgiven:
        yield Finding("files", "ok", f"every file of {len(packages)} packages is as its RECORD says")


def _some(items: list[str]) -> str:
    more = len(items) - _SHOWN
    return "; ".join(items[:_SHOWN]) + (f"; and {more} more" if more > 0 else "")


def check_conflicts(subject: Subject) -> Iterator[Finding]:
    """Look for installed packages that need others in a version that is not installed.

    Args:
        subject: The environment.

    Yields:
        One finding a requirement that is not met, or one that all are.
    """
    if importlib.util.find_spec("packaging") is None:
        yield Finding("conflicts", "ok", "not looked for: that needs the package 'packaging'")
        return
    here = installed(subject)
    met = True
    for one in here.values():
        for requirement, why in _unmet(one, here, subject.markers):
            met = False
            yield Finding(
                "conflicts",
                "error",
                f"{one.name} {one.version} needs {requirement}, but {why}",
                "every requirement is met",
                "install the versions of the lock: python3 bootstrap.py setup",
            )
    if met:
        yield Finding("conflicts", "ok", f"the requirements of {len(here)} packages are met")


def _unmet(
    one: Distribution, here: Mapping[str, Distribution], markers: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    from packaging.requirements import InvalidRequirement, Requirement

    for text in _requirements(one):
        try:
            needed = Requirement(text)
        except InvalidRequirement:
            continue
        if needed.marker is not None and not needed.marker.evaluate({**markers, "extra": ""}):
            continue
        other = here.get(normalize(needed.name))
        wanted = f"{needed.name}{needed.specifier}"
        if other is None:
            yield wanted, "it is not installed"
        elif not needed.specifier.contains(other.version, prereleases=True):
            yield wanted, f"{other.version} is installed"


def _requirements(one: Distribution) -> Iterator[str]:
    # A header ends at the first blank line; reading it by hand is twenty times faster than the email package.
    try:
        with open(os.path.join(one.folder, "METADATA"), encoding="utf-8", errors="replace") as file:
            for line in file:
                if not line.strip():
                    return
                if line.startswith("Requires-Dist:"):
                    yield line.partition(":")[2].strip()
    except OSError:
        # The check of files says so.
        return
