"""One sample as an index knows it: where it is, what it is, on which side it stands.

Rule: a sample cannot change, and holds only what JSON gives back equal; whatever else is refused when it is made, by
the path of the value. Cost: one walk over the metadata, which is copied.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from groundwork.errors import InvalidDataError

_DEEPEST = 100
_MOST_BITS = 1_024
_NOTHING: Mapping[str, Any] = MappingProxyType({})


def _nothing() -> Mapping[str, Any]:
    return _NOTHING


@dataclass(frozen=True, slots=True)
class Sample:
    """One sample.

    Attributes:
        id: Its name, unlike that of any other sample.
        label: Its class, or None where nobody knows it.
        split: The part that it belongs to, as ``train``, or None.
        metadata: Further facts: what JSON can hold, by name. Read-only.

    Raises:
        InvalidDataError: The id is no text or empty, label or split is no text, or a value is nothing that JSON gives
            back equal; the message has its path.
    """

    id: str
    label: str | None = None
    split: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=_nothing, hash=False)

    def __post_init__(self) -> None:
        if not isinstance(self.id, str) or not self.id:
            raise InvalidDataError(f"id {self.id!r} is no name", hint="an id is text that is not empty; use str(...)")
        require_text(self.id, "id")
        for name in ("label", "split"):
            value = getattr(self, name)
            if value is not None:
                require_text(value, name, of=self.id)
        if self.metadata is _NOTHING:
            return
        if not isinstance(self.metadata, Mapping):
            raise _refused(f"sample {self.id!r}: metadata", self.metadata, "pass a mapping of names to values")
        copied = json_value(dict(self.metadata), f"sample {self.id!r}: metadata")
        object.__setattr__(self, "metadata", MappingProxyType(copied) if copied else _NOTHING)

    def __repr__(self) -> str:
        return f"Sample({self.id!r}, {self.label!r}, {self.split!r}, {dict(self.metadata)!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        # A mapping proxy cannot be pickled.
        return Sample, (self.id, self.label, self.split, dict(self.metadata))

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON, sharing nothing with the sample.

        Raises:
            InvalidDataError: A list in the metadata was changed, and now holds what JSON cannot.
        """
        copied = json_value(dict(self.metadata), f"sample {self.id!r}: metadata")
        return {"id": self.id, "label": self.label, "split": self.split, "metadata": copied}


def require_text(value: Any, name: str, *, of: str | None = None) -> None:
    """Refuse what is no text, or text that UTF-8 cannot hold.

    Args:
        value: The value.
        name: What it is, for the message.
        of: The sample that it belongs to.

    Raises:
        InvalidDataError: It is no such text.
    """
    what = name if of is None else f"sample {of!r}: {name}"
    if not isinstance(value, str):
        raise _refused(what, value, "use text, as str(...) makes it")
    if not value.isascii() and any("\ud800" <= char <= "\udfff" for char in value):
        raise _refused(what, value, "half of a surrogate pair is no text; mend what was decoded")


def json_value(value: Any, path: str, depth: int = 0) -> Any:
    """Copy a value that JSON gives back equal.

    Args:
        value: None, bool, int, float, text, lists and dicts of those.
        path: Where it stands, for the message.
        depth: How deep.

    Returns:
        The copy.

    Raises:
        InvalidDataError: JSON would refuse it, or give back something else; the message has the path.
    """
    if value is None or value is True or value is False:
        return value
    if isinstance(value, str):
        require_text(value, path)
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise _refused(path, value, "JSON has no NaN and no infinity; use None")
    elif isinstance(value, int):
        if value.bit_length() > _MOST_BITS:
            raise _refused(path, "an integer", f"integers beyond {_MOST_BITS:,} bits are written as text")
    elif depth >= _DEEPEST:
        raise _refused(
            path[:80], type(value).__name__, f"values nest at most {_DEEPEST} deep, and never contain themselves"
        )
    elif type(value) is list:
        return [json_value(item, f"{path}[{at}]", depth + 1) for at, item in enumerate(value)]
    elif type(value) is dict:
        for key in value:
            require_text(key, f"{path}: the key {key!r}")
        return {key: json_value(item, f"{path}[{key!r}]", depth + 1) for key, item in value.items()}
    else:
        raise _refused(path, value, "JSON would not give it back equal; use text, numbers, bool, None, lists and dicts")
    return value


def _refused(path: str, value: Any, hint: str) -> InvalidDataError:
    shown = repr(value)
    shown = shown if len(shown) <= 60 else shown[:60] + "…"
    return InvalidDataError(
        f"{path}: {shown} ({type(value).__name__}) cannot be kept", hint=hint, context={"path": path}
    )
