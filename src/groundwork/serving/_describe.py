"""What a model and the API say of themselves.

Rule: both come from the models' own input schemas, so that they cannot drift from what is checked.
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


def openapi(title: str, schemas: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return the API's description.

    Args:
        title: Of the API.
        schemas: Model name to the schema of one of its instances.

    Returns:
        An OpenAPI 3.1 document.
    """
    instance = next(iter(schemas.values())) if len(schemas) == 1 else {"anyOf": list(schemas.values())}
    answer = {
        "type": "object",
        "properties": {
            "predictions": {"type": "array", "items": {}},
            "model": {"type": "string"},
            "version": {"type": "string"},
        },
        "required": ["predictions", "model", "version"],
    }
    request = {
        "type": "object",
        "properties": {"instances": {"type": "array", "minItems": 1, "items": instance}},
        "required": ["instances"],
        "additionalProperties": False,
        "examples": [{"instances": [example(next(iter(schemas.values())))]}],
    }
    problems = {
        status: _content(words, "application/problem+json", {"$ref": "#/components/schemas/Problem"})
        for status, words in {
            "400": "Not JSON",
            "404": "No such model",
            "413": "Too large",
            "422": "The instances break the schema",
            "500": "The model failed",
            "503": "Overloaded or not ready; see Retry-After",
            "504": "The deadline passed",
        }.items()
    }
    predict = {
        "summary": "One prediction for each instance",
        "parameters": [
            {"name": "model", "in": "query", "schema": {"type": "string", "enum": list(schemas)}},
            {"name": "X-Request-Timeout-Ms", "in": "header", "schema": {"type": "integer", "minimum": 1}},
        ],
        "requestBody": {"required": True, "content": {"application/json": {"schema": request}}},
        "responses": {"200": _content("The predictions, in order", "application/json", answer), **problems},
    }
    name = {"name": "name", "in": "path", "required": True, "schema": {"type": "string"}}
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": package_version()},
        "paths": {
            "/predict": {"post": predict},
            "/v2/health/live": _get("The process answers"),
            "/v2/health/ready": _get("Every model can be asked"),
            "/v2/models/{name}": {**_get("What a model is and takes"), "parameters": [name]},
            "/metrics": _get("Metrics for Prometheus"),
        },
        "components": {"schemas": {"Problem": _PROBLEM}},
    }


_PROBLEM = {
    "type": "object",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "error": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"pointer": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
    },
    "required": ["type", "title", "status", "detail", "code"],
}


def package_version() -> str:
    """Return groundwork's own version."""
    try:
        return version("groundwork")
    except PackageNotFoundError:  # run from a source folder that was never installed
        return "0"


def _content(description: str, media_type: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {media_type: {"schema": schema}}}


def _get(summary: str) -> dict[str, Any]:
    return {"get": {"summary": summary, "responses": {"200": {"description": "OK"}}}}


def _inputs(schema: Mapping[str, Any]) -> list[TensorSpec]:
    if schema.get("type") == "array":
        return [TensorSpec("instances", "FP64", (-1, int(schema.get("maxItems", -1))))]
    columns = schema.get("properties", {})
    return [TensorSpec(name, _datatype(inner.get("type")), (-1,)) for name, inner in columns.items()]


def _datatype(kind: Any) -> str:
    kinds = {kind} if isinstance(kind, str) else set(kind or ())
    for json_type, datatype in (("string", "BYTES"), ("number", "FP64"), ("integer", "INT64"), ("boolean", "BOOL")):
        if json_type in kinds:
            return datatype
    return "BYTES"
