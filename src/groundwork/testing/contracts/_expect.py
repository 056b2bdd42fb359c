"""Sentences about files: what was found, when, and what was expected."""

import stat
from pathlib import Path

from groundwork.errors import ContractBroken


def expect_content(path: Path, expected: bytes, when: str) -> None:
    """Break the contract unless the file holds exactly these bytes."""
    if not path.is_file():
        raise ContractBroken(f"{path.name} is not there {when}; expected {sketch(expected)}")
    if (found := path.read_bytes()) != expected:
        raise ContractBroken(f"{path.name} holds {sketch(found)} {when}; expected {sketch(expected)}")


def expect_names(folder: Path, expected: list[str], when: str) -> None:
    """Break the contract unless the folder holds exactly these entries."""
    found = sorted(entry.name for entry in folder.iterdir())
    if found != sorted(expected):
        raise ContractBroken(f"the folder holds {', '.join(found)} {when}; expected only {', '.join(sorted(expected))}")


def expect_bits(path: Path, expected: int, when: str) -> None:
    """Break the contract unless the file has exactly these permission bits."""
    if (found := stat.S_IMODE(path.stat().st_mode)) != expected:
        raise ContractBroken(f"mode {found:04o} {when}; expected {expected:04o}")


def sketch(content: bytes) -> str:
    """Show bytes in a sentence: short ones whole, long ones by their length and start."""
    return repr(content) if len(content) <= 24 else f"{len(content):,} bytes {content[:12]!r}..."
