"""One face for whatever can predict.

Rule: an adapter's ``parse`` finds every mistake a client can make, so that what its ``predict`` raises is the model's
own. The exception is a bare estimator, whose ``ValueError`` by convention says that it refuses the input.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeAlias, runtime_checkable

from groundwork._failpoints import failpoint
from groundwork.errors import ConfigurationError, InvalidDataError, ModelNotFoundError
from groundwork.serving._estimator import EstimatorAdapter
from groundwork.serving._mistakes import Mistake, mistakes_of

Instances: TypeAlias = list[Any]


@runtime_checkable
class Predictor(Protocol):
    """What can be served: anything with ``predict``.

    Optional beside it: ``parse(instances)``, which returns the rows for ``predict`` or raises ``InvalidDataError`` with
    ``row`` and
    ``column`` in its context, or all ``mistakes``; ``input_schema()``, the JSON schema of one instance; ``version``.
    """

    def predict(self, batch: list[Any]) -> Sequence[Any]:
        """Return one JSON-able result for each row."""
        ...


class Adapter(Protocol):
    """What the server asks of a model."""

    version: str

    def parse(self, instances: Instances) -> list[Any]:
        """Return one row for each instance; raise ``InvalidDataError`` for what does not fit."""
        ...

    def predict(self, rows: list[Any]) -> Sequence[Any]:
        """Return one JSON-able result for each row; called on the model's own thread."""
        ...

    def input_schema(self) -> dict[str, Any]:
        """Return the JSON schema of one instance."""
        ...


def load(name: str, model: Any, *, trust: bool = False) -> Adapter:
    """Return the adapter for a model.

    Args:
        name: Under which it is served; for messages.
        model: A checkpoint folder, a scikit-learn estimator, or an object with ``predict(batch)``.
        trust: Load a checkpoint's types even if they are not known to be safe.

    Returns:
        The adapter; a folder has been loaded.

    Raises:
        ConfigurationError: It is none of these.
        StorageError: The checkpoint cannot be loaded.
    """
    if isinstance(model, str | Path):
        model = _load_folder(Path(model), trust=trust)
    if not callable(getattr(model, "predict", None)):
        raise ConfigurationError(
            f"model {name!r} is a {type(model).__name__}, which has no predict(batch)",
            hint="Pass a checkpoint folder, a scikit-learn estimator or an object with predict(batch).",
        )
    if hasattr(model, "get_params") and not hasattr(model, "parse"):
        return EstimatorAdapter(model)
    return ObjectAdapter(model)


def _load_folder(folder: Path, *, trust: bool) -> Any:
    # Late, because a server of other models needs none of it.
    from groundwork.modeling import load_model
    from groundwork.storage import load_checkpoint

    failpoint("serving.load.before_read")
    try:
        return load_model(folder, trust=trust)
    except ModelNotFoundError:
        # A checkpoint without a table spec: its estimator takes prepared features, and is served as it is.
        return load_checkpoint(folder, trust=trust).model


class ObjectAdapter:
    """An object with ``predict(batch)``.

    Args:
        model: The object; ``parse``, ``input_schema`` and ``version`` are used where it has them.
    """

    def __init__(self, model: Any) -> None:
        self._model = model
        self.version = str(getattr(model, "version", "1"))
        self._parse = getattr(model, "parse", list)
        schema = getattr(model, "input_schema", None)
        self._schema: dict[str, Any] = dict(schema()) if schema is not None else {}
        self._wants_objects = self._schema.get("type") == "object"

    def parse(self, instances: Instances) -> list[Any]:
        """Let the object parse; what is wrong is found in every row, even if the object stops at the first."""
        if not self._wants_objects or all(isinstance(instance, dict) for instance in instances):
            try:
                return self._parsed(instances)
            except InvalidDataError as error:
                if len(instances) == 1 or "mistakes" in error.context:
                    raise
        mistakes: list[Mistake] = []
        for row, instance in enumerate(instances):
            try:
                if self._wants_objects and not isinstance(instance, dict):
                    raise InvalidDataError(f"an object of columns is needed, not {instance!r:.40}")
                self._parsed([instance])
            except InvalidDataError as error:
                mistakes += mistakes_of(error, row)
        raise InvalidDataError("instances break the schema", context={"mistakes": mistakes})

    def predict(self, rows: list[Any]) -> Sequence[Any]:
        """Let the object predict."""
        return _plain(self._model.predict(rows))

    def input_schema(self) -> dict[str, Any]:
        """Return the object's schema, or one that admits anything."""
        return self._schema

    def _parsed(self, instances: Instances) -> list[Any]:
        try:
            return list(self._parse(instances))
        except (ValueError, TypeError, ArithmeticError, LookupError) as error:
            # What int("abc") and float(10**400) raise: a parse written in plain Python refuses by these.
            told = f"lacks {error}" if isinstance(error, KeyError) else f"is refused: {error}"
            raise InvalidDataError(told) from error


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


def _plain(results: Any) -> Sequence[Any]:
    # numpy's tolist() gives Python's own numbers, which is what the encoder is quick with.
    plain = results.tolist() if hasattr(results, "tolist") else results
    return plain if isinstance(plain, list) else list(plain)
