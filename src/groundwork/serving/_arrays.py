"""Instances that are arrays: one for each row, or several by name.

Rule: all rows of an input have the shape that the model says, as far as it says it; a row that has not is named. Cost:
numpy's own for nested lists, about 30 nanoseconds a number.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from groundwork.errors import InvalidDataError
from groundwork.serving import _datatypes as datatypes
from groundwork.serving._block import Block, Tensor, TensorSpec
from groundwork.serving._mistakes import Mistake, shown
from groundwork.serving._tensor_rows import texts_of

DTYPES: Mapping[str, Any] = {**datatypes.DTYPES, "BYTES": np.dtype(np.object_)}
_TYPES = {"b": "boolean", "i": "integer", "u": "integer", "f": "number", "O": "string"}
_KINDS = {"b": "true or false", "i": "whole numbers", "u": "whole numbers from 0", "f": "numbers", "O": "text"}


class ArrayReader:
    """Reads instances into arrays by input name, rows first.

    Args:
        specs: The model's inputs; with one, an instance is its array, else an object of them.
    """

    def __init__(self, specs: Sequence[TensorSpec]) -> None:
        self._specs = {spec.name: spec for spec in specs}

    def schema(self) -> dict[str, Any]:
        """Return the JSON schema of one instance."""
        specs = self._specs.values()
        if len(specs) == 1:
            return next(_schema(spec.datatype, spec.shape[1:]) for spec in specs)
        schemas = {spec.name: _schema(spec.datatype, () if _is_column(spec) else spec.shape[1:]) for spec in specs}
        return {"type": "object", "properties": schemas, "required": list(schemas), "additionalProperties": False}

    def parse(self, instances: list[Any]) -> Block:
        """Return the arrays of instances; raises ``InvalidDataError`` naming every row that does not fit."""
        if len(self._specs) == 1:
            ((name, spec),) = self._specs.items()
            return Block(len(instances), {name: _array(instances, spec, None)})
        mistakes: list[Mistake] = []
        for row, instance in enumerate(instances):
            if not isinstance(instance, dict) or instance.keys() != self._specs.keys():
                told = f"an object of {', '.join(self._specs)} is needed, not {shown(instance)}"
                mistakes.append({"row": row, "column": None, "message": told})
        if mistakes:
            raise InvalidDataError("instances break the schema", context={"mistakes": mistakes})
        arrays = {
            name: _array([_row(each[name], spec) for each in instances], spec, name)
            for name, spec in self._specs.items()
        }
        return Block(len(instances), arrays)

    def tensors(self, inputs: Mapping[str, Tensor]) -> Block:
        """Return the arrays of tensors; raises ``InvalidDataError`` for one that does not fit."""
        if inputs.keys() != self._specs.keys():
            raise InvalidDataError(
                f"the model takes the inputs {', '.join(self._specs)}, not {shown(', '.join(inputs))}"
            )
        arrays = {}
        for name, tensor in inputs.items():
            spec = self._specs[name]
            if not _fits(tensor.shape, spec.shape):
                raise InvalidDataError(
                    f"input {name!r} has the shape {list(tensor.shape)}; the model takes {list(spec.shape)}"
                )
            if (tensor.datatype == "BYTES") != (spec.datatype == "BYTES"):
                raise InvalidDataError(f"input {name!r} is {tensor.datatype}; the model takes {spec.datatype}")
            arrays[name] = _converted(tensor, spec)
        rows = {len(array) for array in arrays.values()}
        if len(rows) != 1 or rows == {0}:
            raise InvalidDataError("the inputs must have the same number of rows, at least one")
        return Block(rows.pop(), arrays)

    @staticmethod
    def join(parts: list[Any]) -> dict[str, Any]:
        """Return the arrays of several blocks as one each."""
        if len(parts) == 1:
            return dict(parts[0])
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    @staticmethod
    def cut(data: Mapping[str, Any], start: int, stop: int) -> dict[str, Any]:
        """Return some rows of each array."""
        return {name: array[start:stop] for name, array in data.items()}


def _is_column(spec: TensorSpec) -> bool:
    return spec.shape[1:] == (1,)


def _row(value: Any, spec: TensorSpec) -> Any:
    """Return one row of an input; that of a column may come without its brackets."""
    return [value] if _is_column(spec) and not isinstance(value, list) else value


def _array(values: list[Any], spec: TensorSpec, column: str | None) -> Any:
    array = _try(values, spec)
    if array is not None:
        return array
    told = f"must be {_KINDS[DTYPES[spec.datatype].kind]} of shape {list(spec.shape[1:])}"
    mistakes: list[Mistake] = [
        {"row": row, "column": column, "message": f"{told}, not {shown(value)}"}
        for row, value in enumerate(values)
        if _try([value], spec) is None
    ]
    # Each fits by itself where the model leaves lengths open, but not together.
    mistakes = mistakes or [{"row": 1, "column": column, "message": f"{told}, the same for all rows of a request"}]
    raise InvalidDataError("instances break the schema", context={"mistakes": mistakes})


def _try(values: list[Any], spec: TensorSpec) -> Any:
    dtype = DTYPES[spec.datatype]
    try:
        array = np.array(values, dtype=np.object_ if dtype.kind == "O" else None)
    except (ValueError, OverflowError):
        return None
    if not _fits(array.shape, spec.shape):
        return None
    if dtype.kind == "O":
        return array if all(isinstance(value, str) for value in array.flat) else None
    if (
        array.dtype == np.object_
        and dtype.kind == "f"
        and all(value is None or type(value) in (float, int) for value in array.flat)
    ):
        return _floats(array, dtype)
    wanted = {"f": "fiu", "i": "iu", "u": "iu", "b": "b"}[dtype.kind]
    if array.dtype.kind not in wanted:
        return None
    converted = _floats(array, dtype) if dtype.kind == "f" else array.astype(dtype)
    return converted if dtype.kind == "f" or np.array_equal(converted, array) else None


def _floats(array: Any, dtype: Any) -> Any:
    try:
        with np.errstate(over="ignore"):
            return array.astype(np.float64).astype(dtype)
    except OverflowError:
        return None


def _converted(tensor: Tensor, spec: TensorSpec) -> Any:
    if spec.datatype != "BYTES":
        given = np.asarray(tensor.data).reshape(tensor.shape)
        # What does not fit is found below, or infinite as it is from JSON; numpy need not warn of it.
        with np.errstate(over="ignore", invalid="ignore"):
            array = np.ascontiguousarray(given, dtype=DTYPES[spec.datatype])
        if array.dtype.kind != "f" and not np.array_equal(array, given):
            raise InvalidDataError(f"input {spec.name!r} holds values that are no {spec.datatype}")
        return array
    return texts_of(spec.name, tensor).reshape(tensor.shape)


def _fits(shape: Sequence[int], wanted: Sequence[int]) -> bool:
    return len(shape) == len(wanted) and all(
        -1 in (there, size) or there == size for there, size in zip(wanted, shape, strict=True)
    )


def _schema(datatype: str, shape: Sequence[int]) -> dict[str, Any]:
    kind = DTYPES[datatype].kind
    schema: dict[str, Any] = {"type": _TYPES[kind]}
    for size in reversed(shape):
        schema = {"type": "array", "items": schema} | ({"minItems": size, "maxItems": size} if size >= 0 else {})
    return schema
