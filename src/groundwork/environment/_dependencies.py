"""The checks of what installed packages require of each other.

Rule: read from METADATA, markers and extras judged as an installer judges them; nothing is imported. An extra counts
when another package asks for it (``uvicorn[standard]``): which ones a user once asked for is written down nowhere.
"""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from groundwork.environment._finding import Finding
from groundwork.environment._mends import install, lock_command, pinned, reinstalled
from groundwork.environment._record import Distribution, distributions, normalize
from groundwork.environment._subject import Subject

# As six-1.16.0.egg-info or lxml-4.9.2-py3.11.egg-info; in these names a dash of a version is written _.
_EGG = re.compile(r"(?P<name>[^-]+)-(?P<version>[^-]+)(?:-py[\d.]+(?:-.+)?)?\.egg-info")


@dataclass(frozen=True)
class _Unmet:
    package: Distribution
    name: str
    specifier: str
    extra: str
    present: str

    @property
    def wanted(self) -> str:
        return f"{self.name}{self.specifier}"

    @property
    def asker(self) -> str:
        return f"{self.package.name}{f'[{self.extra}]' if self.extra else ''} {self.package.version}"


def check_dependencies(subject: Subject) -> Iterator[Finding]:
    """Look for packages that others need and that are not installed.

    Args:
        subject: The environment.

    Yields:
        One finding a package that is missing, or one that all are there.
    """
    unmet = _unmet_of(subject)
    if unmet is None:
        yield Finding("dependencies", "ok", "not looked for: that needs the package 'packaging'")
        return
    missing: dict[str, list[_Unmet]] = {}
    for one in unmet:
        if not one.present:
            missing.setdefault(one.name, []).append(one)
    locked = pinned(subject)
    for name, those in missing.items():
        askers = ", ".join(dict.fromkeys(one.asker for one in those))
        found = f"{name} is not installed; needed by {askers}"
        wanted = name + ",".join(dict.fromkeys(one.specifier for one in those if one.specifier))
        if name in locked:
            yield reinstalled(subject, "dependencies", found, wanted, [(name, wanted)])
        else:
            fix = install(subject, wanted)
            yield Finding("dependencies", "error", found, wanted, fix, python=str(subject.python))
    if not missing:
        yield Finding("dependencies", "ok", "every package that another needs is installed")


def check_conflicts(subject: Subject) -> Iterator[Finding]:
    """Look for installed packages that need others in a version that is not installed.

    Args:
        subject: The environment.

    Yields:
        One finding a requirement that is not met, or one that all are.
    """
    unmet = _unmet_of(subject)
    if unmet is None:
        yield Finding("conflicts", "ok", "not looked for: that needs the package 'packaging'")
        return
    conflicts = [one for one in unmet if one.present]
    locked = pinned(subject)
    for one in conflicts:
        found = f"{one.asker} needs {one.wanted}, but {one.present} is installed"
        # The lock suits all of its packages, so one of the two is not as it pins it.
        both = {one.name, one.package.name} <= locked
        fix = lock_command(subject) if both else install(subject, one.wanted)
        yield Finding("conflicts", "error", found, "every requirement is met", fix, python=str(subject.python))
    if not conflicts:
        yield Finding("conflicts", "ok", "no package is installed in a version that does not suit another")


def visible(subject: Subject) -> dict[str, Distribution]:
    """List what programs of an environment can import, packages of the system included where it sees them.

    Args:
        subject: The environment.

    Returns:
        Packages by normalized name.
    """
    found: dict[str, Distribution] = {}
    for folder in dict.fromkeys([*subject.site_packages, *subject.path]):
        found = {one.name: one for one in (*_eggs(folder), *distributions(folder))} | found
    return found


def _eggs(folder: Path) -> Iterator[Distribution]:
    """List packages of the old kind, which systems still bring: what they require is not told, but they are there."""
    try:
        names = [name for name in os.listdir(folder) if name.endswith(".egg-info")]
    except OSError:
        return
    for name in names:
        match = _EGG.fullmatch(name)
        if match is not None:
            yield Distribution(normalize(match["name"]), match["version"], os.path.join(folder, name))


def _unmet_of(subject: Subject) -> list[_Unmet] | None:
    return subject.once("unmet", lambda: _judge(visible(subject), subject.markers))


def _packaging() -> Any:
    try:
        from packaging import requirements
    except ImportError:
        try:
            # Before groundwork is installed: an environment with pip has a copy in it.
            from pip._vendor.packaging import requirements  # type: ignore[import-not-found,no-redef,unused-ignore]
        except ImportError:
            return None
    return requirements


def _judge(here: Mapping[str, Distribution], markers: Mapping[str, str]) -> list[_Unmet] | None:
    requirements = _packaging()
    if requirements is None:
        return None
    parsed = {name: list(_requirements(one, requirements)) for name, one in here.items()}
    unmet: list[_Unmet] = []
    todo = [(name, "") for name in here]
    asked = set(todo)
    for name, extra in todo:  # grows while extras are asked for
        for needed in parsed[name]:
            if not _applies(needed.marker, markers, extra):
                continue
            wanted = normalize(needed.name)
            other = here.get(wanted)
            if other is None:
                unmet.append(_Unmet(here[name], wanted, str(needed.specifier), extra, ""))
                continue
            if not _suits(needed.specifier, other.version):
                unmet.append(_Unmet(here[name], wanted, str(needed.specifier), extra, other.version))
            for one in needed.extras:
                if (wanted, one) not in asked:
                    asked.add((wanted, one))
                    todo.append((wanted, one))
    return unmet


def _suits(specifier: Any, version: str) -> bool:
    try:
        return bool(specifier.contains(version, prereleases=True))
    except ValueError:
        # What is no version is in no range; packaging before 26 raises.
        return not str(specifier)


def _applies(marker: Any, markers: Mapping[str, str], extra: str) -> bool:
    if marker is None:
        return not extra
    try:
        # Without the extra it is judged with the package itself.
        if extra and marker.evaluate({**markers, "extra": ""}):
            return False
        return bool(marker.evaluate({**markers, "extra": extra}))
    except ValueError:
        # A comparison that is none: like a requirement that cannot be read, it asks for nothing.
        return False


def _requirements(one: Distribution, requirements: Any) -> Iterator[Any]:
    # A header ends at the first blank line; reading it by hand is twenty times faster than the email package.
    try:
        with open(os.path.join(one.folder, "METADATA"), encoding="utf-8", errors="replace") as file:
            for line in file:
                if not line.strip():
                    return
                if line.startswith("Requires-Dist:"):
                    try:
                        yield requirements.Requirement(line.partition(":")[2].strip())
                    except requirements.InvalidRequirement:
                        continue
    except OSError:
        # The check of files says so.
        return
