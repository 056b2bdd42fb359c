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
            wanted = [(pin.name, f"{pin.name}=={pin.version}")]
            yield reinstalled(subject, "packages", found, f"{pin.name} {pin.version}", wanted)
    if not wrong:
        yield Finding("packages", "ok", f"{len(pins)} packages are as {subject.lock.name} pins them")


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
