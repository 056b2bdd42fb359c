"""What pydantic found, in the words of somebody who edits a pipeline.yaml.

Rule: a message says what was expected and what was found; an unknown key or word names the nearest known one.
"""

import types
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from groundwork.project._config_mistakes import KeyPath, Mistake, nearest

_EXPECTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "int_parsing": "a whole number",
    "float_parsing": "a number",
    "list_type": "a list",
    "tuple_type": "a list",
    "dict_type": "keys with values",
    "model_type": "keys with values",
    "model_attributes_type": "keys with values",
}
_PATTERNS = {
    "gates": "an operator and a number, as '>= 0.66'",
    "estimator": "an import path, as sklearn.ensemble.HistGradientBoostingClassifier, or the name of a plugin",
    "unit": "a span of time, as 1d",
    "max_age": "a span of time, as 12h, 7d",
    "sha256": "64 hexadecimal digits in lower case",
    "name": "letters, digits, dots, dashes and underscores, the first a letter or digit",
}


# Where people give a number and leave out its unit.
_SPANS = ("unit", "max_age")


def translate(found: Iterable[ErrorDetails], root: type[BaseModel], data: Any) -> Iterator[Mistake]:
    """Turn pydantic's errors into mistakes.

    Args:
        found: ``ValidationError.errors()``.
        root: The model that was validated.
        data: What was validated.

    Yields:
        One mistake each; a key that is missing only because it is misspelt is left out.
    """
    mistakes = [(details["type"], _mistake(details, root, data)) for details in found]
    misspelt = {(*mistake.path[:-1], mistake.suggestion) for kind, mistake in mistakes if kind == "extra_forbidden"}
    yield from (mistake for kind, mistake in mistakes if kind != "missing" or mistake.path not in misspelt)


def _mistake(details: ErrorDetails, root: type[BaseModel], data: Any) -> Mistake:
    path = tuple(part for part in details["loc"] if part != "[key]")
    kind, value = details["type"], details["input"]
    if kind == "invalid_key":
        return Mistake((*path[:-1], value), "a key must be text; put it in quotes")
    if kind != "missing" and len(written := _written(path, data)) < len(path):
        # pydantic adds the names of types where several are allowed, and the key that a short spelling stands for.
        path = written
        if kind != "literal_error":
            return Mistake(path, f"{_shown(value)} does not fit here")
    if kind == "extra_forbidden":
        return Mistake(path, f"unknown key{_elsewhere(root, path)}", nearest(str(path[-1]), _keys(root, path[:-1])))
    if kind == "missing":
        return Mistake(path, "this key is required")
    if kind == "literal_error":
        known = details["ctx"]["expected"].replace(" or ", ", ").replace("'", "").split(", ")
        return Mistake(path, f"{_shown(value)} is none of {', '.join(known)}", nearest(str(value), known))
    a_number_as_span = kind == "string_type" and path[-1] in _SPANS
    if kind == "string_pattern_mismatch" or (path[:1] == ("gates",) and len(path) == 2) or a_number_as_span:
        key = next((part for part in reversed(path) if part in _PATTERNS), None)
        expected = _PATTERNS.get(str(key), f"text that matches {details.get('ctx', {}).get('pattern')}")
        return Mistake(path, f"expected {expected}; found {_shown(value)}")
    if kind in _EXPECTED:
        return Mistake(path, f"expected {_EXPECTED[kind]}, found {_shown(value)}")
    if kind == "string_too_short" or (kind == "too_short" and not value):
        return Mistake(path, "must not be empty")
    if kind == "value_error":
        return Mistake(path, details["msg"].removeprefix("Value error, "))
    message = details["msg"].replace("Input should", "must")
    return Mistake(path, f"{message[:1].lower()}{message[1:]}, found {_shown(value)}")


def _written(path: KeyPath, data: Any) -> KeyPath:
    """Cut off what is not in the file."""
    for length, part in enumerate(path):
        try:
            data = data[part]
        except (LookupError, TypeError):
            return path[:length]
    return path


def _shown(value: Any) -> str:
    names = {dict: "keys with values", list: "a list"}
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    text = next((name for kind, name in names.items() if isinstance(value, kind)), repr(value))
    return text if len(text) <= 60 else f"{text[:57]}..."


def _elsewhere(root: type[BaseModel], path: KeyPath) -> str:
    """Say which steps have a key that this one has not."""
    having = [name for name in _keys(root, path[:1]) if path[-1] in _keys(root, (*path[:1], name))]
    return f"; only {' and '.join(having)} have it" if path[:1] == ("steps",) and len(path) == 3 and having else ""


def _keys(root: type[BaseModel], path: KeyPath) -> list[str]:
    at: Any = root
    for part in path:
        at = _inside(_plain(at), part)
    at = _plain(at)
    return [field.alias or name for name, field in at.model_fields.items()] if _is_model(at) else []


def _inside(annotation: Any, part: str | int) -> Any:
    if _is_model(annotation):
        fields = {field.alias or name: field.annotation for name, field in annotation.model_fields.items()}
        return fields.get(str(part))
    arguments = get_args(annotation)
    return arguments[-1] if arguments else None


def _plain(annotation: Any) -> Any:
    """Take away Annotated and None: what is left says which keys there are."""
    while get_origin(annotation) in (Annotated, Union, types.UnionType):
        annotation = next(argument for argument in get_args(annotation) if argument is not type(None))
    return annotation


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)
