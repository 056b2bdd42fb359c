"""The plugins of this environment: what its packages declare as entry points.

Rule: names come from the metadata of installed packages alone, and a package's code is imported when a name of it is
asked for, never before. What is wrong with one plugin is told with the package's name and is no other plugin's.
Cost: one pass over the packages' metadata, about 10 ms for 100, again only after one came or went.
"""

import os
import sys
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from groundwork.environment._finding import printable
from groundwork.environment._plugin_kinds import KINDS
from groundwork.errors import UnknownPluginError, first_line

if TYPE_CHECKING:
    from importlib.metadata import Distribution

_POINTS = "entry_points.txt"


@dataclass(frozen=True, slots=True)
class Plugin:
    """What a package declares.

    Attributes:
        kind: ``estimator``, ``step``, ``format`` or ``metric``.
        name: What a pipeline.yaml calls it.
        value: Where it is: ``module:attribute``.
        distribution: The package that brings it.
        version: That package's.
    """

    kind: str
    name: str
    value: str
    distribution: str
    version: str

    @property
    def origin(self) -> str:
        """The package and the place in it, in words."""
        return printable(f"{self.distribution} {self.version} ({self.value})")

    def load(self) -> Any:
        """Import it.

        Raises:
            UnknownPluginError: It cannot be imported, whatever its package raises, or is not what its kind must be.
        """
        from importlib.metadata import EntryPoint

        kind = KINDS[self.kind]
        try:
            found = EntryPoint(self.name, self.value, kind.group).load()
        except Exception as error:
            # Code of others may raise anything, and what it raises is told as what is wrong with that plugin.
            raise self._broken(f"does not load: {type(error).__name__}: {first_line(error)}") from error
        if not kind.fits(found):
            raise self._broken(f"is {type(found).__name__} and not {kind.must_be}")
        return found

    def problem(self) -> str | None:
        """Say why it cannot be used, or None; imports it to know."""
        if not self.name:
            return f"{self.value} cannot be read; install {self.distribution} again"
        if (refusal := KINDS[self.kind].refusal(self.name)) is not None:
            return refusal
        others = [other for other in plugins_named(self.kind, self.name) if other != self]
        if others:
            return f"{', '.join(other.origin for other in others)} brings this name too; uninstall one"
        try:
            self.load()
        except UnknownPluginError as error:
            return error.context["problem"]  # type: ignore[no-any-return]
        return None

    def _broken(self, problem: str) -> UnknownPluginError:
        return UnknownPluginError(
            f"{self.kind} {self.name!r} of {self.origin} {printable(problem)}",
            hint=f"mend, update or uninstall {self.distribution}; groundwork plugins shows all",
            context={"distribution": self.distribution, "problem": printable(problem)},
        )


def installed_plugins() -> list[Plugin]:
    """List what the packages of this environment declare; nothing of theirs is imported.

    Returns:
        All plugins, by kind and name; of one name there may be several.
    """
    return list(_declared(_places()))


def plugins_named(kind: str, name: str) -> list[Plugin]:
    """List the installed plugins of one name.

    Args:
        kind: One of the four kinds.
        name: The name.
    """
    plain = KINDS[kind].plain
    return [each for each in installed_plugins() if each.kind == kind and plain(each.name) == plain(name)]


@lru_cache(maxsize=1)
def _declared(places: tuple[tuple[str, int], ...]) -> tuple[Plugin, ...]:
    from importlib.metadata import distributions

    found: list[Plugin] = []
    for package in distributions():
        text = package.read_text(_POINTS)
        # The files of all other packages are not even parsed, so that none that is garbled can do harm.
        if text and any(f"[{kind.group}]" in text for kind in KINDS.values()):
            found += _plugins_of(package, text)
    order = list(KINDS)
    return tuple(sorted(dict.fromkeys(found), key=lambda each: (order.index(each.kind), each.name, each.distribution)))


def _plugins_of(package: "Distribution", text: str) -> list[Plugin]:
    from importlib.metadata import distribution

    # The metadata of a package that was half removed lack its name or version.
    name = package.metadata["Name"] or "a package without a name"
    version = package.metadata["Version"] or "of no version"
    if package.metadata["Name"] and distribution(name).read_text(_POINTS) != text:
        return []  # another version of it stands before on the path, and is the one that is imported
    try:
        points = [
            (kind.name, point) for kind in KINDS.values() for point in package.entry_points.select(group=kind.group)
        ]
    except Exception:  # noqa: BLE001 - the standard library parses what is garbled with whatever it stumbles over
        return [Plugin(kind.name, "", _POINTS, name, version) for kind in KINDS.values() if f"[{kind.group}]" in text]
    return [Plugin(kind, point.name, point.value, name, version) for kind, point in points]


def _places() -> tuple[tuple[str, int], ...]:
    """Tell whether packages may have come or gone: a folder of packages is touched when one does."""
    found = []
    for place in sys.path:
        try:
            found.append((place, os.stat(place or os.curdir).st_mtime_ns))
        except OSError:
            found.append((place, 0))
    return tuple(found)
