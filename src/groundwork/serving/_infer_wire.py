"""An infer request and its answer, as the Open Inference Protocol writes them over HTTP.

Rule: JSON alone, or a JSON head of the length that a header names with the bytes of the tensors behind it. Every byte
of the body belongs to something: what is too short or too long is refused.
"""

import math
from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple, TypeAlias

import msgspec

from groundwork.serving._block import Tensor
from groundwork.serving._body import UNREADABLE, unreadable
from groundwork.serving._problem import Problem
from groundwork.serving._tensors import MAX_TEXTS, Shape, from_binary, from_json, refused, to_binary, to_json

HEAD_LENGTH_HEADER = b"inference-header-content-length"

Parameters: TypeAlias = dict[str, bool | int | float | str | None]

_Name: TypeAlias = Annotated[str, msgspec.Meta(max_length=256)]

_NOTHING = msgspec.Raw()
_ELSEWHERE = ("shared_memory_region", "classification")


class InferRequest(NamedTuple):
    """What is asked.

    Attributes:
        inputs: By name.
        id: To be given back, or None.
        outputs: Name of each output that is wanted, and whether as bytes; None means all.
        binary: Whether outputs go as bytes where ``outputs`` does not say.
    """

    inputs: dict[str, Tensor]
    id: str | None = None
    outputs: dict[str, bool] | None = None
    binary: bool = False


class _Input(msgspec.Struct):
    name: _Name
    datatype: str
    shape: Shape
    parameters: Parameters = {}
    data: msgspec.Raw = _NOTHING


class _Output(msgspec.Struct):
    name: _Name
    parameters: Parameters = {}


class _Head(msgspec.Struct):
    inputs: list[_Input]
    id: str | None = None
    parameters: Parameters = {}
    outputs: list[_Output] = []


class _Answer(msgspec.Struct, omit_defaults=True):
    model_name: str
    model_version: str
    outputs: list[dict[str, Any]]
    id: str | None = None


_decode = msgspec.json.Decoder(_Head).decode


def read_request(body: bytes, head_length: bytes | None) -> InferRequest:
    """Read an infer request.

    Args:
        body: All of it.
        head_length: The header that says how much of it is JSON; None means all.

    Returns:
        The request; numbers of the binary extension are views of the body.

    Raises:
        Problem: 400; it is no such request, or contradicts itself.
    """
    size = _head_bytes(body, head_length)
    head = _read_head(body, size, head_length is not None)
    texts = sum(math.prod(given.shape) for given in head.inputs if given.datatype == "BYTES")
    if texts > MAX_TEXTS:
        raise refused("inputs", f"there are {texts} elements of BYTES; send at most {MAX_TEXTS} at a time")
    rest = memoryview(body)[size:]
    at = 0
    inputs: dict[str, Tensor] = {}
    for index, given in enumerate(head.inputs):
        where = f"inputs[{index}] {given.name!r}"
        if given.name in inputs:
            raise refused(where, "another input has this name too")
        _unsupported(where, given.parameters)
        length = given.parameters.get("binary_data_size")
        if length is None:
            inputs[given.name] = _from_json(where, given)
            continue
        if type(length) is not int or length < 0 or given.data != _NOTHING:
            raise refused(where, "binary_data_size must be a whole number, 0 or more, and stand without data")
        if length > len(rest) - at:
            raise refused(where, f"binary_data_size is {length}; {len(rest) - at} bytes are left in the body")
        inputs[given.name] = from_binary(where, given.datatype, given.shape, rest[at : at + length])
        at += length
    if at != len(rest):
        raise refused("the body", f"{len(rest) - at} bytes are left after the last input; see binary_data_size")
    binary = head.parameters.get("binary_data_output") is True
    return InferRequest(inputs, head.id, _wanted(head.outputs, binary), binary)


def write_answer(
    name: str, version: str, outputs: Mapping[str, Tensor], request: InferRequest
) -> tuple[bytes, int | None]:
    """Write the answer to an infer request.

    Args:
        name: Of the model.
        version: Of the model.
        outputs: By name.
        request: What was asked.

    Returns:
        The body, and how much of it is JSON; None means all.

    Raises:
        Problem: 400; an output is asked for that there is not.
        PredictionError: JSON cannot hold an output.
    """
    wanted = request.outputs or dict.fromkeys(outputs, request.binary)
    described: list[dict[str, Any]] = []
    parts: list[bytes] = []
    for output, binary in wanted.items():
        tensor = outputs.get(output)
        if tensor is None:
            raise refused("outputs", f"there is no {output!r}; there are: {', '.join(outputs)}")
        told: dict[str, Any] = {"name": output, "datatype": tensor.datatype, "shape": tensor.shape}
        if binary:
            parts.append(to_binary(tensor))
            told["parameters"] = {"binary_data_size": len(parts[-1])}
        else:
            told["data"] = to_json(output, tensor)
        described.append(told)
    head = msgspec.json.encode(_Answer(name, version, described, request.id))
    if not parts:
        return head, None
    # Padded, so that what follows is aligned and a reader can use it where it is.
    head += b" " * (-len(head) % 8)
    return b"".join([head, *parts]), len(head)


def _head_bytes(body: bytes, told: bytes | None) -> int:
    if told is None:
        return len(body)
    if not told.isdigit() or len(told) > 19 or int(told) > len(body):
        shown = told.decode("latin-1")[:40]
        detail = f"Inference-Header-Content-Length is {shown!r}; the body has {len(body)} bytes"
        raise Problem(400, "invalid_header", detail)
    return int(told)


def _read_head(body: bytes, size: int, told: bool) -> _Head:
    head = body if size == len(body) else body[:size]
    try:
        return _decode(head)
    except msgspec.ValidationError as error:
        raise Problem(400, "invalid_request", f'{error}; send {{"inputs": [...]}}') from None
    except UNREADABLE as error:
        problem = unreadable(head, error, "")
        if not told and b"binary_data_size" in body:
            problem.detail += "; tensors behind the JSON need the header Inference-Header-Content-Length"
        raise problem from None


def _from_json(where: str, given: _Input) -> Tensor:
    if given.data == _NOTHING:
        raise refused(where, "it has neither data nor binary_data_size")
    return from_json(where, given.datatype, given.shape, memoryview(given.data))


def _wanted(outputs: list[_Output], binary: bool) -> dict[str, bool] | None:
    wanted: dict[str, bool] = {}
    for index, output in enumerate(outputs):
        _unsupported(f"outputs[{index}] {output.name!r}", output.parameters)
        wanted[output.name] = bool(output.parameters.get("binary_data", binary))
    return wanted or None


def _unsupported(where: str, parameters: Parameters) -> None:
    for parameter in _ELSEWHERE:
        if parameters.get(parameter):
            raise refused(where, f"{parameter} is not supported here")
