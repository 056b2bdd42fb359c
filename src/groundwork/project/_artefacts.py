"""Files that a step leaves for the next one, named by what is in them.

Rule: an output mentions a file together with its SHA-256, so that a changed file is a changed input, and a lost or
damaged one is noticed before it is used.
"""

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
    """Bring the files that an output mentions from one run's folder to another's.

    Args:
        source: The run that has them.
        target: The run that gets them.
        output: What the step returned there.
    """
    for each in _artefacts(output):
        with open(source / each["path"], "rb") as there, storage.atomic_write(target / each["path"]) as here:
            shutil.copyfileobj(there, here)


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
