"""Versions of features, in the order of Semantic Versioning.

Rule: 1.10 comes after 1.9, 2.0.0-rc.1 before 2.0.0; 1.2 and 1.2.0 are one version. Build metadata (+…) is no part of
the order, and so none of a version here.
"""

import re

from groundwork.errors import ConfigurationError

_VERSION = re.compile(r"(0|[1-9]\d*)(?:\.(0|[1-9]\d*))?(?:\.(0|[1-9]\d*))?(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?")

Order = tuple[int, int, int, bool, tuple[tuple[bool, int, str], ...]]


def version_text(text: str) -> str:
    """Write a version in full.

    Args:
        text: As ``1``, ``1.2``, ``1.2.3`` or ``2.0.0-rc.1``.

    Returns:
        Three numbers, and what follows a hyphen.

    Raises:
        ConfigurationError: It is no such version.
    """
    match = _VERSION.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise ConfigurationError(
            f"version {text!r} is not a semantic version",
            hint="write text as 1.2.0 or 2.0.0-rc.1",
            context={"value": text},
        )
    major, minor, patch, before = match.groups()
    return f"{major}.{minor or 0}.{patch or 0}" + (f"-{before}" if before else "")


def version_order(text: str) -> Order:
    """Give the key that sorts versions.

    Args:
        text: A version.

    Returns:
        The key; a pre-release sorts before its release.

    Raises:
        ConfigurationError: See ``version_text``.
    """
    numbers, _, before = version_text(text).partition("-")
    major, minor, patch = map(int, numbers.split("."))
    parts = [(not part.isdigit(), int(part) if part.isdigit() else 0, part) for part in before.split(".") if part]
    return major, minor, patch, not before, tuple(parts)


def latest_version(versions: list[str]) -> str:
    """Name the newest version: the newest release, or the newest pre-release where there is no release.

    Args:
        versions: At least one.
    """
    releases = [each for each in versions if "-" not in each]
    return max(releases or versions, key=version_order)
