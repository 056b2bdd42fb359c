"""Installed packages and the files that their RECORD lists.

Rule: what pip and uv wrote down at installation is the truth; a file that is gone, blanked or altered is damage.
Sizes alone cost one stat a file (9,400 files: under 0.1 s); hashes cost one pass over the bytes.
"""

import base64
import csv
import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

_CHUNK_BYTES = 1 << 20
_THREADS = 8
# What RECORD may name; md5 and sha1 it may not.
_DIGEST_BYTES = {"sha256": 32, "sha384": 48, "sha512": 64}


@dataclass(frozen=True)
class Distribution:
    """One installed package.

    Args:
        name: Its normalized name, as in a lock.
        version: Its version.
        folder: Its ``.dist-info`` folder.
    """

    name: str
    version: str
    folder: str


@dataclass(frozen=True)
class RecordedFile:
    """One row of a RECORD.

    Args:
        path: The file, absolute.
        row: The path as RECORD writes it.
        algorithm: Of the hash, as ``sha256``.
        hash: As RECORD writes it, urlsafe base64 without padding.
        size: Bytes, or None where RECORD does not say.
    """

    path: str
    row: str
    algorithm: str
    hash: str
    size: int | None

    @property
    def digest(self) -> bytes | None:
        """The bytes of the hash, or None where what RECORD writes is no hash of that kind."""
        length = _DIGEST_BYTES.get(self.algorithm)
        try:
            if length is not None and len(self.hash) == 2 * length:
                # Hexadecimal is against the rules, but says as much.
                return bytes.fromhex(self.hash)
            found = base64.urlsafe_b64decode(self.hash.rstrip("=") + "==")
        except ValueError:
            return None
        return found if len(found) == length else None


@dataclass(frozen=True)
class Damage:
    """A file that is not what RECORD says.

    Args:
        package: Normalized name of its package.
        path: The file as RECORD writes it.
        what: ``is missing``, ``size 0 instead of 120``, ``content differs``.
    """

    package: str
    path: str
    what: str

    @property
    def key(self) -> str:
        """Package and path, as one name."""
        return f"{self.package}/{self.path}"

    @property
    def gone(self) -> bool:
        """Whether there is nothing, instead of something else."""
        return not self.what.startswith(("size", "content"))


def normalize(name: str) -> str:
    """Return a package name in the one form in which names compare equal.

    Args:
        name: As ``Foo.Bar_baz``.

    Returns:
        As ``foo-bar-baz``.
    """
    return re.sub(r"[-_.]+", "-", name).lower()


def distributions(site_packages: Path | str) -> list[Distribution]:
    """List what is installed in a folder, from the names of its ``.dist-info`` folders alone.

    Args:
        site_packages: The folder; one that does not exist has nothing installed.

    Returns:
        Sorted by name.
    """
    found = []
    try:
        with os.scandir(site_packages) as entries:
            for entry in entries:
                if entry.name.endswith(".dist-info"):
                    name, _, version = entry.name.removesuffix(".dist-info").partition("-")
                    found.append(Distribution(normalize(name), version, entry.path))
    except (FileNotFoundError, NotADirectoryError):
        return []
    return sorted(found, key=lambda one: one.name)


def recorded_files(distribution: Distribution) -> Iterator[RecordedFile]:
    """Read the RECORD of a package.

    Rows without a hash (RECORD itself, byte code) are left out: nothing is promised about them.

    Args:
        distribution: The package.

    Yields:
        Every file with a hash.

    Raises:
        OSError: There is no readable RECORD.
    """
    site = os.path.dirname(distribution.folder)
    with open(os.path.join(distribution.folder, "RECORD"), encoding="utf-8", newline="") as file:
        lines = file.read().splitlines()
    for line in lines:
        # A quoted path is rare, and the csv module six times slower than a split.
        parts = next(csv.reader([line])) if '"' in line else line.rsplit(",", 2)
        if len(parts) == 3 and "=" in parts[1]:
            algorithm, _, digest = parts[1].partition("=")
            size = int(parts[2]) if parts[2].isdigit() else None
            yield RecordedFile(os.path.join(site, parts[0]), parts[0], algorithm, digest, size)


def owner_of(folders: Iterable[Path | str], path: Path | str) -> Distribution | None:
    """Find the package that brought a file.

    Args:
        folders: Of packages.
        path: A file, or a folder of modules.

    Returns:
        The package whose RECORD lists it, or None.
    """
    for folder in folders:
        row = os.path.relpath(path, folder).replace(os.sep, "/")
        for one in distributions(folder):
            try:
                with open(os.path.join(one.folder, "RECORD"), encoding="utf-8", errors="replace") as file:
                    rows = file.read()
            except OSError:
                continue
            if any(f"\n{begin}{row}{end}" in f"\n{rows}" for begin, end in (("", ","), ("", "/"), ('"', '"'))):
                return one
    return None


def damage(distribution: Distribution, *, hashes: bool) -> list[Damage]:
    """Compare a package's files with its RECORD.

    Args:
        distribution: The package.
        hashes: Whether to read every file; otherwise only existence and size are compared.

    Returns:
        What is wrong, file by file; empty when nothing is.
    """
    try:
        files = list(recorded_files(distribution))
    except (OSError, UnicodeDecodeError):
        return [Damage(distribution.name, "RECORD", "is missing or unreadable")]
    if not files:
        return [Damage(distribution.name, "RECORD", "lists no files")]
    found = [(file.row, _wrong(file, hashes=hashes)) for file in files]
    if not any(what for _, what in found):
        return []
    # A RECORD may list one file twice, with the hash of another build; one right row is enough.
    right = {row for row, what in found if what is None}
    return [Damage(distribution.name, row, what) for row, what in found if what is not None and row not in right]


def damages(packages: Sequence[Distribution]) -> list[Damage]:
    """Compare every byte of several packages with their RECORDs.

    Args:
        packages: The packages.

    Returns:
        What is wrong, package by package.
    """
    # Hashing leaves the interpreter lock, so threads read and hash on all cores.
    with ThreadPoolExecutor(min(_THREADS, (os.cpu_count() or 1) * 2)) as pool:
        return [wrong for found in pool.map(lambda one: damage(one, hashes=True), packages) for wrong in found]


def _wrong(file: RecordedFile, *, hashes: bool) -> str | None:
    try:
        size = os.stat(file.path).st_size
        if file.size is not None and size != file.size:
            return f"size {size} instead of {file.size}"
        # What is no hash promises nothing; the check of RECORDs tells.
        expected = file.digest if hashes else None
        if expected is not None and _digest(file) != expected:
            return "content differs"
    except FileNotFoundError:
        return "is missing"
    except OSError as error:
        return f"is unreadable ({error.strerror})"
    return None


def _digest(file: RecordedFile) -> bytes:
    digest = hashlib.new(file.algorithm, usedforsecurity=False)
    # Unbuffered: most files are smaller than the buffer that would be set up for them.
    with open(file.path, "rb", buffering=0) as opened:
        while chunk := opened.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.digest()
