"""Files in whose place rows would be lost."""

from collections.abc import Iterable
from pathlib import Path

from groundwork.data._writing import format_of
from groundwork.errors import ConfigurationError


def check_targets(read: Iterable[Path], out: Path | None, quarantine: Path | None = None) -> None:
    """Refuse to write where rows would be lost.

    Args:
        read: The files that are read.
        out: The file for good rows, if one is written.
        quarantine: The file for bad rows, if one is written.

    Raises:
        ConfigurationError: One of them is read from, or both are one.
        UnsupportedFormatError: The suffix is of no table.
    """
    sources = {file.resolve() for file in read}
    targets = {name: path for name, path in {"out": out, "quarantine": quarantine}.items() if path is not None}
    for name, path in targets.items():
        format_of(path)
        if path.resolve() in sources:
            raise ConfigurationError(
                f"{name} {path} is the table itself, whose rows would be lost", hint="name another file"
            )
    if out is not None and quarantine is not None and out.resolve() == quarantine.resolve():
        raise ConfigurationError(
            f"quarantine {quarantine} is the file for the good rows too, so that rows would be lost",
            hint="name another file",
        )
