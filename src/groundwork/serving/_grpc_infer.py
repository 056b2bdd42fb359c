"""A ``ModelInferRequest`` as the body of an infer request, and its answer back.

Rule: gRPC is another spelling of the binary tensor extension. Bytes are passed on as they are; typed contents become
bytes first. What contradicts itself is found by the one reader that both have. Cost: one copy of the tensors each way.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np

from groundwork.serving._block import Tensor
from groundwork.serving._datatypes import DTYPES
from groundwork.serving._grpc_messages import MESSAGES
from groundwork.serving._tensors import refused, to_binary

_CONTENTS: Mapping[str, str] = {
    "BOOL": "bool_contents",
    **dict.fromkeys(("INT8", "INT16", "INT32"), "int_contents"),
    "INT64": "int64_contents",
    **dict.fromkeys(("UINT8", "UINT16", "UINT32"), "uint_contents"),
    "UINT64": "uint64_contents",
    "FP32": "fp32_contents",
    "FP64": "fp64_contents",
    "BYTES": "bytes_contents",
}


def http_body(request: Any) -> tuple[bytes, int]:
    """Write a request as HTTP has it.

    Args:
        request: A ``ModelInferRequest``.

    Returns:
        The body, and how much of it is JSON.

    Raises:
        Problem: 400; there are bytes for other than all inputs, or contents that are none of their datatype.
    """
    raws = request.raw_input_contents
    if raws and len(raws) != len(request.inputs):
        raise refused("raw_input_contents", f"there are {len(raws)} for {len(request.inputs)} inputs")
    parts: list[bytes] = []
    inputs: list[dict[str, Any]] = []
    for index, given in enumerate(request.inputs):
        raw = raws[index] if raws else _of_contents(f"inputs[{index}] {given.name[:60]!r}", given)
        if raws and given.HasField("contents"):
            raise refused(f"inputs[{index}] {given.name[:60]!r}", "it has contents and raw_input_contents")
        parts.append(raw)
        inputs.append(
            {
                "name": given.name,
                "datatype": given.datatype,
                "shape": list(given.shape),
                "parameters": {**_parameters(given.parameters), "binary_data_size": len(raw)},
            }
        )
    head: dict[str, Any] = {"inputs": inputs, "parameters": {"binary_data_output": True}}
    if request.id:
        head["id"] = request.id
    if request.outputs:
        # One that asked for JSON would have nowhere to get it.
        head["outputs"] = [
            {"name": output.name, "parameters": {**_parameters(output.parameters), "binary_data": True}}
            for output in request.outputs
        ]
    written = msgspec.json.encode(head)
    return b"".join([written, *parts]), len(written)


def infer_response(body: bytes, head_length: int) -> Any:
    """Read an answer as gRPC has it.

    Args:
        body: Of the answer to infer.
        head_length: How much of it is JSON.

    Returns:
        A ``ModelInferResponse`` with ``raw_output_contents``.
    """
    head = msgspec.json.decode(body[:head_length])
    at = head_length
    outputs: list[Any] = []
    raws: list[bytes] = []
    for output in head["outputs"]:
        size = output["parameters"]["binary_data_size"]
        raws.append(body[at : at + size])
        at += size
        outputs.append({name: output[name] for name in ("name", "datatype", "shape")})
    return MESSAGES["ModelInferResponse"](
        model_name=head["model_name"],
        model_version=head["model_version"],
        id=head.get("id", ""),
        outputs=outputs,
        raw_output_contents=raws,
    )


def _of_contents(where: str, given: Any) -> bytes:
    datatype = given.datatype
    if datatype != "BYTES" and datatype not in DTYPES:
        return b""  # refused by name where the body is read
    field = _CONTENTS.get(datatype)
    if field is None:
        raise refused(where, f"{datatype} has no typed contents; send raw_input_contents")
    extra = [other.name for other, _ in given.contents.ListFields() if other.name != field]
    if extra:
        raise refused(where, f"{datatype} goes into {field}, not {extra[0]}")
    values: Any = list(getattr(given.contents, field))
    if datatype != "BYTES":
        try:
            values = np.array(values, DTYPES[datatype])
        except OverflowError:
            raise refused(where, f"{field} holds a number that is too large for {datatype}") from None
    return to_binary(Tensor(datatype, (len(values),), values))


def _parameters(parameters: Any) -> dict[str, Any]:
    return {
        name: getattr(value, chosen)
        for name, value in parameters.items()
        if (chosen := value.WhichOneof("parameter_choice")) is not None
    }
