"""The check of modules that hide others of the same name.

Rule: Python takes the first that it finds; a module in the project's folder, in PYTHONPATH or in another earlier entry
of the search path hides an installed one or one of the standard library. Names are compared, nothing is imported.
Cost: one listing of each folder.
"""

import os
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from groundwork.environment._finding import Finding
from groundwork.environment._mends import rename
from groundwork.environment._record import normalize, owner_of
from groundwork.environment._subject import Subject

_MODULE = re.compile(r"([A-Za-z_]\w*)(?:\.py|(?:\.[\w-]+)?\.(?:so|pyd))")
# Every project has a folder of its own by these names, and careless wheels and the standard library bring them too.
_EVERYWHERE = frozenset({"benchmarks", "conftest", "docs", "examples", "scripts", "setup", "test", "tests"})


def check_shadowed(subject: Subject) -> Iterator[Finding]:
    """Look for modules that hide installed ones or those of the standard library.

    Args:
        subject: The environment.

    Yields:
        One finding a module that hides another, or one that none does.
    """
    hidden = False
    for path, what in _hiding(subject):
        hidden = True
        fix = rename(path, f"own_{path.name}")
        expected = "no module of the name of another"
        yield Finding("shadowed", "error", f"{path} hides {what}", expected, fix, python=str(subject.python))
    if not hidden:
        yield Finding("shadowed", "ok", "no module hides another")


def _hiding(subject: Subject) -> Iterator[tuple[Path, str]]:
    installed = _installed(subject)
    seen: set[Path] = set()
    for folder, stdlib_too in _ahead(subject):
        for name, path in sorted(modules_in(folder).items()):
            other = installed.get(name)
            if path in seen:
                continue
            if stdlib_too and name in subject.modules:
                what = f"the module {name} of the standard library"
            elif other is not None and not _same(path, other) and not _is_own(subject, name, other):
                what = f"the installed {name} ({other})"
            else:
                continue
            seen.add(path)
            yield path, what


def modules_in(folder: Path) -> dict[str, Path]:
    """List what can be imported from a folder and hides others.

    A folder without ``__init__.py`` hides nothing: Python goes on looking for a package that has one.

    Args:
        folder: The folder; one that cannot be read has none.

    Returns:
        File or folder by name of the module.
    """
    found: dict[str, Path] = {}
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                match = _MODULE.fullmatch(entry.name)
                if match is not None:
                    found.setdefault(match[1], folder / entry.name)
                elif entry.name.isidentifier() and os.path.isfile(os.path.join(entry.path, "__init__.py")):
                    found[entry.name] = folder / entry.name
    except OSError:
        return {}
    return {name: path for name, path in found.items() if name not in _EVERYWHERE}


def _installed(subject: Subject) -> Mapping[str, Path]:
    places: dict[str, Path] = {}
    for folder in subject.site_packages:
        for name, path in modules_in(folder).items():
            places.setdefault(name, path)
    return places


def _ahead(subject: Subject) -> Iterable[tuple[Path, bool]]:
    """Give the folders that come before those of the packages, and whether before the standard library too."""
    packages = {os.path.realpath(folder) for folder in subject.site_packages}
    stdlib = None if subject.stdlib is None else os.path.realpath(subject.stdlib)
    past_stdlib = False
    # A script that is started there, or `python -m`, looks there first.
    yield subject.workdir, True
    for folder in subject.path:
        real = os.path.realpath(folder)
        if real in packages:
            return
        if _is_stdlib(real, stdlib, subject):
            past_stdlib = True
        else:
            yield folder, not past_stdlib


def _is_stdlib(folder: str, stdlib: str | None, subject: Subject) -> bool:
    name = os.path.basename(folder)
    if name.startswith("python") and name.endswith(".zip"):
        return True
    base = os.path.realpath(subject.base_prefix)
    return stdlib in (folder, os.path.dirname(folder)) or folder in (base, os.path.join(base, "DLLs"))


def _same(path: Path, other: Path) -> bool:
    return os.path.realpath(path) == os.path.realpath(other)


def _is_own(subject: Subject, name: str, other: Path) -> bool:
    """Say whether a module is that of the project, which is installed and also runs from its own folder."""
    own = _own_name(subject.workdir)
    if own is None or own == normalize(name):
        return own is not None
    owner = owner_of(subject.site_packages, other)
    return owner is not None and owner.name == own


def _own_name(workdir: Path) -> str | None:
    try:
        name = tomllib.loads((workdir / "pyproject.toml").read_text(encoding="utf-8"))["project"]["name"]
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError, TypeError):
        return None
    return normalize(name) if isinstance(name, str) else None
