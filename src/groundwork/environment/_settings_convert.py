"""A raw value, of a file or a variable, to the type that a setting has.

Rule: text is read as what the type says (``"False"`` is false), a value of another type is a mistake and never bent.
Types that are not here, as dates and URLs, are pydantic's to read.
"""

import difflib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from groundwork.environment._secret import Secret

_TRUTH = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
_LISTS: dict[Any, Callable[[Iterable[Any]], Any]] = {
    list: list,
    tuple: tuple,
    set: set,
    frozenset: frozenset,
    Sequence: list,
    Iterable: list,
}


class Scalar(str):
    """A plain scalar of YAML: text, until a type says what it is."""

    __slots__ = ()


class UnfitError(ValueError):
    """A value does not fit the type of its setting.

    Args:
        problem: What is wrong, without the value.
        value: The value; shown only where the setting is no secret.
        within: Which part of the setting, as ``item 2``; empty for the whole.
        quotes: Whether ``problem`` may quote the value, as the words of others do.
    """

    def __init__(self, problem: str, value: Any, *, within: str = "", quotes: bool = False) -> None:
        super().__init__(problem)
        self.problem = problem
        self.value = value
        self.within = within
        self.quotes = quotes


def convert(value: Any, wanted: Any) -> Any:
    """Return the value as the type says.

    Args:
        value: Text, or a plain value of a file or an argument.
        wanted: The type, as an annotation gives it.

    Raises:
        UnfitError: It cannot be read as that.
    """
    origin, parts = get_origin(wanted) or wanted, get_args(wanted)
    if origin is Annotated:
        return convert(value, parts[0])
    if origin in (Union, UnionType):
        return _one_of_several(value, parts)
    if origin is Literal:
        return _option(value, {option: [option] for option in parts})
    if origin in (Any, object):
        return _plain(value)
    if origin in _SCALARS:
        return _scalar(value, origin)
    if origin in _LISTS:
        return _list(value, origin, parts)
    if origin in (dict, Mapping):
        return _mapping(value, parts or (str, Any))
    if isinstance(origin, type) and issubclass(origin, Enum):
        if isinstance(value, origin):
            return value
        return _option(value, {member: [member.value, name] for name, member in origin.__members__.items()})
    return _foreign(value, wanted)


def _truth(text: str) -> bool:
    return _TRUTH[text.strip().casefold()]


def _number(text: str) -> float:
    number = float(text)
    if number != number:
        raise ValueError("nan")
    return number


def _path(text: str) -> Path:
    if not text:
        raise ValueError("an empty path is the current folder, which nobody means")
    return Path(text)


_SCALARS: dict[Any, tuple[Callable[[str], Any], str]] = {
    str: (str, "text"),
    bool: (_truth, "true or false"),
    int: (int, "a whole number such as 8080"),
    float: (_number, "a number such as 0.5 or 1e-4"),
    Path: (_path, "a path"),
    Secret: (Secret, "text"),
}


def _scalar(value: Any, wanted: Any) -> Any:
    read, words = _SCALARS[wanted]
    if isinstance(value, str):
        try:
            return read(str(value))
        except (ValueError, KeyError):
            raise UnfitError(f"is not {words}" if value else f"is empty, not {words}", value) from None
    if wanted is float and type(value) is int:
        return float(value)
    # bool is an int to Python, but not to people.
    if isinstance(value, wanted) and (wanted is bool or not isinstance(value, bool)):
        return value
    raise UnfitError(f"is {_kind(value)}, not {words}", value)


def _one_of_several(value: Any, parts: tuple[Any, ...]) -> Any:
    if NoneType in parts and (value is None or value == ""):
        return None
    kinds = [part for part in parts if part is not NoneType]
    problems = []
    for kind in kinds:
        try:
            return convert(value, kind)
        except UnfitError as error:
            problems.append(error)
    if len(problems) == 1:
        raise problems[0]
    words = " or ".join(getattr(kind, "__name__", str(kind)) for kind in kinds)
    raise UnfitError(f"is none of {words}", value)


