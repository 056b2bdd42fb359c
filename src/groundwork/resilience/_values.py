"""What steps hand to each other.

Rule: a step sees its inputs as a resumed run would see them, after a way through JSON, and a copy of its own; the
name of a value is the SHA-256 of its content. Cost: a few passes of ``json`` over plain data, none over anything else.
"""

import hashlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from datetime import date, time
from typing import Any


class Value:
    """An input or an output.

    Args:
        raw: Anything. Plain data (what JSON can say) is copied; anything else is passed on as it is.

    Attributes:
        digest: SHA-256 of the content; None where the content has no name that another process would give it too.
    """

    __slots__ = ("_raw", "_text", "digest")

    def __init__(self, raw: Any) -> None:
        self._raw = raw
        self._text: str | None = _said(raw, json.dumps)
        self.digest: str | None = None
        # Keys in any order are the same content, and so is what JSON makes the same: a tuple and a list.
        named = _said(self.get(), _canonical.encode)
        if named is not None:
            self.digest = _sha256(named)

    def get(self) -> Any:
        """Return the value; plain data as a new copy each time."""
        return self._raw if self._text is None else json.loads(self._text)


def key_of(names: Sequence[str], parameters: Value, inputs: Mapping[str, Value]) -> str | None:
    """Name "this step with these inputs", the same in every process.

    Args:
        names: The names of the step and its outputs.
        parameters: Its parameters.
        inputs: What its function gets, by parameter.

    Returns:
        The key; None if something in it has no name, so that nothing finished can be found under it.
    """
    digests = {name: value.digest for name, value in inputs.items()}
    if parameters.digest is None or None in digests.values():
        return None
    return _sha256(_canonical.encode([names, parameters.digest, digests]))


def plain_error(error: Mapping[str, Any]) -> dict[str, Any]:
    """Make a described error fit for a journal, whatever its context holds.

    Args:
        error: What ``describe`` gave.

    Returns:
        The same, with words in place of what JSON cannot say.
    """
    text = _said(error, json.JSONEncoder(default=repr).encode)
    if text is None:
        text = json.dumps({"type": str(error["type"]), "message": str(error["message"]), "cause": None})
    plain: dict[str, Any] = json.loads(text)
    return plain


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _said(raw: Any, encode: Callable[[Any], str]) -> str | None:
    try:
        return encode(raw)
    except (TypeError, ValueError, RecursionError):
        return None


def _stand_in(value: Any) -> Any:
    if isinstance(value, os.PathLike):
        return ["path", os.fspath(value)]
    if isinstance(value, date | time):
        return ["time", value.isoformat()]
    raise TypeError(f"{type(value).__name__} has no name")


_canonical = json.JSONEncoder(sort_keys=True, default=_stand_in)
