"""Mistakes in a pipeline.yaml: where each stands, what is wrong, what was probably meant.

Rule: a mistake names the file and line that the reader must change; if an override put it there, the override.
"""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from groundwork.errors import ConfigurationError

KeyPath = tuple[str | int, ...]


@dataclass(frozen=True)
class Place:
    """Where a mistake stands.

    Attributes:
        source: The file, or the override as ``--set seed=x``.
        line: Line in the file, from 1; None for an override.
    """

    source: str
    line: int | None

    def __str__(self) -> str:
        return self.source if self.line is None else f"{self.source}:{self.line}"


@dataclass(frozen=True)
class Mistake:
    """One thing to mend.

    Attributes:
        path: Where in the configuration, as ``("model", "estimator")``.
        message: What is wrong.
        suggestion: What was probably meant, or None.
        place: Where it stands, if the path does not lead there.
    """

    path: KeyPath
    message: str
    suggestion: str | None = None
    place: Place | None = None

    @property
    def dotted(self) -> str:
        """The path as overrides write it."""
        return ".".join(str(part) for part in self.path)

    def __str__(self) -> str:
        meant = f"; did you mean {self.suggestion!r}?" if self.suggestion else ""
        return f"{self.dotted}: {self.message}{meant}" if self.path else f"{self.message}{meant}"


class Places:
    """From the path of an entry to its place; what has none of its own stands where its parent does."""

    def __init__(self, source: str, lines: Mapping[KeyPath, tuple[int, int]]) -> None:
        self.source = source
        self._places = {path: Place(source, line) for path, (line, _) in lines.items()}

    def override(self, path: KeyPath, place: Place) -> None:
        """Note that an override set this entry and all below it.

        Args:
            path: The entry.
            place: The override.
        """
        self._places = {known: at for known, at in self._places.items() if known[: len(path)] != path}
        self._places[path] = place

    def find(self, path: KeyPath) -> Place:
        """Return where an entry, or the nearest thing above it, stands.

        Args:
            path: The entry; it need not exist.

        Returns:
            Its place.
        """
        for length in range(len(path), -1, -1):
            if (place := self._places.get(path[:length])) is not None:
                return place
        return Place(self.source, 1)


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that a misspelt one was probably meant to be.

    Args:
        name: As written.
        known: What could have been meant.

    Returns:
        The nearest, or None if nothing is near, or the name itself is known: then it is not the spelling that is wrong.
    """
    by_folded = {candidate.casefold(): candidate for candidate in known}
    close = difflib.get_close_matches(name.casefold(), by_folded, n=1, cutoff=0.6)
    found = by_folded[close[0]] if close else None
    return None if found == name else found


def raise_for(mistakes: Iterable[Mistake], places: Places) -> None:
    """Raise all mistakes as one error, in the order of the file, overrides last.

    Args:
        mistakes: What was found; the same found twice counts once.
        places: Where each stands.

    Raises:
        ConfigurationError: There is at least one.
    """
    found = {f"{mistake.place}{mistake}": (mistake, mistake.place or places.find(mistake.path)) for mistake in mistakes}
    ordered = sorted(found.values(), key=lambda pair: (pair[1].line is None, pair[1].line or 0))
    if not ordered:
        return
    lines = [f"{place}: {mistake}" for mistake, place in ordered]
    context: list[dict[str, Any]] = [
        {
            "file": place.source,
            "line": place.line,
            "path": mistake.dotted,
            "message": mistake.message,
            "suggestion": mistake.suggestion,
        }
        for mistake, place in ordered
    ]
    message = lines[0] if len(lines) == 1 else "\n".join([f"{len(lines)} mistakes in the configuration", *lines])
    raise ConfigurationError(message, context={"mistakes": context})
