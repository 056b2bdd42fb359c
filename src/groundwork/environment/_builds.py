"""Which build of a package is installed: one short hash over what its wheel put there.

Rule: two installations of one wheel have one hash, whichever tool made them and wherever they lie; what an installer
adds of its own (scripts with a path in them, byte code, its notes) is left out. RECORD is believed: a file that was
changed afterwards is for ``check`` to find. Cost: 0.1 ms a package, and afterwards one stat until RECORD changes.
"""

import hashlib
import os
from collections.abc import Iterator
from contextlib import suppress

from groundwork.environment._record import Distribution

# 64 bits tell builds apart; the whole hash of every package would double the manifest of a checkpoint.
_DIGITS = 16
_EDITABLE = "editable"
_OF_THE_INSTALLER = ("INSTALLER", "REQUESTED", "direct_url.json", "uv_build.json", "uv_cache.json")

_known: dict[str, tuple[tuple[int, int], str | None]] = {}


def build_of(distribution: Distribution) -> str | None:
    """Name the build of an installed package.

    Args:
        distribution: The package.

    Returns:
        The start of a sha256, hex; ``"editable"`` for a package that runs from its source folder; None without a
        RECORD that lists files.
    """
    record = os.path.join(distribution.folder, "RECORD")
    try:
        found = os.stat(record)
        stamp = (found.st_mtime_ns, found.st_size)
        known = _known.get(record)
        if known is None or known[0] != stamp:
            with open(record, "rb") as file:
                known = _known[record] = (stamp, _build(distribution.folder, file.read()))
    except OSError:
        return None
    return known[1]


def _build(folder: str, record: bytes) -> str | None:
    own = os.path.basename(folder).encode()
    notes = tuple(own + b"/" + name.encode() + b"," for name in _OF_THE_INSTALLER)
    rows = sorted(_rows_of_the_wheel(record, notes))
    if own + b"/direct_url.json," in record and _runs_from_source(folder):
        return _EDITABLE
    return hashlib.sha256(b"\n".join(rows)).hexdigest()[:_DIGITS] if rows else None


def _rows_of_the_wheel(record: bytes, notes: tuple[bytes, ...]) -> Iterator[bytes]:
    for row in record.splitlines():
        # A path that leads out of site-packages is a script, whose first line names the interpreter of this place.
        if b",sha256=" in row and not row.startswith((b"..", b'"..', *notes)):
            yield row


def _runs_from_source(folder: str) -> bool:
    with suppress(OSError), open(os.path.join(folder, "direct_url.json"), "rb") as file:
        return b'"editable":true' in file.read().replace(b" ", b"")
    return False
