"""What is wrong with a declared schema, in words.

Rule: all mistakes are told at once, each with the path of keys to it; a required key that is only misspelt is told as
the misspelling alone.
"""

import difflib
from collections.abc import Sequence

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from groundwork.errors import ConfigurationError

Place = tuple[str | int, ...]


def schema_error(error: ValidationError, schema: type[BaseModel], column: type[BaseModel]) -> ConfigurationError:
    """Turn what pydantic found into an error in words.

    Args:
        error: What it raised.
        schema: The model of a schema.
        column: The model of one of its columns.

    Returns:
        The error, to be raised; ``mistakes_of`` gives its mistakes one by one.
    """
    found = [(details["type"], *_mistake(details, schema, column)) for details in error.errors()]
    misspelt = {(*path[:-1], near) for _, path, _, near in found if near is not None}
    mistakes = [(path, message) for kind, path, message, _ in found if kind != "missing" or path not in misspelt]
    told = [": ".join(filter(None, (".".join(map(str, path)), message))) for path, message in mistakes]
    more = f" (and {len(told) - 1} more)" if len(told) > 1 else ""
    hint = "also: " + "\n".join(told[1:]) if more else "correct the schema"
    context = {"mistakes": [{"path": list(path), "message": message} for path, message in mistakes]}
    return ConfigurationError(f"the schema is not sound: {told[0]}{more}", hint=hint, context=context)


def mistakes_of(error: ConfigurationError) -> Sequence[tuple[Place, str]]:
    """Give the mistakes of a ``schema_error``.

    Args:
        error: The error.

    Returns:
        Of each the path of keys to it, and what is wrong there.
    """
    return [(tuple(each["path"]), each["message"]) for each in error.context["mistakes"]]


def _mistake(details: ErrorDetails, schema: type[BaseModel], column: type[BaseModel]) -> tuple[Place, str, str | None]:
    path, kind = tuple(details["loc"]), details["type"]
    if kind == "extra_forbidden":
        known = list((column if path[0] == "columns" else schema).model_fields)
        near = next(iter(difflib.get_close_matches(str(path[-1]), known, n=1)), None)
        return path, "unknown key" + (f"; did you mean {near!r}?" if near else f"; known are {', '.join(known)}"), near
    if kind == "missing":
        return path, "this key is required", None
    message = details["msg"].removeprefix("Value error, ")
    found = "" if kind == "value_error" else f", found {str(details['input'])[:60]!r}"
    return path, message + found, None
