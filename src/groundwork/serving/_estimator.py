"""A bare scikit-learn estimator behind the server.

Rule: an instance is a list of numbers in the order of the features, or, where the estimator was fitted on named
columns, an object of them. null is a missing value. What passes here is a row that ``predict`` can be asked about; a
``ValueError`` or ``TypeError`` of the estimator then means that it refuses the row, and is the client's to mend.
"""

from collections.abc import Mapping
from difflib import get_close_matches
from functools import cached_property
from typing import Any

import msgspec
import numpy as np
import polars as pl

from groundwork.errors import ConfigurationError, InvalidDataError, first_line
from groundwork.serving._block import Block, Tensor, TensorSpec, counted
from groundwork.serving._blockwise import BlockwiseAdapter, Results, instances_of, plain
from groundwork.serving._matrix import MatrixReader, number, wrong_count
from groundwork.serving._mistakes import Mistake, shown
from groundwork.serving._tensor_rows import instances_of_tensors


def adapter_of(estimator: Any) -> "MatrixAdapter | ColumnsAdapter":
    """Return the adapter of a fitted estimator.

    Args:
        estimator: Has ``predict`` and ``n_features_in_``; ``feature_names_in_`` names its columns.

    Returns:
        One that takes lists of numbers, or objects where the estimator was fitted on named columns.

    Raises:
        ConfigurationError: It is not fitted.
    """
    count = getattr(estimator, "n_features_in_", None)
    if count is None:
        raise ConfigurationError(
            f"this {type(estimator).__name__} has no n_features_in_: it is not fitted", hint="Call its fit first."
        )
    names = getattr(estimator, "feature_names_in_", None)
    if names is None:
        return MatrixAdapter(estimator, int(count))
    return ColumnsAdapter(estimator, [str(name) for name in names])


class _EstimatorAdapter(BlockwiseAdapter):
    """What both have in common."""

    def __init__(self, estimator: Any) -> None:
        self._estimator = estimator
        self.version = str(getattr(estimator, "version", "1"))
        # Only what comes with scikit-learn is known to compute and nothing else.
        self.pure = type(estimator).__module__.startswith("sklearn.")

    @cached_property
    def outputs(self) -> tuple[TensorSpec, ...]:
        """Labels as text or whole numbers, else numbers."""
        kind = np.asarray(getattr(self._estimator, "classes_", 0.0)).dtype.kind
        return (TensorSpec("predictions", {"f": "FP64", "i": "INT64", "b": "BOOL"}.get(kind, "BYTES"), (-1,)),)

    def _run(self, data: Any) -> Results:
        try:
            return plain(self._estimator.predict(data))
        except (ValueError, TypeError) as error:
            raise InvalidDataError(f"the model refuses this row: {first_line(error)}") from error


class MatrixAdapter(_EstimatorAdapter):
    """An estimator that was fitted on a bare matrix.

    Args:
        estimator: Fitted.
        count: Of its features.
    """

    def __init__(self, estimator: Any, count: int) -> None:
        super().__init__(estimator)
        self._count = count
        self._reader = MatrixReader(count)

    @cached_property
    def inputs(self) -> tuple[TensorSpec, ...]:
        """One matrix."""
        return (TensorSpec("instances", "FP64", (-1, self._count)),)

    def input_schema(self) -> dict[str, Any]:
        """Return the JSON schema of one instance."""
        return self._reader.schema()

    def decode(self, body: bytes, *, max_instances: int) -> Block:
        """Return the rows of a ``/predict`` body."""
        return self._reader.decode(body, max_instances)

    def parse(self, instances: list[Any]) -> Block:
        """Return the rows of lists of numbers."""
        return self._reader.parse(instances)

    def tensors(self, inputs: Mapping[str, Tensor]) -> Block:
        """Return the rows of one tensor of numbers."""
        return self._reader.tensors(inputs)

    def _join(self, parts: list[Any]) -> Any:
        return self._reader.join(parts)


