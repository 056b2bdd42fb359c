"""A user's own object behind the server.

Rule: the object sees a list of rows and returns one result for each; whatever else it has is used where it has it. What
is wrong with the rows of a request is found in every row, even if the object stops at the first.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

from groundwork.errors import InvalidDataError
from groundwork.serving._block import Block, Tensor
from groundwork.serving._blockwise import BlockwiseAdapter, Results, plain
from groundwork.serving._mistakes import Mistake, mistakes_of, shown
from groundwork.serving._tensor_rows import instances_of_tensors

_ROWS = "instances"


@runtime_checkable
class Predictor(Protocol):
    """What can be served: anything with ``predict``.

    Optional beside it: ``parse(instances)``, which returns the rows for ``predict`` or raises ``InvalidDataError`` with
    ``row`` and ``column`` in its context, or all ``mistakes``; ``input_schema()``, the JSON schema of one instance;
    ``version``.
    """

    def predict(self, batch: list[Any]) -> Sequence[Any]:
        """Return one JSON-able result for each row."""
        ...


class ObjectAdapter(BlockwiseAdapter):
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

    def input_schema(self) -> dict[str, Any]:
        """Return the object's schema, or one that admits anything."""
        return self._schema

    def parse(self, instances: list[Any]) -> Block:
        """Let the object parse."""
        rows = self._rows(instances)
        return Block(len(rows), rows)

    def tensors(self, inputs: Mapping[str, Tensor]) -> Block:
        """Let the object parse what the tensors hold: objects of columns, or the rows of a matrix or of one column."""
        if not self._wants_objects and inputs.keys() == {_ROWS}:
            # The one input of a model without columns: each of its rows is an instance, as ``/predict`` gives it.
            return self.parse(
                [
                    instance[_ROWS] if isinstance(instance, dict) else instance
                    for instance in instances_of_tensors(inputs)
                ]
            )
        return self.parse(instances_of_tensors(inputs))

    def _join(self, parts: list[Any]) -> Any:
        return parts[0] if len(parts) == 1 else [row for part in parts for row in part]

    def _run(self, data: Any) -> Results:
        return plain(self._model.predict(data))

    def _rows(self, instances: list[Any]) -> list[Any]:
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
                    raise InvalidDataError(f"an object of columns is needed, not {shown(instance)}")
                self._parsed([instance])
            except InvalidDataError as error:
                mistakes += mistakes_of(error, row)
        raise InvalidDataError("instances break the schema", context={"mistakes": mistakes})

    def _parsed(self, instances: list[Any]) -> list[Any]:
        try:
            return list(self._parse(instances))
        except (ValueError, TypeError, ArithmeticError, LookupError) as error:
            # What int("abc") and float(10**400) raise: a parse written in plain Python refuses by these.
            told = f"lacks {error}" if isinstance(error, KeyError) else f"is refused: {error}"
            raise InvalidDataError(told) from error


class Function:
    """A function of a batch as an object with ``predict``.

    Args:
        function: Takes a list of rows and returns one result each.
    """

    def __init__(self, function: Callable[[list[Any]], Sequence[Any]]) -> None:
        self.predict = function
