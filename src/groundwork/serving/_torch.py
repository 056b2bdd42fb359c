"""A torch module behind the server, by the extra ``torch``.

Rule: an instance is one row of the module's input, as a number or a nested list; the module sees a float32 tensor,
rows first, in evaluation mode and without gradients, on the device where its parameters are.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from groundwork.errors import ConfigurationError, ModelNotFoundError, UnsafeCheckpoint, first_line
from groundwork.serving._arrays import ArrayReader
from groundwork.serving._block import Block, Tensor, TensorSpec
from groundwork.serving._blockwise import BlockwiseAdapter, Results, plain

SUFFIXES = (".pt", ".pt2", ".ts")


class TorchAdapter(BlockwiseAdapter):
    """A ``torch.nn.Module``.

    Args:
        module: Its ``input_shape``, where it has one, is the shape of a row; else that of a first linear layer counts.
    """

    pure = True

    def __init__(self, module: Any) -> None:
        import torch

        self._torch = torch
        self._module = module
        if hasattr(module, "eval") and not _is_exported(module):
            module.eval()
        self.version = str(getattr(module, "version", "1"))
        parameter = next(iter(module.parameters()), None)
        self._device = parameter.device if parameter is not None else torch.device("cpu")
        self._shape = _row_shape(module)
        self._readers: dict[int, ArrayReader] = {}

    @property
    def inputs(self) -> tuple[TensorSpec, ...]:
        """One tensor."""
        return (TensorSpec("input", "FP32", (-1, *(self._shape or (-1,)))),)

    @property
    def outputs(self) -> tuple[TensorSpec, ...]:
        """One tensor of what the module returns."""
        return (TensorSpec("predictions", "FP32", (-1,)),)

    def input_schema(self) -> dict[str, Any]:
        """Return the JSON schema of one instance; one that admits anything where the shape is not known."""
        return self._reader(0).schema() if self._shape is not None else {}

    def parse(self, instances: list[Any]) -> Block:
        """Return the rows of instances that are decoded already."""
        return self._reader(_depth(instances[0])).parse(instances)

    def tensors(self, inputs: Mapping[str, Tensor]) -> Block:
        """Return the rows of one tensor."""
        tensor = next(iter(inputs.values())) if len(inputs) == 1 else None
        if tensor is not None:
            inputs = {"input": tensor}
        return self._reader(len(tensor.shape) - 1 if tensor is not None else 1).tensors(inputs)

    def _join(self, parts: list[Any]) -> Any:
        return ArrayReader.join(parts)["input"]

    def _cut(self, data: Any, start: int, stop: int) -> Any:
        return data[start:stop] if not isinstance(data, dict) else ArrayReader.cut(data, start, stop)

    def _run(self, data: Any) -> Results:
        torch = self._torch
        with torch.inference_mode():
            found = self._module(torch.from_numpy(np.ascontiguousarray(data)).to(self._device))
        if isinstance(found, dict):
            return {str(name): _numpy(each) for name, each in found.items()}
        if isinstance(found, list | tuple):
            return {f"output_{at}": _numpy(each) for at, each in enumerate(found)}
        return plain(_numpy(found))

    def _reader(self, depth: int) -> ArrayReader:
        shape = self._shape if self._shape is not None else (-1,) * depth
        if len(shape) not in self._readers:
            self._readers[len(shape)] = ArrayReader([TensorSpec("input", "FP32", (-1, *shape))])
        return self._readers[len(shape)]


def load_torch(path: Path, *, trust: bool) -> Any:
    """Load a module from a file.

    Args:
        path: ``.pt2`` as ``torch.export.save`` writes it, ``.pt`` or ``.ts`` as ``torch.jit.save`` does.
        trust: The file may run code of its own; without it nothing is loaded.

    Returns:
        The module.

    Raises:
        ConfigurationError: torch is not installed.
        ModelNotFoundError: There is no such file, or it is no such module.
        UnsafeCheckpoint: Nobody has trusted it.
    """
    if not trust:
        raise UnsafeCheckpoint(
            f"{path} may run code of its own when it is loaded", hint="Pass trust=True if it is yours."
        )
    try:
        import torch
    except ImportError as error:
        raise ConfigurationError(
            f"{path} is a torch module, and torch is not installed", hint="pip install 'groundwork[torch]'"
        ) from error
    try:
        return torch.export.load(path).module() if path.suffix == ".pt2" else torch.jit.load(path, map_location="cpu")
    except Exception as error:  # torch's own have no common root
        raise ModelNotFoundError(f"{path} cannot be loaded as a torch module: {first_line(error)}") from error


def _is_exported(module: Any) -> bool:
    return type(module).__module__.startswith("torch.fx")


def _row_shape(module: Any) -> tuple[int, ...] | None:
    given = getattr(module, "input_shape", None)
    if given is not None:
        return tuple(int(size) for size in given)
    layer = next((each for each in module.modules() if not list(each.children())), None)
    count = getattr(layer, "in_features", None)
    return (int(count),) if isinstance(count, int) else None


def _depth(instance: Any) -> int:
    depth = 0
    while isinstance(instance, list):
        depth += 1
        instance = instance[0] if instance else None
    return depth


def _numpy(tensor: Any) -> Any:
    tensor = tensor.detach().cpu()
    return (tensor.float() if tensor.dtype.is_floating_point and tensor.dtype.itemsize == 2 else tensor).numpy()
