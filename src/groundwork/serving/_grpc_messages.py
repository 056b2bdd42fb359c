"""The messages of ``inference.GRPCInferenceService``, made from a table of their fields.

Rule: names, types and numbers are those of the Open Inference Protocol; nothing else goes over the wire. They live in a
pool of their own, so that a client in the same process may bring its own copies. Importing this needs the extra
``grpc``.
"""

from collections.abc import Mapping
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

PACKAGE = "inference"
SERVICE = f"{PACKAGE}.GRPCInferenceService"

_FIELDS: Mapping[str, str] = {
    "ServerLiveRequest": "",
    "ServerLiveResponse": "1 bool live",
    "ServerReadyRequest": "",
    "ServerReadyResponse": "1 bool ready",
    "ModelReadyRequest": "1 string name, 2 string version",
    "ModelReadyResponse": "1 bool ready",
    "ServerMetadataRequest": "",
    "ServerMetadataResponse": "1 string name, 2 string version, 3 repeated string extensions",
    "ModelMetadataRequest": "1 string name, 2 string version",
    "ModelMetadataResponse": "1 string name, 2 repeated string versions, 3 string platform, "
    "4 repeated ModelMetadataResponse.TensorMetadata inputs, 5 repeated ModelMetadataResponse.TensorMetadata outputs",
    "ModelMetadataResponse.TensorMetadata": "1 string name, 2 string datatype, 3 repeated int64 shape",
    "RepositoryIndexRequest": "1 string repository_name, 2 bool ready",
    "RepositoryIndexResponse": "1 repeated RepositoryIndexResponse.ModelIndex models",
    "RepositoryIndexResponse.ModelIndex": "1 string name, 2 string version, 3 string state, 4 string reason",
    "InferParameter": "1 oneof bool bool_param, 2 oneof int64 int64_param, 3 oneof string string_param, "
    "4 oneof double double_param, 5 oneof uint64 uint64_param",
    "InferTensorContents": "1 repeated bool bool_contents, 2 repeated int32 int_contents, "
    "3 repeated int64 int64_contents, 4 repeated uint32 uint_contents, 5 repeated uint64 uint64_contents, "
    "6 repeated float fp32_contents, 7 repeated double fp64_contents, 8 repeated bytes bytes_contents",
    "ModelInferRequest": "1 string model_name, 2 string model_version, 3 string id, 4 map InferParameter parameters, "
    "5 repeated ModelInferRequest.InferInputTensor inputs, "
    "6 repeated ModelInferRequest.InferRequestedOutputTensor outputs, 7 repeated bytes raw_input_contents",
    "ModelInferRequest.InferInputTensor": "1 string name, 2 string datatype, 3 repeated int64 shape, "
    "4 map InferParameter parameters, 5 InferTensorContents contents",
    "ModelInferRequest.InferRequestedOutputTensor": "1 string name, 2 map InferParameter parameters",
    "ModelInferResponse": "1 string model_name, 2 string model_version, 3 string id, 4 map InferParameter parameters, "
    "5 repeated ModelInferResponse.InferOutputTensor outputs, 6 repeated bytes raw_output_contents",
    "ModelInferResponse.InferOutputTensor": "1 string name, 2 string datatype, 3 repeated int64 shape, "
    "4 map InferParameter parameters, 5 InferTensorContents contents",
    # What google.rpc calls Status, Any, RetryInfo and Duration; only the numbers are on the wire.
    "Status": "1 int32 code, 2 string message, 3 repeated Detail details",
    "Detail": "1 string type_url, 2 bytes value",
    "RetryInfo": "1 Duration retry_delay",
    "Duration": "1 int64 seconds, 2 int32 nanos",
}

_Field = descriptor_pb2.FieldDescriptorProto
_SCALARS = ("bool", "int32", "int64", "uint32", "uint64", "float", "double", "string", "bytes")


def _file() -> Any:
    """Return the descriptor of all messages."""
    file = descriptor_pb2.FileDescriptorProto(name="groundwork/open_inference.proto", package=PACKAGE, syntax="proto3")
    messages: dict[str, Any] = {}
    for name, fields in _FIELDS.items():
        outer, _, inner = name.rpartition(".")
        message = messages[outer].nested_type.add() if outer else file.message_type.add()
        message.name = inner or name
        messages[name] = message
        for field in filter(None, fields.split(", ")):
            _add(message, name, *field.split())
    return file


def _add(message: Any, owner: str, number: str, *words: str) -> None:
    *labels, kind, name = words
    field = message.field.add(name=name, number=int(number), label=_Field.LABEL_OPTIONAL)
    if labels == ["map"]:
        entry = message.nested_type.add(name=name.capitalize() + "Entry")
        entry.options.map_entry = True
        _add(entry, f"{owner}.{entry.name}", "1", "string", "key")
        _add(entry, f"{owner}.{entry.name}", "2", kind, "value")
        kind = f"{owner}.{entry.name}"
    if labels in (["repeated"], ["map"]):
        field.label = _Field.LABEL_REPEATED
    if labels == ["oneof"]:
        if not message.oneof_decl:
            message.oneof_decl.add(name="parameter_choice")
        field.oneof_index = 0
    if kind in _SCALARS:
        field.type = getattr(_Field, f"TYPE_{kind.upper()}")
    else:
        field.type = _Field.TYPE_MESSAGE
        field.type_name = f".{PACKAGE}.{kind}"


def _classes() -> dict[str, Any]:
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(_file().SerializeToString())
    find = pool.FindMessageTypeByName
    return {name: message_factory.GetMessageClass(find(f"{PACKAGE}.{name}")) for name in _FIELDS}


MESSAGES: Mapping[str, Any] = _classes()
"""Message classes by name, those inside others as ``Outer.Inner``."""
