"""What is wrong with settings, told all at once.

Rule: a mistake names the place to change, and never shows the value of a setting that holds a secret.
"""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from groundwork.environment._scrub import CREDENTIALS
from groundwork.environment._secret import MASK, Secret
from groundwork.errors import ConfigurationError

_LONGEST = 60


@dataclass(frozen=True)
class Source:
    """Where a setting came from.

    Attributes:
        layer: Which of the five.
        name: The variable, or the argument; empty in a file.
        file: The file, or empty.
        line: Its line, from 1, or None.
    """

    layer: Literal["default", "file", "env_file", "environment", "argument"]
    name: str = ""
    file: str = ""
    line: int | None = None

    def __str__(self) -> str:
        if self.layer == "default":
            return "default"
        if self.file:
            place = self.file if self.line is None else f"{self.file}:{self.line}"
            return f"{place} {self.name}".rstrip()
        return f"{'argument' if self.layer == 'argument' else 'environment variable'} {self.name}"


@dataclass(frozen=True)
class Mistake:
    """One thing to mend.

    Attributes:
        setting: The setting with dots, as ``database.port``; empty for the settings as a whole.
        message: What is wrong.
        source: Where to change it, or None when it is nowhere yet.
        suggestion: What was probably meant, or None.
    """

    setting: str
    message: str
    source: Source | None = None
    suggestion: str | None = None

    def __str__(self) -> str:
        named = self.source is not None and self.source.name == self.setting
        parts = [str(self.source) if self.source else "", "" if named else self.setting, self.message]
        meant = f"; did you mean {self.suggestion!r}?" if self.suggestion else ""
        return ": ".join(part for part in parts if part) + meant

    def to_dict(self) -> dict[str, Any]:
        """Return the mistake as plain data, for the context of the error."""
        source = self.source
        return {
            "setting": self.setting,
            "message": self.message,
            "suggestion": self.suggestion,
            "file": source.file or None if source else None,
            "line": source.line if source else None,
            "name": source.name or None if source else None,
        }


def raise_for(mistakes: Iterable[Mistake], hint: str | None = None) -> None:
    """Raise all mistakes as one error.

    Args:
        mistakes: What was found, in the order to tell.
        hint: What to do next.

    Raises:
        ConfigurationError: There is at least one.
    """
    found = list(dict.fromkeys(mistakes))
    if not found:
        return
    lines = [str(mistake) for mistake in found]
    message = lines[0] if len(lines) == 1 else "\n".join([f"{len(lines)} mistakes in the settings", *lines])
    raise ConfigurationError(message, hint=hint, context={"mistakes": [mistake.to_dict() for mistake in found]})


def nearest(name: str, known: Iterable[str], likeness: float = 0.6) -> str | None:
    """Return the known name that a misspelt one was probably meant to be.

    Args:
        name: As written.
        known: What could have been meant.
        likeness: How near is near enough, in [0, 1].

    Returns:
        The nearest, or None if nothing is near.
    """
    by_folded = {each.casefold(): each for each in known}
    close = difflib.get_close_matches(name.casefold(), by_folded, n=1, cutoff=likeness)
    return by_folded[close[0]] if close else None


class Mask:
    """Keeps what is secret out of words of others.

    Args:
        texts: The secret texts, of every layer.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        # The longest first: one secret may be part of another.
        self._texts = sorted({text for text in texts if text.strip()}, key=len, reverse=True)

    def __repr__(self) -> str:
        return f"Mask({len(self._texts)} texts)"

    def words(self, text: str) -> str:
        """Return a message without the secrets it quotes.

        Args:
            text: A message of a validator, which may quote what it was given.
        """
        for secret in self._texts:
            for spelled in (secret, repr(secret)[1:-1]):
                text = text.replace(spelled, MASK)
        return CREDENTIALS.sub(MASK, text)

    def shown(self, value: Any) -> str:
        """Return a value as messages quote it: short, and without credentials.

        Args:
            value: A value of a setting that is not secret itself.
        """
        text = self.words(repr(value))
        return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def texts_of(value: Any) -> list[str]:
    """Return every text in a raw value of a secret setting.

    Args:
        value: A text, or lists and mappings of such.
    """
    if isinstance(value, dict):
        return [text for each in value.values() for text in texts_of(each)]
    if isinstance(value, list | tuple | set | frozenset):
        return [text for each in value for text in texts_of(each)]
    if isinstance(value, Secret):
        return [value.reveal()]
    return [] if value is None or isinstance(value, bool) else [str(value)]