class ColumnsAdapter(_EstimatorAdapter):
    """An estimator that was fitted on named columns.

    Args:
        estimator: Fitted.
        names: Of its columns, in order.
    """

    def __init__(self, estimator: Any, names: list[str]) -> None:
        super().__init__(estimator)
        self._names = names
        fields = [f"c{index}" for index in range(len(names))]
        row = msgspec.defstruct(
            "Row",
            [(field, float | str | bool | None) for field in fields],
            rename=dict(zip(fields, names, strict=True)),
            forbid_unknown_fields=True,
        )
        body = msgspec.defstruct("Body", [("instances", list[row])], forbid_unknown_fields=True)  # type: ignore[valid-type]
        self._decode = msgspec.json.Decoder(body).decode

    @cached_property
    def inputs(self) -> tuple[TensorSpec, ...]:
        """One tensor for each column: of text where the estimator is known to take that, else of numbers."""
        texts = _text_columns(self._estimator)
        return tuple(TensorSpec(name, "BYTES" if name in texts else "FP64", (-1,)) for name in self._names)

    def input_schema(self) -> dict[str, Any]:
        """Return the JSON schema of one instance."""
        return {
            "type": "object",
            "properties": {name: {"type": ["number", "string", "boolean", "null"]} for name in self._names},
            "required": self._names,
            "additionalProperties": False,
            "examples": [dict.fromkeys(self._names, 0.0)],
        }

    def decode(self, body: bytes, *, max_instances: int) -> Block:
        """Return the rows of a ``/predict`` body."""
        try:
            instances = self._decode(body).instances  # type: ignore[attr-defined]
        except msgspec.ValidationError:
            # Either rows come as lists, or there is a mistake, which is to be named together with all others.
            return self.parse(instances_of(body, max_instances))
        counted(len(instances), max_instances)
        return Block(len(instances), [msgspec.structs.astuple(instance) for instance in instances])

    def parse(self, instances: list[Any]) -> Block:
        """Return each instance as a list of values in the order of the features."""
        mistakes: list[Mistake] = []
        rows = [self._row(row, instance, mistakes) for row, instance in enumerate(instances)]
        if mistakes:
            raise InvalidDataError("instances break the schema", context={"mistakes": mistakes})
        return Block(len(rows), rows)

    def tensors(self, inputs: Mapping[str, Tensor]) -> Block:
        """Return the rows of one tensor for each column, or of one for all."""
        return self.parse(instances_of_tensors(inputs))

    def _join(self, parts: list[Any]) -> Any:
        return parts[0] if len(parts) == 1 else [row for part in parts for row in part]

    def _run(self, data: Any) -> Results:
        try:
            columns = zip(self._names, zip(*data, strict=True), strict=True)
            frame = pl.DataFrame([pl.Series(name, values, strict=True) for name, values in columns])
        except (ValueError, TypeError) as error:
            raise InvalidDataError(f"the model refuses this row: {first_line(error)}") from error
        return super()._run(frame)

    def _row(self, row: int, instance: Any, mistakes: list[Mistake]) -> list[Any]:
        names = self._names
        if isinstance(instance, dict):
            mistakes += (
                {"row": row, "column": str(name), "message": _unknown(str(name), names)}
                for name in instance.keys() - set(names)
            )
            mistakes += (
                {"row": row, "column": name, "message": "is missing"} for name in names if name not in instance
            )
            values = [instance.get(name) for name in names]
        elif isinstance(instance, list):
            values = instance
            if len(values) != len(names):
                mistakes.append({"row": row, "column": None, "message": wrong_count(len(values), len(names))})
                return values
        else:
            message = f"an object of columns is needed, not {shown(instance)}"
            mistakes.append({"row": row, "column": None, "message": message})
            return []
        return [_cell(row, name, value, mistakes) for name, value in zip(names, values, strict=True)]


def _cell(row: int, column: str, value: Any, mistakes: list[Mistake]) -> Any:
    if isinstance(value, str | bool):
        return value
    if isinstance(value, list | dict):
        message = f"{shown(value)} is not a number, text, true, false or null"
        mistakes.append({"row": row, "column": column, "message": message})
        return None
    return number(row, column, value, mistakes)


def _unknown(name: str, names: list[str]) -> str:
    near = get_close_matches(name, names, 1)
    return "is not a column of the model" + (f"; did you mean {near[0]!r}?" if near else "")


def _text_columns(estimator: Any) -> set[str]:
    """Return the columns in which an encoder, however deep in pipelines, has learnt categories that are no numbers."""
    parts = [part for _, part in getattr(estimator, "steps", ())[:1]]
    parts += [part for _, part, _ in getattr(estimator, "transformers_", ())]
    found = set().union(*(_text_columns(part) for part in parts))
    names, categories = getattr(estimator, "feature_names_in_", ()), getattr(estimator, "categories_", ())
    return found | {
        str(name) for name, known in zip(names, categories, strict=False) if np.asarray(known).dtype.kind not in "biuf"
    }
