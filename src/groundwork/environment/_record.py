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
_BATCH = 64
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
                # pip renames to ~ what it is about to remove; killed, it leaves that behind, and it is no package.
                if entry.name.endswith(".dist-info") and not entry.name.startswith("~"):
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
        # Not splitlines: a name may hold a character that ends lines elsewhere.
        lines = file.read().replace("\r\n", "\n").split("\n")
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
    files = _files_or_damage(distribution)
    if isinstance(files, Damage):
        return [files]
    return _damages_of(distribution, files, _compare(files, hashes=hashes))


def damages(packages: Sequence[Distribution]) -> list[Damage]:
    """Compare every byte of several packages with their RECORDs.

    Args:
        packages: The packages.

    Returns:
        What is wrong, package by package.
    """
    found: list[Damage] = []
    # Hashing leaves the interpreter lock, so threads read and hash on all cores; in batches, because one package may be
    # bigger than all others together.
    with ThreadPoolExecutor(min(_THREADS, (os.cpu_count() or 1) * 2)) as pool:
        jobs = []
        for one in packages:
            files = _files_or_damage(one)
            if isinstance(files, Damage):
                found.append(files)
                continue
            starts = range(0, len(files), _BATCH)
            jobs.append((one, files, [pool.submit(_compare, files[at : at + _BATCH], hashes=True) for at in starts]))
        for one, files, batches in jobs:
            found += _damages_of(one, files, [what for batch in batches for what in batch.result()])
    order = {one.name: place for place, one in enumerate(packages)}
    return sorted(found, key=lambda one: order[one.package])


def _files_or_damage(distribution: Distribution) -> list[RecordedFile] | Damage:
    try:
        files = list(recorded_files(distribution))
    except (OSError, UnicodeDecodeError):
        return Damage(distribution.name, "RECORD", "is missing or unreadable")
    return files or Damage(distribution.name, "RECORD", "lists no files")


def _damages_of(
    distribution: Distribution, files: Sequence[RecordedFile], verdicts: Sequence[str | None]
) -> list[Damage]:
    if not any(verdicts):
        return []
    # A RECORD may list one file twice, with the hash of another build; one right row is enough.
    right = {file.row for file, what in zip(files, verdicts, strict=True) if what is None}
    pairs = zip(files, verdicts, strict=True)
    return [Damage(distribution.name, file.row, what) for file, what in pairs if what and file.row not in right]


def _compare(files: Sequence[RecordedFile], *, hashes: bool) -> list[str | None]:
    return [_wrong(file, hashes=hashes) for file in files]


def _wrong(file: RecordedFile, *, hashes: bool) -> str | None:
    try:
        size = os.stat(file.path).st_size
        if file.size is not None and size != file.size:
            return f"size {size} instead of {file.size}"
        # What is no hash promises nothing; the check of RECORDs tells.
        if hashes and file.algorithm in _DIGEST_BYTES and not _matches(file, _digest(file, size)):
            return "content differs"
    except FileNotFoundError:
        return "is missing"
    except OSError as error:
        return f"is unreadable ({error.strerror})"
    return None


def _matches(file: RecordedFile, digest: bytes) -> bool:
    # As RECORD should write it, which is faster to compare than to decode.
    if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == file.hash:
        return True
    return file.digest in (None, digest)


def _digest(file: RecordedFile, size: int) -> bytes:
    digest = hashlib.new(file.algorithm, usedforsecurity=False)
    # Most files are small: a buffer of their size, and no other, is set up for them.
    chunk_bytes = min(_CHUNK_BYTES, size + 1)
    with open(file.path, "rb", buffering=0) as opened:
        while chunk := opened.read(chunk_bytes):
            digest.update(chunk)
    return digest.digest()
