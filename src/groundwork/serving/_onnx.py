"""An ONNX model behind the server, by the extra ``onnx``.

Rule: an instance is what one row of the model's input is: a list of numbers, a nested list, or an object of the inputs
where there are several. onnxruntime's threads never spin while they wait.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from groundwork.errors import ConfigurationError, ModelNotFoundError, first_line
from groundwork.serving._arrays import ArrayReader
from groundwork.serving._block import Block, Tensor, TensorSpec
from groundwork.serving._blockwise import BlockwiseAdapter, Results, plain
from groundwork.serving._cores import cores
from groundwork.serving._matrix import MatrixReader

_DATATYPES = {
    "tensor(bool)": "BOOL",
    "tensor(int8)": "INT8",
    "tensor(int16)": "INT16",
    "tensor(int32)": "INT32",
    "tensor(int64)": "INT64",
    "tensor(uint8)": "UINT8",
    "tensor(uint16)": "UINT16",
    "tensor(uint32)": "UINT32",
    "tensor(uint64)": "UINT64",
    "tensor(float16)": "FP16",
    "tensor(float)": "FP32",
    "tensor(double)": "FP64",
    "tensor(string)": "BYTES",
}
# What onnxruntime calls the version of a model that says none.
_NO_VERSIONS = (0, 2**63 - 1)


class OnnxAdapter(BlockwiseAdapter):
    """A model in an ``.onnx`` file.

    Args:
        path: Of the file.
        threads: How many batches may run at once.

    Raises:
        ConfigurationError: onnxruntime is not installed, or the model's inputs are no tensors.
        ModelNotFoundError: There is no such file, or it is no ONNX model.
    """

    pure = True

    def __init__(self, path: Path, threads: int = 1) -> None:
        self._session = _session(path, threads)
        version = self._session.get_modelmeta().version
        self.version = "1" if version in _NO_VERSIONS else str(version)
        self._inputs = tuple(_spec(argument, path) for argument in self._session.get_inputs())
        self._outputs = tuple(
            TensorSpec(argument.name, _DATATYPES.get(argument.type, "BYTES"), _shape(argument))
            for argument in self._session.get_outputs()
        )
        first = self._inputs[0]
        self._one_by_one = first.shape[0] == 1
        if first.shape[0] not in (-1, 1):
            raise ConfigurationError(
                f"{path} takes batches of {first.shape[0]} rows only", hint="Export it with a dynamic first axis."
            )
        self._names = [spec.name for spec in self._outputs]
        specs = [TensorSpec(name, datatype, (-1, *shape[1:])) for name, datatype, shape in self._inputs]
        self._reader: MatrixReader | ArrayReader = ArrayReader(specs)
        if len(specs) == 1 and first.datatype in ("FP32", "FP64") and len(first.shape) == 2 and first.shape[1] > 0:
            self._reader = MatrixReader(first.shape[1], np.float32 if first.datatype == "FP32" else np.float64)

    @property
    def inputs(self) -> tuple[TensorSpec, ...]:
        """As the model names them."""
        return self._inputs

    @property
    def outputs(self) -> tuple[TensorSpec, ...]:
        """As the model names them."""
        return self._outputs

    def input_schema(self) -> dict[str, Any]:
        """Return the JSON schema of one instance."""
        return self._reader.schema()

    def decode(self, body: bytes, *, max_instances: int) -> Block:
        """Return the rows of a ``/predict`` body."""
        if isinstance(self._reader, MatrixReader):
            return self._reader.decode(body, max_instances)
        return super().decode(body, max_instances=max_instances)

    def parse(self, instances: list[Any]) -> Block:
        """Return the rows of instances that are decoded already."""
        return self._reader.parse(instances)

    def tensors(self, inputs: Mapping[str, Tensor]) -> Block:
        """Return the rows of tensors by name."""
        return self._reader.tensors(inputs)

    def _join(self, parts: list[Any]) -> Any:
        return self._reader.join(parts)

    def _cut(self, data: Any, start: int, stop: int) -> Any:
        return ArrayReader.cut(data, start, stop) if isinstance(data, dict) else data[start:stop]

    def _run(self, data: Any) -> Results:
        feeds = data if isinstance(data, dict) else {self._inputs[0].name: data}
        rows = len(next(iter(feeds.values())))
        if self._one_by_one:
            runs = [self._session.run(None, ArrayReader.cut(feeds, row, row + 1)) for row in range(rows)]
            found = [_merged(parts) for parts in zip(*runs, strict=True)]
        else:
            found = self._session.run(None, feeds)
        if len(found) == 1:
            return plain(found[0])
        if all(isinstance(each, np.ndarray) for each in found):
            return dict(zip(self._names, found, strict=True))
        # A sequence of maps, as converters of classifiers write probabilities.
        columns = [each.tolist() if isinstance(each, np.ndarray) else each for each in found]
        return [dict(zip(self._names, row, strict=True)) for row in zip(*columns, strict=True)]


def _session(path: Path, threads: int) -> Any:
    try:
        import onnxruntime
    except ImportError as error:
        raise ConfigurationError(
            f"{path} is an ONNX model, and onnxruntime is not installed", hint="pip install 'groundwork[onnx]'"
        ) from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = max(1, cores() // threads)
    options.inter_op_num_threads = 1
    # Threads that spin for the next batch starve whatever else the machine does.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(os.fspath(path), options, providers=onnxruntime.get_available_providers())
    except Exception as error:  # onnxruntime's own have no common root
        raise ModelNotFoundError(f"{path} cannot be loaded as an ONNX model: {first_line(error)}") from error


def _spec(argument: Any, path: Path) -> TensorSpec:
    datatype = _DATATYPES.get(argument.type)
    shape = _shape(argument)
    if datatype is None or not shape:
        raise ConfigurationError(f"{path}: its input {argument.name!r} is a {argument.type} of shape {list(shape)}")
    return TensorSpec(argument.name, datatype, shape)


def _shape(argument: Any) -> tuple[int, ...]:
    return tuple(size if isinstance(size, int) else -1 for size in argument.shape or ())


def _merged(parts: tuple[Any, ...]) -> Any:
    return np.concatenate(parts) if isinstance(parts[0], np.ndarray) else [each for part in parts for each in part]
