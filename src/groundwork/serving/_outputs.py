"""A model's answer as the outputs of the Open Inference Protocol.

Rule: an answer speaks for itself. Numbers stay numbers of their type, text is BYTES, objects become one output for each
of their members; what is neither is BYTES of JSON, so that nothing a model may say is lost.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from groundwork.errors import PredictionError
from groundwork.serving._block import Tensor, TensorSpec
from groundwork.serving._datatypes import DTYPES, datatype_of

_ALIKE: Mapping[frozenset[type], str] = {
    frozenset({bool}): "BOOL",
    frozenset({int}): "INT64",
    frozenset({float}): "FP64",
    frozenset({float, int}): "FP64",
    frozenset({float, type(None)}): "FP64",
    frozenset({float, int, type(None)}): "FP64",
}


def outputs_of(answer: Any, name: str = "predictions") -> dict[str, Tensor]:
    """Return an answer as tensors.

    Args:
        answer: Of an adapter; not an exception.
        name: Of the output, where the answer has no names of its own.

    Returns:
        Tensors by name, rows first.

    Raises:
        PredictionError: It is nothing that JSON can hold.
    """
    if isinstance(answer, dict):
        return {key: _of_array(array) for key, array in answer.items()}
    if isinstance(answer, np.ndarray):
        return {name: _of_array(answer)}
    if answer and isinstance(answer[0], dict):
        keys = answer[0].keys()
        if keys and all(isinstance(row, dict) and row.keys() == keys for row in answer):
            return {str(key): _of_list([row[key] for row in answer]) for key in keys}
    return {name: _of_list(answer)}


def specs_of(outputs: Mapping[str, Tensor]) -> tuple[TensorSpec, ...]:
    """Return what a model's outputs are like, from an example of them."""
    return tuple(TensorSpec(name, tensor.datatype, (-1, *tensor.shape[1:])) for name, tensor in outputs.items())


def plain(value: Any) -> Any:
    """Return what numpy holds as what JSON has; for ``enc_hook``.

    Raises:
        TypeError: It is nothing of numpy's.
    """
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"a {type(value).__name__}")


def _of_list(values: Sequence[Any]) -> Tensor:
    kinds = frozenset(map(type, values))
    datatype = _ALIKE.get(kinds)
    if datatype is not None:
        try:
            return Tensor(datatype, (len(values),), np.array(values, DTYPES[datatype]))
        except OverflowError:  # integers beyond 64 bits
            return _of_texts(values)
    if kinds <= {str, bytes}:
        return Tensor("BYTES", (len(values),), list(values))
    if all(isinstance(value, list | np.generic | np.ndarray) for value in values) and not _holds_text(values):
        try:
            array = np.array(values)
        except (ValueError, OverflowError):  # rows of different lengths
            return _of_texts(values)
        if datatype_of(array.dtype) is not None:
            return _of_array(array)
    return _of_texts(values)


def _holds_text(values: Any) -> bool:
    """Whether nested lists begin with a text, of which numpy would make all as long as the longest."""
    while isinstance(values, list) and values:
        values = values[0]
    return isinstance(values, str | bytes)


def _of_array(array: NDArray[Any]) -> Tensor:
    datatype = datatype_of(array.dtype)
    if datatype is None and array.dtype.kind == "f":  # wider than the protocol knows
        datatype = "FP64"
    if datatype is not None:
        return Tensor(datatype, array.shape, array)
    flat: list[Any] = array.ravel().tolist()
    if not all(isinstance(value, str | bytes) for value in flat):
        flat = _json_of(flat)
    return Tensor("BYTES", array.shape, flat)


def _of_texts(values: Sequence[Any]) -> Tensor:
    return Tensor("BYTES", (len(values),), _json_of(values))


def _json_of(values: Sequence[Any]) -> list[Any]:
    # Text among other things keeps its quotes, or "1" and 1 would read the same.
    try:
        return [msgspec.json.encode(value, enc_hook=plain) for value in values]
    except (TypeError, ValueError, RecursionError) as error:
        raise PredictionError(f"the model gave what JSON cannot hold: {error}") from error
