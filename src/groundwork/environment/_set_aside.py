"""Metadata by which no installer can uninstall: put aside for an installation, and put back if that fails.

Rule: what was broken before is at worst as broken after; nothing is removed before its successor stands there.
"""

import os
import re
import shutil
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from groundwork.environment._record import Distribution, damage, distributions, normalize, recorded_files

_FOLDER = ".groundwork-aside"
# pip moves what it replaces to names of this kind, and leaves them there when it is killed.
_OF_PIP = re.compile(r"~[-~.=%0-9]*(?P<rest>.*)")


@contextmanager
def unusable_aside(
    prefix: Path, site_packages: Iterable[Path], names: Collection[str], *, every: bool = False
) -> Iterator[None]:
    """Put metadata aside that would keep an installer from installing again, or from removing the old version.

    Args:
        prefix: Folder of the environment.
        site_packages: The folders of its packages.
        names: Normalized names of the packages.
        every: Whether to put aside all metadata of these packages, because an installer failed over it.

    Yields:
        Nothing; at the end it is gone, and after an exception it is back.
    """
    aside, sites = prefix / _FOLDER, list(site_packages)
    # What a killed repair put aside is still all that is known of a package.
    _put_back(aside, sites)
    try:
        for number, site in enumerate(sites):
            here = [one for one in distributions(site) if one.name in names]
            for one in here if every else _unusable(here):
                aside.mkdir(exist_ok=True)
                os.rename(one.folder, aside / f"{number}-{os.path.basename(one.folder)}")
        yield
    except BaseException:
        _put_back(aside, sites)
        raise
    shutil.rmtree(aside, ignore_errors=True)


def _put_back(aside: Path, sites: Sequence[Path]) -> None:
    for put in aside.glob("*-*"):
        number, _, name = put.name.partition("-")
        with suppress(OSError, ValueError, IndexError):
            site = sites[int(number)]
            # Where a successor stands, of whichever version, it is that which counts.
            if normalize(name.partition("-")[0]) not in {one.name for one in distributions(site)}:
                os.rename(put, site / name)
    shutil.rmtree(aside, ignore_errors=True)


def _unusable(here: list[Distribution]) -> list[Distribution]:
    usable = [one for one in here if _has_name(one) and not _lacks_record(one)]
    # Of several versions of one package, as a kill leaves them, an installer removes one.
    keep = {one.name: one for one in sorted(usable, key=_lists_itself)}
    return [one for one in here if keep.get(one.name) is not one]


def _has_name(one: Distribution) -> bool:
    try:
        with open(os.path.join(one.folder, "METADATA"), encoding="utf-8") as file:
            return any(line.startswith("Name:") for line in file)
    except (OSError, UnicodeDecodeError):
        return False


def _lacks_record(one: Distribution) -> bool:
    return any(wrong.path == "RECORD" for wrong in damage(one, hashes=False))


def _lists_itself(one: Distribution) -> bool:
    # A copy of other metadata lists the original's files; an installer that goes by it leaves the copy behind.
    own = os.path.join(one.folder, "METADATA")
    return any(os.path.normpath(file.path) == own for file in recorded_files(one))


def sweep_pip(site_packages: Iterable[Path], names: Collection[str]) -> None:
    """Remove what a killed pip left of packages that are whole again.

    Args:
        site_packages: The folders of the packages.
        names: Normalized names of the packages.
    """
    for site in site_packages:
        whole = [one for one in distributions(site) if one.name in names]
        tops = {file.row.split("/")[0] for one in whole for file in recorded_files(one)}
        for path in site.glob("~*"):
            found = _OF_PIP.fullmatch(path.name)
            if found is not None and _was(found["rest"], len(path.name), tops, names):
                shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)


def _was(rest: str, length: int, tops: Collection[str], names: Collection[str]) -> bool:
    if rest.endswith(".dist-info"):
        rest = normalize(rest.partition("-")[0])
        return bool(rest) and any(name.endswith(rest) for name in names)
    # pip replaces letters or puts some before the name: what it leaves is never shorter.
    return bool(rest) and any(top.endswith(rest) and length >= len(top) for top in tops)
