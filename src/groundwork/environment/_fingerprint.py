"""What a result depended on besides code and data: interpreter, packages, threads, cores.

Rule: equal digests mean that nothing recorded here differs. It is read from folder names, not by importing: about 5 ms.
"""

import hashlib
import json
import os
import platform
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

from groundwork.environment._machine import usable_cores
from groundwork.environment._record import distributions
from groundwork.errors import InvalidDataError

# Libraries sum in another order with another number of threads, and the last bits of a model differ.
THREAD_VARIABLES = (
    "BLIS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "POLARS_MAX_THREADS",
    "RAYON_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)


@dataclass(frozen=True)
class Fingerprint:
    """An environment in comparable form.

    Args:
        python: Full version, as ``3.11.7``.
        implementation: As ``cpython``.
        platform: System and machine, as ``Linux x86_64``.
        cores: Cores that the process may use.
        packages: Versions by normalized name.
        threads: Thread variables by name; None where unset.
    """

    python: str
    implementation: str
    platform: str
    cores: float
    packages: Mapping[str, str]
    threads: Mapping[str, str | None]

    def to_dict(self) -> dict[str, Any]:
        """Return the fingerprint as plain data.

        Returns:
            Every field by name, and ``digest``.
        """
        return {**asdict(self), "digest": self.digest}

    @property
    def digest(self) -> str:
        """sha256 of the fields, hex; equal for equal environments."""
        text = json.dumps(asdict(self), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> "Fingerprint":
        """Read what ``to_dict`` wrote.

        Args:
            fields: The fields; others are passed over.

        Returns:
            The fingerprint.

        Raises:
            InvalidDataError: A field is missing.
        """
        try:
            return cls(**{name: fields[name] for name in cls.__dataclass_fields__})
        except KeyError as error:
            raise InvalidDataError(
                f"this is no fingerprint: it has no {error.args[0]!r}",
                hint="write one: groundwork env fingerprint --json",
            ) from error


def fingerprint() -> Fingerprint:
    """Describe the running interpreter and its environment.

    Returns:
        The fingerprint.
    """
    packages: dict[str, str] = {}
    for folder in sys.path:
        # What cannot be read is nothing to an import either, which passes over it.
        with suppress(PermissionError):
            for one in distributions(folder or os.curdir):
                # The first on the path is the one that an import finds.
                packages.setdefault(one.name, one.version)
    return Fingerprint(
        python=platform.python_version(),
        implementation=sys.implementation.name,
        platform=f"{platform.system()} {platform.machine()}",
        cores=usable_cores(),
        packages=dict(sorted(packages.items())),
        threads={name: os.environ.get(name) for name in THREAD_VARIABLES},
    )


def diff(a: Fingerprint | Mapping[str, Any], b: Fingerprint | Mapping[str, Any]) -> list[str]:
    """Say in words what changed from one environment to another.

    Args:
        a: The earlier, a fingerprint or its ``to_dict()``.
        b: The later.

    Returns:
        One line a difference, as ``numpy 2.4.5 -> 2.4.6``; empty when nothing differs.
    """
    old, new = _fields(a), _fields(b)
    lines = [f"{name} {old[name]} -> {new[name]}" for name in _SINGLE if old[name] != new[name]]
    lines += _changes(old["packages"], new["packages"], absent="not installed")
    lines += _changes(old["threads"], new["threads"], absent="unset")
    return lines


_SINGLE = ("python", "implementation", "platform", "cores")


def _fields(one: Fingerprint | Mapping[str, Any]) -> dict[str, Any]:
    return asdict(one if isinstance(one, Fingerprint) else Fingerprint.from_dict(one))


def _changes(old: Mapping[str, str | None], new: Mapping[str, str | None], *, absent: str) -> Iterator[str]:
    for name in sorted({*old, *new}):
        before, after = old.get(name), new.get(name)
        if before != after:
            yield f"{name} {before or absent} -> {after or absent}"