def _option(value: Any, options: Mapping[Any, list[Any]]) -> Any:
    """Return the option that a value stands for: itself, or as text the way it is written."""
    for option, spellings in options.items():
        if any(type(value) is type(each) and value == each for each in spellings):
            return option
    # The first option that is written so wins, and a value goes before a name.
    pairs = [(_spelled(each), option) for option, spellings in options.items() for each in spellings]
    words = dict(reversed(pairs))
    if isinstance(value, str) and value in words:
        return words[str(value)]
    first = [_spelled(spellings[0]) for spellings in options.values()]
    near = difflib.get_close_matches(str(value), first, n=1) if isinstance(value, str) else []
    meant = f"; did you mean {near[0]!r}?" if near else ""
    raise UnfitError(f"is none of {', '.join(first)}{meant}", value, quotes=bool(near))


def _spelled(option: Any) -> str:
    return str(option).lower() if isinstance(option, bool) else "" if option is None else str(option)


def _list(value: Any, wanted: Any, parts: tuple[Any, ...]) -> Any:
    items = _items(value) if isinstance(value, str) else value
    if not isinstance(items, list | tuple | set | frozenset):
        raise UnfitError(f"is {_kind(value)}, not a list", value)
    items = list(items)
    fixed = wanted is tuple and parts and parts[-1] is not Ellipsis
    if fixed and len(items) != len(parts):
        raise UnfitError(f"has {len(items)} items, not {len(parts)}", value)
    kinds = parts if fixed else [parts[0] if parts else Any] * len(items)
    pairs = enumerate(zip(items, kinds, strict=True), start=1)
    return _LISTS[wanted]([_within(f"item {number}", item, kind) for number, (item, kind) in pairs])


def _items(text: str) -> Any:
    """Read ``a, b`` or a JSON list."""
    if text.strip().startswith("["):
        return _json(text)
    items = [item.strip() for item in text.split(",")]
    return items if items[-1] else items[:-1]


def _mapping(value: Any, parts: tuple[Any, ...]) -> dict[Any, Any]:
    entries = _json(value) if isinstance(value, str) else value
    if not isinstance(entries, Mapping):
        raise UnfitError(f"is {_kind(entries)}, not a mapping", value)
    return {convert(key, parts[0]): _within(str(key), each, parts[1]) for key, each in entries.items()}


def _within(part: str, value: Any, wanted: Any) -> Any:
    try:
        return convert(value, wanted)
    except UnfitError as error:
        within = f"{part}, {error.within}" if error.within else part
        raise UnfitError(error.problem, error.value, within=within, quotes=error.quotes) from None


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise UnfitError("is not valid JSON", text) from None


def _plain(value: Any) -> Any:
    """Return a value of no type in particular: what YAML left open is read as JSON would, or stays text."""
    if isinstance(value, Scalar):
        try:
            return json.loads(value)
        except ValueError:
            return str(value)
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return {key: _plain(each) for key, each in value.items()} if isinstance(value, dict) else value


def _foreign(value: Any, wanted: Any) -> Any:
    if type(value) is wanted:
        return value
    try:
        from pydantic import TypeAdapter, ValidationError
        from pydantic.errors import PydanticUserError
    except ModuleNotFoundError:
        raise UnfitError(f"has the type {wanted}, which takes pydantic to read; install it", value) from None
    if isinstance(value, str) and value.lstrip().startswith(("[", "{")):
        value = _json(value)
    try:
        return TypeAdapter(wanted).validate_python(value)
    except PydanticUserError:
        raise UnfitError(f"has the type {wanted}, which cannot be read from text", value) from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        raise UnfitError(f"is refused: {first['msg']}", value, within=part_of(first["loc"]), quotes=True) from None


def part_of(location: tuple[int | str, ...]) -> str:
    """Return where in a value a mistake of pydantic is, as we say it.

    Args:
        location: Keys, and numbers of items from 0.
    """
    return ", ".join(f"item {part + 1}" if isinstance(part, int) else part for part in location)


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, Mapping):
        return "a mapping"
    names = {bool: "true or false", int: "a number", float: "a number", str: "text", list: "a list"}
    return names.get(type(value), f"a {type(value).__name__}")
