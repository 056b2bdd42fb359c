"""Arguments in a log: short, without data and without secrets.

Rule: a text of bounded length whatever the value; arrays, tables and estimators are told by kind and size; whatever a
name such as ``password`` or ``api_key`` stands before is a mask.
"""

import re
from collections.abc import Mapping
from reprlib import Repr
from typing import Any

MASK = "***"
_SECRET = re.compile(
    r"(?i)passw|pwd|passphrase|secret|token|api_?key|apikey|private_?key|credential|authorization|cookie"
)


class _Short(Repr):
    def __init__(self, most: int) -> None:
        super().__init__()
        self.maxstring = self.maxother = max(16, most)
        self.maxlevel = 3
        self.maxlist = self.maxtuple = self.maxset = self.maxfrozenset = self.maxdict = 4

    def repr1(self, x: Any, level: int) -> str:
        if hasattr(type(x), "shape") or hasattr(type(x), "get_params"):
            return kind_of_value(x)
        return super().repr1(x, level)

    def repr_dict(self, x: dict[Any, Any], level: int) -> str:
        hidden = {key: _Mask() if is_secret(key) else value for key, value in x.items()} if level > 0 else x
        return super().repr_dict(hidden, level)

    def repr_instance(self, x: Any, level: int) -> str:
        # A dataclass or a settings object shows its fields, and with them what nobody should read.
        names = getattr(type(x), "__dataclass_fields__", None) or getattr(type(x), "model_fields", None)
        if isinstance(names, Mapping) and not isinstance(x, type):
            if level <= 0:
                return f"{type(x).__name__}(...)"
            shown = [
                f"{name}={MASK if is_secret(name) else self.repr1(getattr(x, name, None), level - 1)}"
                for name in list(names)[: self.maxdict]
            ]
            return f"{type(x).__name__}({', '.join(shown)}{', ...' if len(names) > self.maxdict else ''})"
        return super().repr_instance(x, level)


class _Mask:
    def __repr__(self) -> str:
        return MASK


def is_secret(name: object) -> bool:
    """Tell whether what has this name must not be shown.

    Args:
        name: Of a parameter, a field or a key of a mapping.
    """
    return isinstance(name, str) and _SECRET.search(name) is not None


def short(value: Any, most: int = 80) -> str:
    """Show a value in at most so many characters.

    Args:
        value: Anything; a ``__repr__`` that raises is told as the type's name.
        most: The limit.
    """
    shown = _Short(most).repr(value)
    return shown if len(shown) <= most else f"{shown[: most - 3]}..."


def kind_of_value(value: Any) -> str:
    """Name the type of a value and its size: ``ndarray float64 (3, 2)``, ``list of 3``, ``None``.

    Args:
        value: Anything.
    """
    if value is None:
        return "None"
    kind = type(value).__name__
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple):
        dtype = getattr(value, "dtype", None)
        return f"{kind} {dtype} {shape}" if dtype is not None else f"{kind} {shape}"
    if isinstance(value, str | bytes | bytearray | list | tuple | dict | set | frozenset):
        return f"{kind} of {len(value)}"
    return kind
