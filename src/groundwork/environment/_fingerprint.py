"""What a result depended on besides code and data: interpreter, packages, native libraries, variables, cores.

Rule: equal digests mean that nothing recorded here differs. All is read from names of files and a few small ones, and
nothing is imported. Cost: about 20 ms for 100 packages the first time in a process, then 3 ms, for only what an
installer has changed since is read again.
"""

import hashlib
import json
import os
import platform
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, fields
from typing import Any

from groundwork.environment._builds import build_of
from groundwork.environment._in_use import IN_USE, in_use
from groundwork.environment._machine import usable_cores
from groundwork.environment._native import MACHINE, native
from groundwork.environment._record import Distribution, distributions
from groundwork.environment._variables import DEVICES, other_variables, thread_variables
from groundwork.errors import InvalidDataError


@dataclass(frozen=True)
class Fingerprint:
    """An environment in comparable form; a field that is None was not recorded.

    Args:
        python: Full version, as ``3.11.7``.
        implementation: As ``cpython``.
        platform: System and machine, as ``Linux x86_64``.
        cores: Cores that the process may use.
        packages: Versions by normalized name.
        threads: Variables that set numbers of threads, by name; None where unset.
        build: The compiler of the interpreter, and ``free-threaded`` if it is.
        hashes: The build of each package by normalized name: the start of a sha256 over its wheel's RECORD, or
            ``editable``.
        native: Libraries and hardware by kind: ``cpu``, ``libc``, ``blas``, ``openmp``, ``cuda``, ``driver``, ``gpu``;
            None where there is none.
        variables: Other variables that change results, as ``PYTHONHASHSEED``; None where unset.
    """

    python: str
    implementation: str
    platform: str
    cores: float
    packages: Mapping[str, str]
    threads: Mapping[str, str | None]
    build: str | None = None
    hashes: Mapping[str, str] | None = None
    native: Mapping[str, str | None] | None = None
    variables: Mapping[str, str | None] | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the fingerprint as plain data.

        Returns:
            Every recorded field by name, and ``digest``.
        """
        return {**self._recorded(), "digest": self.digest}

    @property
    def digest(self) -> str:
        """sha256 of the recorded fields, hex; equal for equal environments."""
        return _sha256(self._recorded())

    @property
    def lasting_digest(self) -> str:
        """The same without what may change from one start to the next where nothing was installed or set.

        That is the cores and devices that were given to the process, and the processor, driver and devices of the
        machine.
        """
        lasting = self._recorded()
        del lasting["cores"]
        for field, names in (("native", (*MACHINE, *IN_USE)), ("variables", DEVICES)):
            if field in lasting:
                lasting[field] = {name: value for name, value in lasting[field].items() if name not in names}
        return _sha256(lasting)

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> "Fingerprint":
        """Read what ``to_dict`` wrote, also that of an earlier groundwork, which recorded less.

        Args:
            fields: The fields; others are passed over.

        Returns:
            The fingerprint.

        Raises:
            InvalidDataError: A field is missing or holds something else.
        """
        found = {name: fields[name] for name in _FIELDS if fields.get(name) is not None}
        missing = [name for name in _FIELDS if name not in found and name not in _LATER]
        wrong = [name for name, value in found.items() if not _fits(name, value)]
        if missing or wrong:
            reason = f"it has no {missing[0]!r}" if missing else f"{wrong[0]} is {found[wrong[0]]!r:.60}"
            raise InvalidDataError(
                f"this is no fingerprint: {reason}", hint="write one: groundwork env fingerprint --json"
            )
        return cls(**found)

    def _recorded(self) -> dict[str, Any]:
        values = {name: getattr(self, name) for name in _FIELDS}
        return {
            name: dict(value) if isinstance(value, Mapping) else value
            for name, value in values.items()
            if value is not None
        }


_FIELDS = tuple(field.name for field in fields(Fingerprint))
_LATER = ("build", "hashes", "native", "variables")
_TEXTS = ("python", "implementation", "platform", "build")


def fingerprint(*, ask: bool = False) -> Fingerprint:
    """Describe the running interpreter and its environment.

    Args:
        ask: Import numpy, scipy, scikit-learn and torch, if installed, and add to ``native`` what their libraries say
            of themselves: kernels and threads in use. Takes seconds, and is compared only with one that asked as well.

    Returns:
        The fingerprint.
    """
    folders = list(dict.fromkeys(folder or os.curdir for folder in sys.path))
    found: dict[str, Distribution] = {}
    for folder in folders:
        # What cannot be read is nothing to an import either, which passes over it.
        with suppress(PermissionError):
            for one in distributions(folder):
                # The first on the path is the one that an import finds.
                found.setdefault(one.name, one)
    installed = [found[name] for name in sorted(found)]
    builds = {one.name: build_of(one) for one in installed}
    return Fingerprint(
        python=platform.python_version(),
        implementation=sys.implementation.name,
        platform=f"{platform.system()} {platform.machine()}",
        cores=usable_cores(),
        packages={one.name: one.version for one in installed},
        threads=thread_variables(),
        build=platform.python_compiler() + (", free-threaded" if "t" in getattr(sys, "abiflags", "") else ""),
        hashes={name: build for name, build in builds.items() if build is not None},
        native=native(folders) | (in_use() if ask else {}),
        variables=other_variables(),
    )


def diff(a: Fingerprint | Mapping[str, Any], b: Fingerprint | Mapping[str, Any]) -> list[str]:
    """Say in words what changed from one environment to another.

    What one of the two did not record, because an earlier groundwork took it, is no difference.

    Args:
        a: The earlier, a fingerprint or its ``to_dict()``.
        b: The later.

    Returns:
        One line a difference, as ``numpy 2.4.5 -> 2.4.6``; empty when nothing differs.

    Raises:
        InvalidDataError: One of them is no fingerprint.
    """
    old, new = (one if isinstance(one, Fingerprint) else Fingerprint.from_dict(one) for one in (a, b))
    return [
        *_single(old, new),
        *_packages(old, new),
        *_named(old.native, new.native, absent="none"),
        *_named(old.threads, new.threads, absent="unset"),
        *_named(old.variables, new.variables, absent="unset"),
    ]


_SINGLE = {
    "python": "python",
    "implementation": "implementation",
    "build": "python build",
    "platform": "platform",
    "cores": "cores",
}


def _single(old: Fingerprint, new: Fingerprint) -> list[str]:
    pairs = [(label, getattr(old, name), getattr(new, name)) for name, label in _SINGLE.items()]
    return [f"{label} {was} -> {now}" for label, was, now in pairs if was != now and None not in (was, now)]


def _packages(old: Fingerprint, new: Fingerprint) -> list[str]:
    lines = []
    for name in sorted({*old.packages, *new.packages}):
        was, now = old.packages.get(name), new.packages.get(name)
        if was != now:
            before, after = ("not installed" if one is None else one for one in (was, now))
            lines.append(f"{name} {before} -> {after}")
            continue
        builds = [(one.hashes or {}).get(name) for one in (old, new)]
        if builds[0] != builds[1] and None not in builds:
            one, other = (build if build == "editable" else f"sha256 {build}" for build in builds)
            lines.append(f"{name} {was} ({one}) -> {now} ({other})")
    return lines


def _named(old: Mapping[str, str | None] | None, new: Mapping[str, str | None] | None, *, absent: str) -> list[str]:
    old, new = old or {}, new or {}
    # Every name that a groundwork knows is written, unset or not: a name that is not there was not looked at.
    changed = [name for name in sorted({*old} & {*new}) if old[name] != new[name]]
    return [f"{name} {' -> '.join(_unlike(old[name], new[name], absent))}" for name in changed]


def _unlike(was: str | None, now: str | None, absent: str) -> tuple[str, str]:
    """Leave out the parts of two lists that are the same in both."""
    before, after = ([] if one is None else one.split("; ") for one in (was, now))
    only = ([one for one in before if one not in after], [one for one in after if one not in before])
    if not any(only):
        return was or absent, now or absent
    return "; ".join(only[0]) or absent, "; ".join(only[1]) or absent


def _fits(name: str, value: Any) -> bool:
    if name in _TEXTS:
        return isinstance(value, str)
    if name == "cores":
        return isinstance(value, int | float)
    allowed = str if name in ("packages", "hashes") else str | None
    return isinstance(value, Mapping) and all(
        isinstance(key, str) and isinstance(each, allowed) for key, each in value.items()
    )


def _sha256(content: Mapping[str, Any]) -> str:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
