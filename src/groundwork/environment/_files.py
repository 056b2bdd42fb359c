"""The checks of installed files against RECORD, and of RECORD itself.

Rule: what pip and uv wrote down at installation is the truth, unless there is proof that the wheel came wrong: the note
of a set-up that looked right after installing, the wheel itself where it was installed from a file, or a RECORD that
contradicts itself. Cost: one pass over the bytes, made once for both checks.
"""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from groundwork.environment._finding import Finding
from groundwork.environment._layout import Layout
from groundwork.environment._mends import reinstalled
from groundwork.environment._packages import installed
from groundwork.environment._record import Damage, Distribution, damages, recorded_files
from groundwork.environment._stamp import read_stamp
from groundwork.environment._subject import Subject

if TYPE_CHECKING:
    import zipfile

_SHOWN = 5
_NOTHING_TO_MEND = "nothing here: tell the authors of the package, or pin a version whose RECORD is right"


def check_files(subject: Subject) -> Iterator[Finding]:
    """Compare every installed file with the hash in its package's RECORD.

    Args:
        subject: The environment.

    Yields:
        One finding a package with damaged files, or one that all is well.
    """
    harmed, _ = _verdicts(subject)
    here = installed(subject)
    for name, files in sorted(harmed.items()):
        wanted = [(name, _requirement(here[name]))]
        yield reinstalled(subject, "files", f"{name}: {_some(files)}", "every file as its RECORD says", wanted)
    if not harmed:
        yield Finding("files", "ok", f"every file of {len(here)} packages is as its RECORD says")


def check_record(subject: Subject) -> Iterator[Finding]:
    """Look for packages whose own RECORD is wrong, which no installation mends.

    Args:
        subject: The environment.

    Yields:
        One finding a package, or one that all is well.
    """
    _, forgiven = _verdicts(subject)
    here = installed(subject)
    for name, one in here.items():
        forgiven.setdefault(name, []).extend(_contradictions(one))
    faulty = {name: words for name, words in sorted(forgiven.items()) if words}
    for name, words in faulty.items():
        found = f"{name}: {_some(words)}; the package came like this"
        yield Finding("record", "warning", found, "a right RECORD", _NOTHING_TO_MEND, python=str(subject.python))
    if not faulty:
        yield Finding("record", "ok", f"the RECORDs of {len(here)} packages are in order")


def _some(items: Sequence[str]) -> str:
    more = len(items) - _SHOWN
    return "; ".join(items[:_SHOWN]) + (f"; and {more} more" if more > 0 else "")


def _verdicts(subject: Subject) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Sort what is wrong into damage and what the package brought, by package."""
    here = installed(subject)
    wrong = subject.once("damages", lambda: damages(list(here.values())))
    stamp = read_stamp(Layout(subject.prefix))
    known: Mapping[str, str] = stamp.known if stamp else {}
    harmed: dict[str, list[str]] = {}
    forgiven: dict[str, list[str]] = {}
    for name in dict.fromkeys(one.package for one in wrong):
        those = [one for one in wrong if one.package == name]
        brought = {one.key for one in those if known.get(one.key) == one.what}
        brought |= _as_in_the_wheel(here[name], [one for one in those if one.key not in brought])
        for one in those:
            group = forgiven if one.key in brought else harmed
            group.setdefault(name, []).append(f"{one.path} {one.what}")
    return harmed, forgiven


def _as_in_the_wheel(package: Distribution, wrong: Sequence[Damage]) -> set[str]:
    """Give the keys of those files that are as the wheel holds them, where it was installed from a file."""
    wheel = _wheel_of(package)
    if wheel is None or not wrong:
        return set()
    # Rarely needed, and bootstrap.py waits for every import of this part.
    import zipfile
    import zlib

    site = Path(package.folder).parent
    same = set()
    try:
        with zipfile.ZipFile(wheel) as archive:
            names = set(archive.namelist())
            for one in wrong:
                path = site / one.path
                if one.path in names:
                    if path.is_file() and path.read_bytes() == archive.read(one.path):
                        same.add(one.key)
                elif one.path != "RECORD" and not path.exists() and _listed(archive, package, one.path):
                    same.add(one.key)
    except (OSError, EOFError, KeyError, zipfile.BadZipFile, zlib.error, RuntimeError):
        # Cut short, changed, encrypted, packed in a way that is not known here, or no wheel at all.
        return set()
    return same


def _listed(archive: "zipfile.ZipFile", package: Distribution, path: str) -> bool:
    record = archive.read(f"{os.path.basename(package.folder)}/RECORD").decode("utf-8", "replace")
    return any(line.startswith(f"{path},") for line in record.splitlines())


def _requirement(package: Distribution) -> str:
    """Say what installs a package again; an index may have another one of its name than the folder it came from."""
    address = _address_of(package)
    return f"{package.name}=={package.version}" if address is None else f"{package.name} @ {address}"


def _address_of(package: Distribution) -> str | None:
    """Read which folder or file on this machine a package was installed from."""
    try:
        with open(os.path.join(package.folder, "direct_url.json"), encoding="utf-8") as file:
            address = json.load(file)["url"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return address if isinstance(address, str) and address.startswith("file://") else None


def _wheel_of(package: Distribution) -> Path | None:
    address = _address_of(package)
    if address is None or not address.endswith(".whl"):
        return None
    from urllib.request import url2pathname  # imports half of the network modules

    path = Path(url2pathname(address.removeprefix("file://")))
    return path if path.is_file() else None


def _contradictions(package: Distribution) -> list[str]:
    """List what a RECORD says that no installation could have made true."""
    try:
        files = list(recorded_files(package))
    except (OSError, UnicodeDecodeError):
        return []  # the check of files says so
    words = []
    seen: dict[str, str] = {}
    for file in files:
        if file.digest is None:
            words.append(f"{file.row} has no usable hash ({file.algorithm})")
        elif seen.setdefault(file.row, file.hash) != file.hash:
            words.append(f"{file.row} is listed twice, with different hashes")
    return words
