"""Tensors from the wire and back: JSON, and the binary tensor extension.

Rule: nothing that a client says of a size is believed. It is compared with what came before anything is made of that
size, and what differs is answered with 400, with the place and both numbers. Cost: the numbers of a binary tensor are a
view of the body; only one that begins at an odd address is copied, because compiled code may rely on alignment.
"""

import math
import struct
from collections.abc import Sequence
from functools import lru_cache
from typing import Annotated, Any, TypeAlias

import msgspec
import numpy as np

from groundwork.errors import PredictionError
from groundwork.serving._block import Tensor
from groundwork.serving._datatypes import DTYPES
from groundwork.serving._problem import Problem

MAX_DIMENSIONS = 16
MAX_TEXTS = 2**16
"""Most BYTES elements of a request: each costs a Python object, on the server's own thread."""

# Nothing in so many places: numpy has no such array, and as lists it would be as many.
_MAX_EMPTY = 2**16

Buffer: TypeAlias = "bytes | memoryview"
Shape: TypeAlias = Annotated[
    list[Annotated[int, msgspec.Meta(ge=0, lt=2**31)]], msgspec.Meta(max_length=MAX_DIMENSIONS)
]

_LENGTH = struct.Struct("<I")
_INTEGERS: dict[str, Any] = {
    **{
        f"INT{bits}": Annotated[int, msgspec.Meta(ge=-(2 ** (bits - 1)), le=2 ** (bits - 1) - 1)]
        for bits in (8, 16, 32, 64)
    },
    **{f"UINT{bits}": Annotated[int, msgspec.Meta(ge=0, le=2**bits - 1)] for bits in (8, 16, 32)},
    "UINT64": Annotated[int, msgspec.Meta(ge=0)],
}


def refused(where: str, message: str) -> Problem:
    """Return the problem of a tensor that contradicts itself.

    Args:
        where: The place in the request.
        message: What is wrong there.
    """
    return Problem(400, "invalid_tensor", f"{where}: {message}")


def checked(where: str, datatype: str, shape: Sequence[int]) -> int:
    """Return how many elements a tensor has.

    Args:
        where: The place in the request.
        datatype: As the client names it.
        shape: As the client names it.

    Raises:
        Problem: There is no such datatype or shape.
    """
    if datatype != "BYTES" and datatype not in DTYPES:
        known = ", ".join([*DTYPES, "BYTES"])
        raise refused(where, f"there is no datatype {datatype[:40]!r} here; there are: {known}")
    if len(shape) > MAX_DIMENSIONS or any(not 0 <= size < 2**31 for size in shape):
        raise refused(where, f"no tensor has the shape {list(shape)[:MAX_DIMENSIONS]}")
    count = math.prod(shape)
    if not count and math.prod(size for size in shape if size) > _MAX_EMPTY:
        raise refused(
            where, f"no empty tensor has the shape {list(shape)}; its other sizes make more than {_MAX_EMPTY}"
        )
    return count


def from_binary(where: str, datatype: str, shape: Sequence[int], raw: Buffer) -> Tensor:
    """Return a tensor of the binary extension.

    Args:
        where: The place in the request, for what is wrong.
        datatype: As the client names it.
        shape: As the client names it.
        raw: Its elements, in row-major order.

    Raises:
        Problem: Bytes, datatype and shape contradict each other.
    """
    count = checked(where, datatype, shape)
    if datatype == "BYTES":
        return Tensor(datatype, tuple(shape), _unpacked(where, memoryview(raw), count))
    dtype = DTYPES[datatype]
    if len(raw) != count * dtype.itemsize:
        needed = f"{datatype} of the shape {list(shape)} takes {count * dtype.itemsize} bytes"
        raise refused(where, f"{needed}, not {len(raw)}")
    if datatype == "BOOL" and count and np.frombuffer(raw, np.uint8).max() > 1:
        raise refused(where, "a BOOL is a byte 0 or 1")
    array = np.frombuffer(raw, dtype).reshape(shape) if count else np.empty(shape, dtype)
    return Tensor(datatype, tuple(shape), array if array.flags.aligned else array.copy())


