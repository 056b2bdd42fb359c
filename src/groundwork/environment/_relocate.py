"""Give an environment that was built in one place the place where it is to stand.

Rule: only commands and activation scripts hold the absolute path of their environment; they are rewritten, and the
RECORDs that list them. Cost: one read of the scripts' folder and of the RECORDs. Not for Windows, whose commands
are programs with the path inside.
"""

import base64
import contextlib
import csv
import hashlib
import io
import os
import sys
from pathlib import Path

from groundwork._failpoints import failpoint
from groundwork.environment._layout import Layout

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


def relocate(layout: Layout, target: Path) -> None:
    """Rewrite an environment's own path; its folder itself is not moved.

    Args:
        layout: The environment where it stands now.
        target: Where it will stand, in the same folder.
    """
    # The name alone: what leads to it stays, however a shell quotes it, and the prompt is mended with it.
    before, after = os.fsencode(layout.root.name), os.fsencode(target.name)
    changed: dict[str, tuple[str, int]] = {}
    for path in [*sorted(layout.scripts.iterdir()), layout.config]:
        if path.is_symlink() or not path.is_file():
            continue
        content = path.read_bytes()
        if before in content:
            content = content.replace(before, after)
            # In place, so that the mode stays; a hard link to the installer's cache would not have our path in it.
            path.write_bytes(content)
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
            changed[str(path)] = (f"sha256={digest}", len(content))
    for record in layout.site_packages.glob("*.dist-info/RECORD"):
        _rewrite_record(record, changed)


def _rewrite_record(record: Path, changed: dict[str, tuple[str, int]]) -> None:
    site = record.parent.parent
    text = record.read_text(encoding="utf-8")
    touched = False
    rows = list(csv.reader(io.StringIO(text, newline="")))
    for row in rows:
        # Scripts lie outside of the packages' folder; the others need no look at the disk.
        if len(row) == 3 and row[0].startswith(("..", "/")):
            found = changed.get(os.path.normpath(site / row[0]))
            if found is not None:
                row[1:] = [found[0], str(found[1])]
                touched = True
    if touched:
        out = io.StringIO(newline="")
        csv.writer(out, lineterminator="\n").writerows(rows)
        # Beside and renamed: uv may have linked the file from its cache.
        fresh = record.with_name("RECORD.new")
        fresh.write_text(out.getvalue(), encoding="utf-8", newline="")
        os.replace(fresh, record)


def swap(fresh: Path, place: Path) -> None:
    """Put a folder into the place of another.

    On Linux both change places in one call. Elsewhere the old one is renamed away first: killed in between, there is
    none at all, but never a half.

    Args:
        fresh: The folder to put there.
        place: The folder that stands there now; afterwards at the name of ``fresh``, or that with ``-old``.
    """
    if _exchange(fresh, place):
        return
    aside = fresh.with_name(fresh.name + "-old")
    os.rename(place, aside)
    failpoint("environment.create.between_renames")
    try:
        os.rename(fresh, place)
    except OSError:
        with contextlib.suppress(OSError):
            os.rename(aside, place)
        raise


def _exchange(one: Path, other: Path) -> bool:
    if not sys.platform.startswith("linux"):
        return False
    try:
        # Late: a Python built without libffi has no ctypes, and the two renames do without.
        import ctypes

        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (ImportError, OSError, AttributeError):
        return False
    # Some file systems, as NFS, cannot do it; then the two renames do.
    return bool(rename(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE) == 0)
