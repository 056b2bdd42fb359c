"""Files that a step leaves for the next one, named by what is in them.

Rule: an output mentions a file together with its SHA-256, so that a changed file is a changed input, and a lost or
damaged one is noticed before it is used.
"""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from groundwork import storage

Artefact = dict[str, Any]


def artefact(folder: Path, name: str) -> Artefact:
    """Describe a file of a run.

    Args:
        folder: The run's folder.
        name: The file, relative to it, with forward slashes.

    Returns:
        ``path``, ``sha256`` and ``bytes``, for a step's output.
    """
    path = folder / name
    return {"path": name, "sha256": storage.sha256(path), "bytes": path.stat().st_size}


def intact(folder: Path, output: Any) -> bool:
    """Whether every file that an output mentions is there with its old content.

    Args:
        folder: The run's folder.
        output: What a step returned.
    """
    return all(_is_intact(folder / each["path"], each) for each in _artefacts(output))


def copy_artefacts(source: Path, target: Path, output: Any) -> None:
    """Bring the files that an output mentions from one folder to another, as hard links if the system has them.

    Args:
        source: The folder that has them.
        target: The folder that gets them.
        output: What the step returned there.
    """
    for each in _artefacts(output):
        link_or_copy(source / each["path"], target / each["path"])


def link_or_copy(there: Path, here: Path) -> None:
    """Give a finished file a second place: a hard link if the system has them, else a copy.

    Args:
        there: The file. Nobody writes into a file that is finished: whoever makes it anew replaces it.
        here: The second place; what stands there is replaced.
    """
    here.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileNotFoundError):
        here.unlink()
    try:
        os.link(there, here)
    except OSError:
        with open(there, "rb") as old, storage.atomic_write(here) as new:
            shutil.copyfileobj(old, new)


def _is_intact(path: Path, described: Artefact) -> bool:
    try:
        # The size first: it is free, and enough to notice what a crash leaves behind.
        return bool(path.stat().st_size == described["bytes"] and storage.sha256(path) == described["sha256"])
    except OSError:
        return False


def _artefacts(output: Any) -> Iterator[Artefact]:
    if isinstance(output, dict):
        if {"path", "sha256", "bytes"} <= output.keys():
            yield output
        for value in output.values():
            yield from _artefacts(value)
    elif isinstance(output, list):
        for value in output:
            yield from _artefacts(value)
