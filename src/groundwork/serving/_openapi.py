"""The API's description: OpenAPI 3.1, of all models or of one.

Rule: requests are described by the models' own input schemas, and every answer that a route can give is there, so that
a tool can hold the server to it.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote

from groundwork.serving._datatypes import DTYPES
from groundwork.serving._describe import package_version
from groundwork.serving._example import example

_JSON = "application/json"
_BYTES = "application/octet-stream"
_PROBLEM_JSON = "application/problem+json"

_TOLD = {
    "400": "It cannot be read",
    "401": "There is no valid API key",
    "404": "No such model or version",
    "408": "It came too slowly",
    "413": "Too large",
    "415": "Encoded in a way that is not read here",
    "422": "It breaks the schema",
    "429": "This client has used up its share; see Retry-After",
    "431": "The headers are too large",
    "500": "The server or the model failed",
    "503": "Overloaded or not ready; see Retry-After",
    "504": "The deadline passed",
}
_ALWAYS = ("400", "408", "413", "431", "500", "503")


class ModelApi(NamedTuple):
    """What the description says of a model.

    Attributes:
        name: Under which it is served.
        versions: Those that a call may name.
        schema: Of one instance.
        tensors: Name, datatype and shape of its inputs, as its metadata has them.
    """

    name: str
    versions: Sequence[str]
    schema: Mapping[str, Any]
    tensors: Sequence[Mapping[str, Any]]


def openapi(title: str, models: Sequence[ModelApi], *, keys: bool, max_instances: int) -> dict[str, Any]:
    """Return the API's description.

    Args:
        title: Of the API.
        models: The first is the one that a call means which names none.
        keys: Calls need an API key.
        max_instances: Most instances of a request.

    Returns:
        An OpenAPI 3.1 document.
    """
    paths: dict[str, Any] = {"/predict": {"post": _predict(models, max_instances)}}
    for model in models:
        path = f"/v2/models/{quote(model.name, safe='')}"
        for each in (path, *(f"{path}/versions/{quote(version, safe='')}" for version in model.versions)):
            paths[each] = {"get": _get("What a model is and takes", _ref("Metadata"), "404")}
            paths[f"{each}/ready"] = {"get": _get("Whether a model is loaded and warm", _ref("ModelReady"), "404")}
            paths[f"{each}/infer"] = {"post": _infer(model)}
    paths |= {
        "/v2": {"get": _get("What serves", _ref("Server"))},
        "/v2/repository/index": {
            "post": {
                "summary": "Which models there are",
                "responses": _responses({_JSON: {"type": "array", "items": _ref("Indexed")}}),
            }
        },
        "/v2/health/live": {"get": _get("The process answers", _flag("live"))},
        "/v2/health/ready": {"get": _get("Every model can be asked", _flag("ready"))},
        "/metrics": {"get": _get("Metrics for Prometheus", {"type": "string"}, media_type="text/plain")},
        "/openapi.json": {"get": _described(models)},
        "/": {"get": _get("A page to try and watch the models", {"type": "string"}, media_type="text/html")},
    }
    document: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {"title": title, "version": package_version()},
        "paths": paths,
        "components": {"schemas": _SCHEMAS, "headers": _HEADERS},
    }
    if keys:
        _secure(document)
    return document


def _predict(models: Sequence[ModelApi], max_instances: int) -> dict[str, Any]:
    schemas = [model.schema for model in models]
    instance = schemas[0] if len(schemas) == 1 else {"anyOf": schemas}
    request = {
        "type": "object",
        "properties": {
            "instances": {"type": "array", "minItems": 1, "maxItems": max_instances, "items": instance},
        },
        "required": ["instances"],
        "additionalProperties": False,
        "examples": [{"instances": [example(schemas[0])]}],
    }
    versions = list(dict.fromkeys(version for model in models for version in model.versions))
    return {
        "summary": "One prediction for each instance",
        "parameters": [
            _parameter("query", "model", {"type": "string", "enum": [model.name for model in models]}),
            _parameter("query", "version", {"type": "string", "enum": versions}),
            *_CALL_PARAMETERS,
        ],
        "requestBody": {"required": True, "content": {_JSON: {"schema": request}}},
        "responses": _responses({_JSON: _ref("Predicted")}, "404", "422", "429", "504"),
    }


def _infer(model: ModelApi) -> dict[str, Any]:
    tensor = {
        "type": "object",
        "properties": {
            "name": {"type": "string", "maxLength": 256, "examples": [tensor["name"] for tensor in model.tensors]},
            "datatype": {"enum": sorted([*DTYPES, "BYTES"])},
            "shape": {"type": "array", "items": {"type": "integer", "minimum": 0}, "maxItems": 16},
            "data": {"type": "array"},
            "parameters": {"type": "object"},
        },
        "required": ["name", "datatype", "shape"],
    }
    request = {
        "type": "object",
        "properties": {
            "id": {"type": "string"},
            "parameters": {"type": "object"},
            "inputs": {"type": "array", "items": tensor, "minItems": 1},
            "outputs": {"type": "array", "items": {"type": "object"}},
        },
        "required": ["inputs"],
    } | _infer_example(model)
    return {
        "summary": f"Tensors for {model.name}, as the Open Inference Protocol has them",
        "parameters": [
            _parameter("header", "Inference-Header-Content-Length", {"type": "integer", "minimum": 0}),
            *_CALL_PARAMETERS,
        ],
        "requestBody": {
            "required": True,
            "content": {_JSON: {"schema": request}, _BYTES: {"schema": {"type": "string", "format": "binary"}}},
        },
        "responses": _responses(
            {_JSON: _ref("Inferred"), _BYTES: {"type": "string", "format": "binary"}},
            *("404", "415", "422", "429", "504"),
        ),
    }


def _infer_example(model: ModelApi) -> dict[str, Any]:
    """Return an example where an instance goes into tensors without a gap."""
    row = example(model.schema)
    inputs = []
    for tensor in model.tensors:
        value = row[tensor["name"]] if isinstance(row, dict) and tensor["name"] in row else row
        shape = [1, len(value)] if isinstance(value, list) else [1]
        if isinstance(value, dict) or value is None or len(shape) != len(tensor["shape"]):
            return {}
        inputs.append({"name": tensor["name"], "datatype": tensor["datatype"], "shape": shape, "data": [value]})
    return {"examples": [{"inputs": inputs}]} if inputs else {}


def _described(models: Sequence[ModelApi]) -> dict[str, Any]:
    names = {"type": "string", "enum": [model.name for model in models]}
    return {
        **_get("This description", {"type": "object"}, "404"),
        "parameters": [_parameter("query", "model", names)],
    }


def _get(summary: str, schema: Mapping[str, Any], *statuses: str, media_type: str = _JSON) -> dict[str, Any]:
    return {"summary": summary, "responses": _responses({media_type: schema}, *statuses)}


def _responses(good: Mapping[str, Mapping[str, Any]], *statuses: str) -> dict[str, Any]:
    told = {"X-Request-Id": {"$ref": "#/components/headers/X-Request-Id"}}
    responses: dict[str, Any] = {
        "200": {
            "description": "Done",
            "headers": told,
            "content": {media_type: {"schema": schema} for media_type, schema in good.items()},
        }
    }
    for status in sorted({*_ALWAYS, *statuses}):
        responses[status] = _problem(status, told)
    return responses


def _problem(status: str, headers: Mapping[str, Any]) -> dict[str, Any]:
    wait = {"Retry-After": {"$ref": "#/components/headers/Retry-After"}} if status in ("429", "503") else {}
    return {
        "description": _TOLD[status],
        "headers": {**headers, **wait},
        "content": {_PROBLEM_JSON: {"schema": _ref("Problem")}},
    }


def _secure(document: dict[str, Any]) -> None:
    """Say that calls need a key, all but those for whoever watches whether the server lives."""
    document["security"] = [{"bearer": []}, {"key": []}, {"basic": []}]
    document["components"]["securitySchemes"] = {
        "bearer": {"type": "http", "scheme": "bearer"},
        "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
        "basic": {"type": "http", "scheme": "basic", "description": "The key as password; for browsers"},
    }
    for path, operations in document["paths"].items():
        for operation in operations.values():
            if path.startswith("/v2/health/"):
                operation["security"] = []
            else:
                operation["responses"]["401"] = _problem("401", {})


def _parameter(place: str, name: str, schema: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": name, "in": place, "schema": schema, **more}


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


def _object(required: Iterable[str] = (), **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required) or list(properties)}


def _flag(name: str) -> dict[str, Any]:
    return _object(**{name: {"const": True}})


_TEXT = {"type": "string"}
_SHAPE = {"type": "array", "items": {"type": "integer"}}
_TENSOR = _object(name=_TEXT, datatype=_TEXT, shape=_SHAPE)

_CALL_PARAMETERS = [
    _parameter(
        "header",
        "X-Request-Timeout-Ms",
        {"type": "integer", "minimum": 0, "maximum": 999_999_999},
        description="How long the caller waits",
    ),
    _parameter("header", "X-Request-Id", {"type": "string", "pattern": "^[!-~]{1,128}$"}),
    _parameter("header", "X-Routing-Key", _TEXT, description="Calls with the same one get the same version"),
]

_HEADERS = {
    "Retry-After": {"description": "Seconds", "required": True, "schema": {"type": "integer", "minimum": 1}},
    "X-Request-Id": {"description": "The request's, if it has one, or one of the server's", "schema": _TEXT},
}

_SCHEMAS: dict[str, Any] = {
    "Predicted": _object(predictions={"type": "array"}, model=_TEXT, version=_TEXT),
    "Inferred": _object(
        ["model_name", "model_version", "outputs"],
        model_name=_TEXT,
        model_version=_TEXT,
        id=_TEXT,
        outputs={"type": "array", "items": _TENSOR},
    ),
    "Metadata": _object(
        name=_TEXT,
        versions={"type": "array", "items": _TEXT},
        platform=_TEXT,
        inputs={"type": "array", "items": _TENSOR},
        outputs={"type": "array", "items": _TENSOR},
        schema={"type": "object"},
        example={},
    ),
    "ModelReady": _object(name=_TEXT, ready={"const": True}),
    "Server": _object(name=_TEXT, version=_TEXT, extensions={"type": "array", "items": _TEXT}),
    "Indexed": _object(name=_TEXT, version=_TEXT, state={"enum": ["READY", "UNAVAILABLE"]}, reason=_TEXT),
    "Problem": _object(
        ["type", "title", "status", "detail", "code"],
        type=_TEXT,
        title=_TEXT,
        status={"type": "integer"},
        detail=_TEXT,
        code=_TEXT,
        error=_TEXT,
        errors={"type": "array", "items": _object(["detail"], pointer=_TEXT, detail=_TEXT)},
    ),
}
