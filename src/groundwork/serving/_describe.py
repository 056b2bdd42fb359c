"""What a model says of itself.

Rule: it comes from the model's own input schema, so that it cannot drift from what is checked.
"""

from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from groundwork.serving._adapters import Adapter, example
from groundwork.serving._block import TensorSpec


def metadata(name: str, adapter: Adapter, versions: Sequence[str], outputs: Sequence[TensorSpec]) -> dict[str, Any]:
    """Return a model's metadata, as the Open Inference Protocol has it, and its schema.

    Args:
        name: Under which it is served.
        adapter: Of the model.
        versions: Those that a call may name.
        outputs: What it gives.

    Returns:
        ``name``, ``versions``, ``platform``, ``inputs``, ``outputs``, ``schema`` and an ``example`` of one instance.
    """
    schema = adapter.input_schema()
    return {
        "name": name,
        "versions": versions,
        "platform": "groundwork",
        "inputs": [spec._asdict() for spec in adapter.inputs or _inputs(schema)],
        "outputs": [spec._asdict() for spec in outputs],
        "schema": schema,
        "example": example(schema),
    }


def package_version() -> str:
    """Return groundwork's own version."""
    try:
        return version("groundwork")
    except PackageNotFoundError:  # run from a source folder that was never installed
        return "0"


def _inputs(schema: Mapping[str, Any]) -> list[TensorSpec]:
    if schema.get("type") == "array":
        return [TensorSpec("instances", "FP64", (-1, int(schema.get("maxItems", -1))))]
    if schema.get("type", "number") in ("number", "integer", "boolean", "string") and "properties" not in schema:
        # Rows without columns; where nothing is said of them, numbers are the best guess.
        return [TensorSpec("instances", _datatype(schema.get("type", "number")), (-1,))]
    columns = schema.get("properties", {})
    return [TensorSpec(name, _datatype(inner.get("type")), (-1,)) for name, inner in columns.items()]


def _datatype(kind: Any) -> str:
    kinds = {kind} if isinstance(kind, str) else set(kind or ())
    for json_type, datatype in (("string", "BYTES"), ("number", "FP64"), ("integer", "INT64"), ("boolean", "BOOL")):
        if json_type in kinds:
            return datatype
    return "BYTES"
