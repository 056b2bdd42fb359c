"""A schema in a YAML file: ``columns``, ``unique``, ``rules`` as in a pipeline.yaml, and ``null_values``.

Rule: all mistakes are told at once, each with its line, and before any row is read.
"""

from os import PathLike
from pathlib import Path
from typing import Any

from groundwork.data._schema import Schema
from groundwork.data._schema_mistakes import Place, mistakes_of
from groundwork.errors import ConfigurationError, InvalidDataError
from groundwork.storage import dump_yaml, load_yaml_with_lines

_HINT = "a schema file has columns:, each with its dtype; groundwork data profile FILE --suggest-schema drafts one"


def load_schema(path: str | PathLike[str]) -> tuple[Schema, tuple[str, ...]]:
    """Read a schema file.

    Args:
        path: The file.

    Returns:
        The schema, and the texts that mean missing.

    Raises:
        ConfigurationError: There is no such file, or it holds no sound schema; the context has every mistake.
    """
    source = str(path)
    try:
        data, lines = load_yaml_with_lines(Path(path).read_text(encoding="utf-8"), source)
    except InvalidDataError as error:
        raise ConfigurationError(error.message, hint=error.hint, context=error.context) from error
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise ConfigurationError(f"{source}: the schema cannot be read: {reason}", hint=_HINT) from error
    if not isinstance(data, dict) or "columns" not in data:
        inside = ", name it by --project" if isinstance(data, dict) and "schema" in data else ""
        raise ConfigurationError(f"{source} has no columns:{inside}", hint=_HINT, context={"file": source})
    nulls = data.pop("null_values", None) or []
    mistakes: list[tuple[Place, str]] = []
    if not isinstance(nulls, list) or not all(isinstance(text, str) for text in nulls):
        mistakes.append((("null_values",), "must be a list of texts; quote them, as ['NA', '-']"))
    try:
        schema = Schema.model_validate(data)
    except ConfigurationError as error:
        mistakes += mistakes_of(error)
    if mistakes:
        raise _refused(source, mistakes, lines)
    return schema, tuple(nulls)


def dump_schema(schema: Schema, null_values: tuple[str, ...] = ()) -> str:
    """Write a schema as ``load_schema`` reads it.

    Args:
        schema: The schema.
        null_values: Texts that mean missing.

    Returns:
        YAML.
    """
    plain = schema.model_dump(mode="json", exclude_defaults=True)
    plain = {"columns": {}, **plain}
    return dump_yaml({**({"null_values": list(null_values)} if null_values else {}), **plain})


def _refused(source: str, mistakes: list[tuple[Place, str]], lines: dict[Any, tuple[int, int]]) -> ConfigurationError:
    told = []
    for path, message in mistakes:
        where = next((path[:size] for size in range(len(path), 0, -1) if path[:size] in lines), ())
        line = f":{lines[where][0]}" if where else ""
        told.append(f"{source}{line}: {'.'.join(map(str, path))}: {message}".replace(": : ", ": "))
    more = f" (and {len(told) - 1} more)" if len(told) > 1 else ""
    rest = "\n".join(told[1:])
    hint = f"also: {rest}" if rest else "correct the schema"
    return ConfigurationError(told[0] + more, hint=hint, context={"file": source, "mistakes": told})
