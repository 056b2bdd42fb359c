"""What groundwork notes inside an environment that it made.

Rule: ``building`` or ``updating`` is written before the first change and ``ready`` after the last, each in one rename;
so an environment whose set-up was killed says so itself.
"""

import contextlib
import hashlib
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

from groundwork._failpoints import failpoint
from groundwork.environment._layout import Layout

_FORMAT = 1


@dataclass(frozen=True)
class Stamp:
    """The note.

    Args:
        state: ``building`` until it has an interpreter, ``updating`` while packages are installed, then ``ready``.
        location: Where the environment was made; another place means that it was moved.
        python: Major and minor version of its interpreter.
        lock: sha256 of the lock that it was made from.
        project: sha256 of the pyproject.toml installed in it, or empty.
        records: Size of each package's RECORD, by the name of its ``.dist-info`` folder.
        known: Files of wheels whose own RECORD was wrong: by ``package/path``, what differed right after installation.
    """

    state: Literal["building", "updating", "ready"]
    location: str
    python: str = ""
    lock: str = ""
    project: str = ""
    records: Mapping[str, int] = field(default_factory=dict)
    known: Mapping[str, str] = field(default_factory=dict)


def running_version() -> str:
    """Return major and minor version of the running interpreter, with its kind.

    Returns:
        As ``cpython 3.11``.
    """
    return f"{sys.implementation.name} {sys.version_info[0]}.{sys.version_info[1]}"


def digest(path: Path) -> str:
    """Return the sha256 of a small file.

    Args:
        path: The file.

    Returns:
        Hex.
    """
    return hashlib.sha256(path.read_bytes()).hexdigest()


def read_stamp(layout: Layout) -> Stamp | None:
    """Read the note.

    Args:
        layout: The environment.

    Returns:
        The note, or None where there is none that this version can read.
    """
    try:
        fields = json.loads(layout.stamp.read_bytes())
        if fields.pop("format") != _FORMAT:
            return None
        return Stamp(**fields)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def write_stamp(layout: Layout, stamp: Stamp) -> None:
    """Write the note, whole or not at all.

    Args:
        layout: The environment; its folder exists.
        stamp: The note.
    """
    temporary = layout.stamp.with_suffix(f".{os.getpid()}.tmp")
    try:
        temporary.write_text(json.dumps({"format": _FORMAT, **asdict(stamp)}, indent=1) + "\n", encoding="utf-8")
        failpoint(f"environment.stamp.before_{stamp.state}")
        os.replace(temporary, layout.stamp)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise


def record_sizes(layout: Layout) -> dict[str, int]:
    """Return the size of each installed package's RECORD.

    Args:
        layout: The environment.

    Returns:
        Bytes by name of the ``.dist-info`` folder; -1 where there is no RECORD.
    """
    sizes = {}
    try:
        names = [name for name in os.listdir(layout.site_packages) if name.endswith(".dist-info")]
    except OSError:
        return {}
    for name in names:
        try:
            sizes[name] = os.stat(layout.site_packages / name / "RECORD").st_size
        except OSError:
            sizes[name] = -1
    return sizes
