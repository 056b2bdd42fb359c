"""Plain data to YAML that every reader reads alike.

Rule: what YAML 1.1 or YAML 1.2 would take for something else is quoted; what ``load_yaml`` would not read back equal is
refused; the same value gives the same text.
"""

from typing import Any

import yaml

from groundwork.errors import InvalidDataError
from groundwork.storage._yaml import MAX_DEPTH, TAG, add_core_schema

_SCALARS = (type(None), bool, int, float, str)


class _CoreDumper(yaml.SafeDumper):
    """Quotes what the core schema, not YAML 1.1, would read as something else."""

    # SafeDumper brings the resolvers of YAML 1.1; quoting what either version would misread suits every reader.
    def ignore_aliases(self, data: Any) -> bool:
        return True

    def represent_text(self, text: str) -> yaml.ScalarNode:
        # PyYAML folds these like line breaks, in every style but the double-quoted.
        style = '"' if any(char in text for char in "\x85\u2028\u2029") else None
        return self.represent_scalar(TAG + "str", text, style)


add_core_schema(_CoreDumper)
_CoreDumper.add_representer(str, _CoreDumper.represent_text)


def dump_yaml(value: Any) -> str:
    """Write plain data as YAML that ``load_yaml`` reads back equal, and that readers of YAML 1.1 read alike.

    Args:
        value: Dicts, lists, text, numbers, booleans and None; dicts keep their order. A tuple comes back as a list.

    Returns:
        The document, ending in a newline; the same value gives the same text.

    Raises:
        InvalidDataError: The value holds something else (the message says where), contains itself, or is nested too
            deep to be read back.
    """
    _require_plain(value, "", 0)
    text = yaml.dump(value, Dumper=_CoreDumper, sort_keys=False, allow_unicode=True, width=120)
    return str(text).removesuffix("...\n")


def _require_plain(value: Any, path: str, depth: int) -> None:
    # PyYAML would write dates, bytes and sets too, in ways that other readers take for something else.
    if depth > MAX_DEPTH:
        raise InvalidDataError(
            f"{path[:60]}…: what contains itself, or is deeper than {MAX_DEPTH} levels, cannot be written as YAML",
            hint="write a flatter value",
        )
    if type(value) is dict:
        for key, inner in value.items():
            _require_scalar(key, f"{path}[{key!r}] (the key)")
            _require_plain(inner, f"{path}[{key!r}]", depth + 1)
    elif type(value) in (list, tuple):
        for index, inner in enumerate(value):
            _require_plain(inner, f"{path}[{index}]", depth + 1)
    else:
        _require_scalar(value, path)


def _require_scalar(value: Any, path: str) -> None:
    at = f"{path}: " if path else ""
    if type(value) not in _SCALARS:
        raise InvalidDataError(f"{at}a {type(value).__name__} cannot be written as YAML", hint="write plain data only")
    if type(value) is str and any("\ud800" <= char <= "\udfff" for char in value):
        raise InvalidDataError(f"{at}half of a surrogate pair cannot be written as YAML", hint="mend the text")