def from_json(where: str, datatype: str, shape: Sequence[int], data: Buffer) -> Tensor:
    """Return a tensor whose elements are JSON.

    Args:
        where: The place in the request, for what is wrong.
        datatype: As the client names it.
        shape: As the client names it.
        data: An array of all elements in row-major order, or one nested as the shape says.

    Raises:
        Problem: Elements, datatype and shape contradict each other.
    """
    count = checked(where, datatype, shape)
    try:
        flat = _flat(datatype, shape, data)
        if len(flat) != count:
            raise refused(where, f"the shape {list(shape)} takes {count} elements; data has {len(flat)}")
        if datatype == "BYTES":
            return Tensor(datatype, tuple(shape), flat)
        # A number too large for its type would become infinite with no more than a warning.
        with np.errstate(over="raise"):
            return Tensor(datatype, tuple(shape), np.array(flat, DTYPES[datatype]).reshape(shape))
    except msgspec.ValidationError as error:
        raise refused(where, str(error).replace("`$", "`data")) from None
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise refused(where, f"data cannot be read: {error}") from None
    except (OverflowError, FloatingPointError):
        raise refused(where, f"data holds a number that is too large for {datatype}") from None


def to_binary(tensor: Tensor) -> bytes:
    """Return the elements of a tensor as the binary extension has them."""
    if tensor.datatype != "BYTES":
        return np.ascontiguousarray(tensor.data, DTYPES[tensor.datatype]).tobytes()
    items = [item.encode() if isinstance(item, str) else item for item in tensor.data]
    return b"".join([part for item in items for part in (_LENGTH.pack(len(item)), item)])


def to_json(name: str, tensor: Tensor) -> list[Any]:
    """Return the elements of a tensor as JSON can hold them, in row-major order.

    Args:
        name: Of the output, for what is wrong.
        tensor: Any.

    Raises:
        PredictionError: Bytes that are no text.
    """
    if tensor.datatype != "BYTES":
        return np.ravel(tensor.data).tolist()  # type: ignore[no-any-return]
    try:
        return [item.decode() if isinstance(item, bytes) else item for item in tensor.data]
    except UnicodeDecodeError as error:
        raise PredictionError(
            f"output {name!r} holds bytes that are no UTF-8 text", hint="Ask for it as binary_data."
        ) from error


def _unpacked(where: str, raw: memoryview, count: int) -> list[bytes]:
    """Return the elements of BYTES, each of which begins with its length in 4 bytes."""
    items: list[bytes] = []
    at, end = 0, len(raw)
    if end < 4 * count:
        raise refused(where, f"{count} BYTES take at least {4 * count} bytes, not {end}")
    for index in range(count):
        if end - at < 4:
            raise refused(where, f"element {index} of {count} begins after the end of its {end} bytes")
        (length,) = _LENGTH.unpack_from(raw, at)
        at += 4
        if length > end - at:
            raise refused(where, f"element {index} says that it has {length} bytes; {end - at} are left")
        items.append(bytes(raw[at : at + length]))
        at += length
    if at != end:
        raise refused(where, f"{end - at} bytes are left after the last of {count} elements")
    return items


def _flat(datatype: str, shape: Sequence[int], data: Buffer) -> list[Any]:
    try:
        return _decoder(datatype, 1).decode(data)  # type: ignore[no-any-return]
    except msgspec.ValidationError as error:
        if len(shape) < 2 or "got `array`" not in str(error):
            raise
    nested = _decoder(datatype, len(shape)).decode(data)
    for depth, size in enumerate(shape[1:], start=1):
        wrong = next((len(inner) for inner in nested if len(inner) != size), size)
        if wrong != size:
            raise msgspec.ValidationError(f"data is nested to {wrong} in dimension {depth}; the shape says {size}")
        nested = [element for inner in nested for element in inner]
    return nested  # type: ignore[no-any-return]


@lru_cache(maxsize=256)  # more than there are datatypes times depths
def _decoder(datatype: str, depth: int) -> msgspec.json.Decoder[Any]:
    element: Any = _INTEGERS.get(datatype)
    if element is None:
        # null is a missing number, as in /predict.
        element = {"BOOL": bool, "BYTES": str}.get(datatype, float | None)
    for _ in range(depth):
        element = list[element]
    return msgspec.json.Decoder(element)
