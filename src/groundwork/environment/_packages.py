"""The check of installed packages against the lock.

Rule: a package is judged by its metadata on disk; nothing is imported.
"""

import importlib.util
from collections.abc import Iterator

from groundwork.environment._finding import Finding
from groundwork.environment._lockfile import applies, read_lock
from groundwork.environment._mends import reinstalled
from groundwork.environment._record import Distribution, distributions
from groundwork.environment._subject import Subject


def installed(subject: Subject) -> dict[str, Distribution]:
    """List what is installed in an environment.

    Args:
        subject: The environment.

    Returns:
        Packages by normalized name.
    """
    # Python takes the first that it finds.
    found: dict[str, Distribution] = {}
    for folder in subject.site_packages:
        found = {one.name: one for one in distributions(folder)} | found
    return found


def check_packages(subject: Subject) -> Iterator[Finding]:
    """Compare installed versions with the lock, and look for packages that are installed twice.

    Args:
        subject: The environment.

    Yields:
        One finding a package that is missing, of another version or there twice, or one that all is well.
    """
    pins = [] if subject.lock is None else read_lock(subject.lock)
    wanted = {pin.name: pin.version for pin in pins if applies(pin.marker, subject.markers)}
    here = installed(subject)
    twice = _twice(subject)
    for name, versions in twice.items():
        found = f"{name} is installed {len(versions)} times: {', '.join(versions)}"
        version = wanted.get(name, versions[-1])
        yield reinstalled(subject, "packages", found, f"{name} {version} alone", [(name, f"{name}=={version}")])
    wrong = [
        name
        for name, version in wanted.items()
        if name not in twice and (name not in here or not same_version(here[name].version, version))
    ]
    for name in wrong:
        found = f"{name} {here[name].version}" if name in here else f"{name} is not installed"
        expected = f"{name} {wanted[name]}"
        yield reinstalled(subject, "packages", found, expected, [(name, f"{name}=={wanted[name]}")])
    if subject.lock is None:
        yield Finding("packages", "ok", f"no requirements.lock in {subject.workdir}; nothing to compare with")
    elif not wrong and not twice:
        yield Finding("packages", "ok", f"{len(wanted)} packages are as {subject.lock.name} pins them")


def _twice(subject: Subject) -> dict[str, list[str]]:
    """Find what a broken-off installation leaves: metadata of two versions, of which either may be true."""
    versions: dict[str, list[str]] = {}
    for folder in subject.site_packages:
        for one in distributions(folder):
            versions.setdefault(one.name, []).append(one.version)
    return {name: sorted(those) for name, those in versions.items() if len(those) > 1}


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
