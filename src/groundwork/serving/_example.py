"""An instance that a schema admits: to warm a model, and to show a client what to send."""

from collections.abc import Mapping
from typing import Any


def example(schema: Mapping[str, Any]) -> Any:
    """Return an instance that a schema admits, as far as its types tell.

    Args:
        schema: JSON schema of one instance; its own examples and defaults come first.

    Returns:
        Plain data; an empty object for a schema that says nothing.
    """
    if schema.get("examples"):
        return schema["examples"][0]
    for key in ("example", "default", "const"):
        if key in schema:
            return schema[key]
    if schema.get("enum"):
        return schema["enum"][0]
    kinds = schema.get("type", "object")
    kind = kinds if isinstance(kinds, str) else kinds[0]
    if kind == "object":
        return {name: example({"type": "null", **inner}) for name, inner in schema.get("properties", {}).items()}
    if kind == "array":
        return [example(schema.get("items", {}))] * int(schema.get("minItems", 1))
    return {
        "number": schema.get("minimum", 0.0),
        "integer": schema.get("minimum", 0),
        "string": "",
        "boolean": False,
    }.get(kind)
