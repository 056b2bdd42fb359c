"""Rows from the tensors of the Open Inference Protocol.

Rule: a table comes as one tensor for each column, a matrix as one tensor of two dimensions; what has another shape is
refused by name. Cost: nothing for a matrix of the right type; columns are taken apart into rows.
"""

from collections.abc import Mapping
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from groundwork.errors import InvalidDataError
from groundwork.serving._block import Tensor

_NUMBERS = "biuf"


def matrix_of(inputs: Mapping[str, Tensor], width: int, dtype: Any = np.float64) -> NDArray[Any]:
    """Return the one tensor of a request as a matrix of numbers.

    Args:
        inputs: By name; the name does not matter.
        width: How many columns it must have.
        dtype: Of the matrix.

    Returns:
        Rows by columns.

    Raises:
        InvalidDataError: There are several tensors, or it has another shape or no numbers.
    """
    if len(inputs) != 1:
        raise InvalidDataError(f"the model takes one input of shape [rows, {width}], not {_told(inputs)}")
    ((name, tensor),) = inputs.items()
    array = np.asarray(tensor.data) if tensor.datatype != "BYTES" else None
    if array is None or array.dtype.kind not in _NUMBERS:
        raise InvalidDataError(f"input {name!r} has the datatype {tensor.datatype}; the model takes numbers")
    if len(tensor.shape) != 2 or tensor.shape[1] != width or tensor.shape[0] < 1:
        raise InvalidDataError(f"input {name!r} has the shape {list(tensor.shape)}; the model takes [rows, {width}]")
    with np.errstate(over="ignore"):  # what is too large is infinite, as it is from JSON
        return np.ascontiguousarray(array.reshape(tensor.shape), dtype=dtype)


def instances_of_tensors(inputs: Mapping[str, Tensor]) -> list[Any]:
    """Return tensors as instances: objects of their columns, or lists where there is but one tensor of a matrix.

    Args:
        inputs: By name, each of the same length; BYTES are UTF-8.

    Returns:
        One instance a row.

    Raises:
        InvalidDataError: There is no tensor, their lengths differ, or they are no columns.
    """
    if not inputs:
        raise InvalidDataError("the request has no inputs")
    if len(inputs) == 1:
        ((name, tensor),) = inputs.items()
        if len(tensor.shape) > 1 and tensor.shape[1:] != (1,):
            return _listed(name, tensor, tensor.shape)
    columns: dict[str, list[Any]] = {}
    for name, tensor in inputs.items():
        if len(tensor.shape) not in (1, 2) or tensor.shape[1:] not in ((), (1,)):
            raise InvalidDataError(f"input {name!r} has the shape {list(tensor.shape)}; a column has [rows]")
        columns[name] = _listed(name, tensor, tensor.shape[:1])
        if tensor.datatype.startswith("FP"):
            # What is null in JSON is NaN in a tensor.
            columns[name] = [None if value != value else value for value in columns[name]]
    lengths = {len(column) for column in columns.values()}
    if len(lengths) != 1 or lengths == {0}:
        raise InvalidDataError(f"the inputs must have the same number of rows, at least one; there are {_told(inputs)}")
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def texts_of(name: str, tensor: Tensor) -> NDArray[np.object_]:
    """Return the elements of BYTES as text, in one dimension.

    Args:
        name: Of the input, for what is wrong.
        tensor: Of BYTES.

    Returns:
        An array of objects: one of numpy's own texts would give each the room of the longest.

    Raises:
        InvalidDataError: Bytes that are no UTF-8.
    """
    items = tensor.data if isinstance(tensor.data, list) else np.ravel(tensor.data).tolist()
    texts = np.empty(len(items), dtype=np.object_)
    try:
        texts[:] = [item.decode() if isinstance(item, bytes) else str(item) for item in items]
    except UnicodeDecodeError as error:
        raise InvalidDataError(f"input {name!r} holds bytes that are no UTF-8 text: {error.reason}") from error
    return texts


def _listed(name: str, tensor: Tensor, shape: tuple[int, ...]) -> list[Any]:
    if tensor.datatype != "BYTES":
        return np.asarray(tensor.data).reshape(shape).tolist()  # type: ignore[no-any-return]
    return texts_of(name, tensor).reshape(shape).tolist()  # type: ignore[no-any-return]


def _told(inputs: Mapping[str, Tensor]) -> str:
    told = [f"{name!r} {list(tensor.shape)}" for name, tensor in islice(inputs.items(), 8)]
    return ", ".join(told) + (f" and {len(inputs) - 8} more" if len(inputs) > 8 else "") or "none"
