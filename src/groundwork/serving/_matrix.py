"""Instances that are lists of numbers.

Rule: every list has as many numbers as the model has features; null is a missing value. Cost: a list of 30 is read in 3
microseconds, and 64 of them become a matrix in 3 more.
"""

import struct
from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from groundwork.errors import InvalidDataError
from groundwork.serving._block import Block, Tensor, counted
from groundwork.serving._blockwise import instances_of
from groundwork.serving._mistakes import Mistake, shown
from groundwork.serving._tensor_rows import matrix_of

_NUMBERS = {float, type(None)}


class _Matrix(msgspec.Struct, forbid_unknown_fields=True):
    """A body whose instances are lists of numbers."""

    instances: list[list[float | None]]


class MatrixReader:
    """Reads rows of a fixed number of floats; the data of its blocks are their bytes, or anything with the same bytes.

    Args:
        count: Numbers in a row.
        dtype: ``float64`` or ``float32``.
    """

    def __init__(self, count: int, dtype: Any = np.float64) -> None:
        self._count = count
        self._dtype = np.dtype(dtype)
        self._pack = struct.Struct(f"{count}{self._dtype.char}").pack
        self._decode = msgspec.json.Decoder(_Matrix).decode

    def schema(self) -> dict[str, Any]:
        """Return the JSON schema of one instance."""
        return {
            "type": "array",
            "items": {"type": ["number", "null"]},
            "minItems": self._count,
            "maxItems": self._count,
            "examples": [[0.0] * self._count],
        }

    def decode(self, body: bytes, max_instances: int) -> Block:
        """Return the rows of a ``/predict`` body; see ``Adapter.decode``."""
        try:
            rows = self._decode(body).instances
            if len(rows) == 1:
                return Block(1, self._pack(*rows[0]))
            counted(len(rows), max_instances)
            return Block(len(rows), b"".join([self._pack(*row) for row in rows]))
        except (msgspec.ValidationError, struct.error, OverflowError):
            # Either there are gaps, or a mistake, which is to be named by its place together with all others.
            return self.parse(instances_of(body, max_instances))

    def parse(self, instances: list[Any]) -> Block:
        """Return the rows of instances that are decoded already; raises ``InvalidDataError`` naming all mistakes."""
        mistakes: list[Mistake] = []
        rows = [self._row(row, instance, mistakes) for row, instance in enumerate(instances)]
        if mistakes:
            raise InvalidDataError("instances break the schema", context={"mistakes": mistakes})
        with np.errstate(over="ignore"):
            return Block(len(rows), np.array(rows, dtype=np.float64).astype(self._dtype))

    def tensors(self, inputs: Mapping[str, Tensor]) -> Block:
        """Return the rows of one tensor of numbers."""
        matrix = matrix_of(inputs, self._count, self._dtype)
        return Block(len(matrix), matrix)

    def join(self, parts: list[Any]) -> NDArray[Any]:
        """Return the data of several blocks as one matrix, which may be written to."""
        # A bytearray, because an estimator may want to write into its input.
        return np.frombuffer(bytearray().join(parts), dtype=self._dtype).reshape(-1, self._count)

    def _row(self, row: int, instance: Any, mistakes: list[Mistake]) -> list[Any]:
        if not isinstance(instance, list):
            message = f"a list of numbers is needed, not {shown(instance)}"
            mistakes.append({"row": row, "column": None, "message": message})
            return []
        if len(instance) != self._count:
            mistakes.append({"row": row, "column": None, "message": wrong_count(len(instance), self._count)})
            return []
        if _NUMBERS.issuperset(map(type, instance)):
            return instance
        return [number(row, column, value, mistakes) for column, value in enumerate(instance)]


def number(row: int, column: int | str, value: Any, mistakes: list[Mistake]) -> Any:
    """Return a value as a float or None, or note the mistake.

    Args:
        row: Where it is.
        column: Where it is.
        value: As it came from JSON.
        mistakes: Appended to.

    Returns:
        The value; None where it is no number.
    """
    if value is None or isinstance(value, float):
        return value
    if type(value) is int:
        try:
            # Whole numbers too, so that a column has one type.
            return float(value)
        except OverflowError:
            message = "is too large a number"
    else:
        message = f"{shown(value)} is not a number"
    mistakes.append({"row": row, "column": column, "message": message})
    return None


def wrong_count(found: int, count: int) -> str:
    """Return the message for a list of another length."""
    return f"has {found} values; the model takes {count}"
