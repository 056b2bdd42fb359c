"""Arrays as an infer request of the Open Inference Protocol, and its answer as arrays.

Rule: with the binary tensor extension the bytes of an array go as they are, after a JSON head that says where each
begins; without it every number is written and read as text, which costs ten times as much.
"""

from collections.abc import Mapping
from typing import Any, TypeAlias

import msgspec
import numpy as np

from groundwork.errors import InvalidDataError, WorldError
from groundwork.serving._datatypes import DTYPES, datatype_of

Array: TypeAlias = "np.ndarray[Any, np.dtype[Any]]"

HEAD_LENGTH = "Inference-Header-Content-Length"


def encode_infer(inputs: Mapping[str, Any], *, binary: bool) -> tuple[bytes, dict[str, str]]:
    """Write an infer request.

    Args:
        inputs: Arrays, or what numpy makes one of, by the name of the input.
        binary: By the binary tensor extension, and asking for an answer by it.

    Returns:
        The body, and the headers that belong to it.

    Raises:
        InvalidDataError: An array of a kind that the protocol has no name for.
    """
    tensors: list[dict[str, Any]] = []
    parts: list[bytes] = []
    for name, value in inputs.items():
        array = np.asarray(value)
        datatype = _datatype(name, array)
        tensor: dict[str, Any] = {"name": name, "shape": list(array.shape), "datatype": datatype}
        if binary:
            raw = _raw(array, datatype)
            parts.append(raw)
            tensor["parameters"] = {"binary_data_size": len(raw)}
        else:
            tensor["data"] = [_text(item) for item in array.ravel().tolist()]
        tensors.append(tensor)
    if not binary:
        return msgspec.json.encode({"inputs": tensors}), {"Content-Type": "application/json"}
    head = msgspec.json.encode({"inputs": tensors, "parameters": {"binary_data_output": True}})
    headers = {"Content-Type": "application/octet-stream", HEAD_LENGTH: str(len(head))}
    return b"".join((head, *parts)), headers


def decode_infer(body: bytes, head_length: str | None) -> dict[str, Array]:
    """Read the answer to an infer request.

    Args:
        body: Of the answer.
        head_length: What its header says of the length of the JSON part; None if all of it is JSON.

    Returns:
        Arrays by the name of the output; BYTES are text, or bytes where they are no UTF-8.

    Raises:
        WorldError: It is no such answer.
    """
    try:
        end = len(body) if head_length is None else int(head_length)
        outputs = msgspec.json.decode(body[:end])["outputs"]
        found: dict[str, Array] = {}
        for output in outputs:
            size = output.get("parameters", {}).get("binary_data_size")
            if size is None:
                flat = _from_json(output)
            else:
                flat = _from_raw(body[end : end + size], output["datatype"])
                end += size
            found[output["name"]] = flat.reshape(output["shape"])
    except (msgspec.MsgspecError, LookupError, TypeError, ValueError, AttributeError) as error:
        raise WorldError(f"the answer to infer cannot be read: {error}; it begins {body[:60]!r}") from error
    return found


def _datatype(name: str, array: Array) -> str:
    known = datatype_of(array.dtype)
    if known is not None:
        return known
    if array.dtype.kind in "US" or (
        array.dtype.kind == "O" and all(isinstance(item, str | bytes) for item in array.ravel())
    ):
        return "BYTES"
    raise InvalidDataError(
        f"input {name!r} is an array of {array.dtype}, which the protocol cannot carry",
        hint=f"Convert it by astype to text or to one of {', '.join(str(dtype) for dtype in DTYPES.values())}.",
        context={"column": name},
    )


def _raw(array: Array, datatype: str) -> bytes:
    if datatype != "BYTES":
        return np.ascontiguousarray(array, dtype=DTYPES[datatype]).tobytes()
    items = [item.encode() if isinstance(item, str) else bytes(item) for item in array.ravel().tolist()]
    return b"".join(len(item).to_bytes(4, "little") + item for item in items)


def _from_raw(raw: bytes, datatype: str) -> Array:
    if datatype != "BYTES":
        return np.frombuffer(raw, dtype=DTYPES[datatype])
    items: list[str | bytes] = []
    at = 0
    while at < len(raw):
        size = int.from_bytes(raw[at : at + 4], "little")
        if at + 4 + size > len(raw):
            raise ValueError("a text is cut short")
        items.append(_text(raw[at + 4 : at + 4 + size]))
        at += 4 + size
    return _objects(items)


def _from_json(output: Mapping[str, Any]) -> Array:
    if output["datatype"] == "BYTES":
        return _objects(_flat(output["data"]))
    return np.asarray(output["data"], dtype=DTYPES[output["datatype"]])


def _flat(data: Any) -> list[Any]:
    return [leaf for item in data for leaf in _flat(item)] if isinstance(data, list) else [data]


def _objects(items: list[Any]) -> Array:
    array = np.empty(len(items), dtype=object)
    array[:] = items
    return array


def _text(item: Any) -> Any:
    if not isinstance(item, bytes):
        return item
    try:
        return item.decode()
    except UnicodeDecodeError:
        return item
