"""The check of BLAS and OpenMP libraries that a process could load twice.

Rule: told from names of files on disk, nothing is loaded. Two copies of GNU's OpenMP, or the OpenBLAS that numpy and
scipy each bring, live side by side, as in most environments; two of Intel's or LLVM's do not (OMP: Error #15, or a
deadlock), nor do two builds of one library in the folder of one package, of which one is left over.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from groundwork.environment._finding import Finding
from groundwork.environment._mends import delete
from groundwork.environment._record import owner_of
from groundwork.environment._subject import Subject

_LIBRARY = re.compile(
    r"(?:lib)?(?P<kind>scipy_openblas64_?|scipy_openblas|openblas|mkl_rt|blis|gomp|iomp5(?:md)?|omp)"
    r"(?:[-_.][0-9a-zA-Z._-]*)?\.(?:so|dylib|dll)(?:\.[0-9.]+)?"
)
_HOSTILE = {"iomp5": "Intel", "iomp5md": "Intel", "omp": "LLVM"}
_OPENMP = frozenset({"gomp", *_HOSTILE})
# Wheels keep their libraries in <package>.libs, <package>/.dylibs or <package>/lib; conda and Intel in that of the
# environment.
_INNER = (".libs", ".dylibs", "lib")


def check_runtimes(subject: Subject) -> Iterator[Finding]:
    """Look for BLAS and OpenMP libraries that do not get on with each other.

    Args:
        subject: The environment.

    Yields:
        One finding a clash, or one that tells what there is.
    """
    found = sorted(set(_libraries(subject)))
    clashes = [*_left_over(subject, found), *_hostile(subject, found)]
    yield from clashes
    if not clashes:
        blas = sum(kind not in _OPENMP for kind, _ in found)
        yield Finding("runtimes", "ok", f"{blas} BLAS and {len(found) - blas} OpenMP libraries, none of which clash")


def _libraries(subject: Subject) -> Iterator[tuple[str, Path]]:
    folders = [subject.prefix / "lib", subject.prefix / "Library" / "bin"]
    for site in subject.site_packages:
        for entry in _entries(site):
            folders += [site / entry] if entry.endswith(".libs") else [site / entry / name for name in _INNER]
    for folder in folders:
        for name in _entries(folder):
            match = _LIBRARY.fullmatch(name)
            # A link beside its library is the same library.
            if match is not None and not (folder / name).is_symlink():
                yield match["kind"], folder / name


def _left_over(subject: Subject, found: list[tuple[str, Path]]) -> Iterator[Finding]:
    """Look at folders with several builds of one library, of which RECORD lists but one."""
    groups: dict[tuple[str, Path], list[Path]] = {}
    for kind, path in found:
        groups.setdefault((kind, path.parent), []).append(path)
    for paths in groups.values():
        if len(paths) < 2:
            continue
        strays = [path for path in paths if owner_of(subject.site_packages, path) is None]
        if strays and len(strays) < len(paths):
            names = ", ".join(path.name for path in paths)
            what = f"{paths[0].parent.name} holds {names}; no package lists {strays[0].name}"
            yield _clash(subject, what, "one build of a library in a package", delete(strays[0]))


def _hostile(subject: Subject, found: list[tuple[str, Path]]) -> Iterator[Finding]:
    runtimes = [(_HOSTILE[kind], path) for kind, path in found if kind in _HOSTILE]
    if len(runtimes) < 2:
        return
    told = ", ".join(f"{maker}'s in {_place(subject, path)}" for maker, path in runtimes)
    one_thread = "set OMP_NUM_THREADS=1" if os.name == "nt" else "export OMP_NUM_THREADS=1"
    yield _clash(subject, f"a process may load {len(runtimes)} OpenMP runtimes: {told}", "one of them", one_thread)


def _clash(subject: Subject, found: str, expected: str, fix: str) -> Finding:
    return Finding("runtimes", "warning", found, expected, fix, python=str(subject.python))


def _place(subject: Subject, path: Path) -> str:
    for folder in (*subject.site_packages, subject.prefix):
        if path.is_relative_to(folder):
            return path.relative_to(folder).as_posix()
    return str(path)


def _entries(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []
