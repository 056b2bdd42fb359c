"""Named tensors as one safetensors file: a JSON header, then the tensors' memory as it lies.

Rule: a header is believed only where it tiles the file exactly, so no tensor reaches beyond it or into another one.
Cost: no copy of a contiguous tensor, either way; any other layout is put in order a few MiB at a time, or, off the
processor's memory, a tensor at a time. Tensors that were read share one buffer, which lives as long as one of them.
"""

import json
import math
import struct
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from groundwork.errors import ConfigurationError, UsageError

_CHUNK_BYTES = 4 << 20
_HEADER_BYTES = 100_000_000  # what the safetensors library reads at most
_ALIGNMENT = 64
_DIMENSIONS = 64
_METADATA = "__metadata__"
_CODES = {
    "bool": "BOOL",
    "int8": "I8",
    "int16": "I16",
    "int32": "I32",
    "int64": "I64",
    "uint8": "U8",
    "uint16": "U16",
    "uint32": "U32",
    "uint64": "U64",
    "float16": "F16",
    "float32": "F32",
    "float64": "F64",
    "complex64": "C64",
    "bfloat16": "BF16",
    "float8_e4m3fn": "F8_E4M3",
    "float8_e5m2": "F8_E5M2",
}
_NAMES = {code: name for name, code in _CODES.items()}
_BYTES = {"BOOL": 1, "C64": 8, "BF16": 2, "F8_E4M3": 1, "F8_E5M2": 1} | {
    code: int(code[1:]) // 8 for code in _NAMES if code[1:].isdigit() and code != "C64"
}
_FORMATS = {"numpy": "np", "torch": "pt"}


@dataclass(frozen=True)
class Entry:
    """Where a tensor lies.

    Attributes:
        code: Its type, as the header names it.
        shape: Its shape.
        begin: Its first byte, counted from the end of the header.
        end: The byte after its last.
    """

    code: str
    shape: tuple[int, ...]
    begin: int
    end: int


class Layout:
    """Tensors in the order in which they will be written.

    Args:
        tensors: Text names to numpy arrays, or to torch tensors.

    Attributes:
        framework: ``"numpy"`` or ``"torch"``.

    Raises:
        UsageError: Something else is among them, or both kinds are.
    """

    def __init__(self, tensors: Mapping[Any, Any]) -> None:
        described = {name: _describe(name, tensor) for name, tensor in tensors.items()}
        frameworks = {framework for framework, _ in described.values()}
        if len(frameworks) > 1:
            raise UsageError(
                "numpy arrays and torch tensors are mixed in one model", hint="convert the arrays: torch.from_numpy"
            )
        self.framework = frameworks.pop() if frameworks else "numpy"
        # Widest first: then every tensor is aligned to its own width, and can be used where it lies.
        order = sorted(described, key=lambda name: (-_BYTES[described[name][1]], name))
        self._tensors = [(tensors[name], described[name][1]) for name in order]
        self._header = _header([(name, *self._tensors[place]) for place, name in enumerate(order)], self.framework)

    def chunks(self) -> Iterator[bytes | memoryview]:
        """Give the file's bytes in order.

        Yields:
            The header, then the tensors in pieces of some MiB; views of their memory where it is contiguous. They
            must not be changed meanwhile.
        """
        gathered = bytearray(self._header)
        for tensor, code in self._tensors:
            for piece in _pieces(_as_array(tensor, code)):
                # Many small tensors become few writes.
                if len(piece) < _CHUNK_BYTES // 64:
                    gathered += piece
                    if len(gathered) < _CHUNK_BYTES:
                        continue
                    piece = memoryview(b"")
                if gathered:
                    yield bytes(gathered)
                    gathered.clear()
                if len(piece):
                    yield piece
        if gathered:
            yield bytes(gathered)


def unpack(buffer: Any, *, framework: str = "numpy") -> dict[str, Any]:
    """View the tensors of a safetensors file.

    Args:
        buffer: The whole file; the tensors are views of it, writable if it is.
        framework: ``"numpy"`` or ``"torch"``.

    Returns:
        Tensors by name.

    Raises:
        ValueError: The bytes are no such file; the message says where.
        ConfigurationError: A library that the tensors need is not installed.
    """
    view = memoryview(buffer).cast("B")
    start, entries = read_header(view)
    make = _torch_maker() if framework == "torch" else _numpy_maker()
    return {name: make(view, start, entry) for name, entry in entries.items()}


def read_header(view: memoryview) -> tuple[int, dict[str, Entry]]:
    """Read the header of a safetensors file, and check that it tiles the file.

    Args:
        view: The whole file.

    Returns:
        Where the tensors' memory begins, and the entries by name in the header's order.

    Raises:
        ValueError: It is no such header, or says what the file cannot hold.
    """
    if len(view) < 8:
        raise ValueError(f"{len(view)} bytes are no safetensors file")
    (length,) = struct.unpack("<Q", view[:8])
    if length > min(_HEADER_BYTES, len(view) - 8):
        raise ValueError(f"the header claims {length} bytes; the file has {len(view)}, and a header 100 MB at most")
    try:
        header = json.loads(bytes(view[8 : 8 + length]).decode(), object_pairs_hook=_once)
        if not isinstance(header, dict):
            raise ValueError(f"the header is a {type(header).__name__}, not an object")
        header.pop(_METADATA, None)
        entries = {name: _entry(name, described) for name, described in header.items()}
    except RecursionError as error:
        raise ValueError("the header is nested too deep") from error
    _require_tiles(entries, len(view) - 8 - length)
    return 8 + length, entries


def _describe(name: Any, tensor: Any) -> tuple[str, str]:
    """Name the framework and the header's code of a tensor."""
    import numpy as np

    if isinstance(name, str) and name != _METADATA:
        if isinstance(tensor, np.ndarray) and not isinstance(tensor, np.ma.MaskedArray):
            code = _CODES.get(tensor.dtype.name)
            if code is not None:
                return "numpy", code
        if is_tensor(tensor):
            code = _CODES.get(str(tensor.dtype).removeprefix("torch."))
            if code is not None and str(tensor.layout) == "torch.strided" and tensor.device.type != "meta":
                return "torch", code
    what = type(tensor).__name__
    if hasattr(tensor, "dtype") and str(tensor.dtype) != what:  # a NumPy number is named as its dtype
        what = f"{tensor.dtype} {what}"
    raise UsageError(
        f"{name!r}: a checkpoint stores arrays and dense tensors of numbers or booleans under text names, not {what}",
        hint="convert it, or put it into metadata or files",
    )


def is_tensor(value: Any) -> bool:
    """Tell a torch tensor without importing torch.

    Args:
        value: Anything.

    Returns:
        Whether it is one; nothing can be while torch is not imported.
    """
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)


def _header(tensors: list[tuple[str, Any, str]], framework: str) -> bytes:
    entries: dict[str, Any] = {_METADATA: {"format": _FORMATS[framework]}}
    position = 0
    for name, tensor, code in tensors:
        shape = [int(length) for length in tensor.shape]
        end = position + math.prod(shape) * _BYTES[code]
        entries[name] = {"dtype": code, "shape": shape, "data_offsets": [position, end]}
        position = end
    try:
        text = json.dumps(entries, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError as error:
        raise UsageError(f"a tensor's name is no text that can be written: {error}", hint="rename it") from error
    text += b" " * (-(8 + len(text)) % _ALIGNMENT)
    if len(text) > _HEADER_BYTES:
        raise UsageError(
            f"names and shapes of {len(tensors)} tensors take {len(text)} bytes; a safetensors header has 100 MB",
            hint="join small arrays",
        )
    return struct.pack("<Q", len(text)) + text


def _as_array(tensor: Any, code: str) -> Any:
    """View a tensor as a numpy array of as many bytes."""
    import numpy as np

    if isinstance(tensor, np.ndarray):
        return np.asarray(tensor)
    import torch

    integers = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}
    # One at a time comes into the processor's memory; numpy knows no bfloat16, but bits are bits.
    here = tensor.detach().cpu().resolve_conj().resolve_neg()
    return here.view(integers[_BYTES[code]]).numpy()


def _pieces(array: Any) -> Iterator[bytes | memoryview]:
    import numpy as np

    if array.size == 0:
        return
    little = array.dtype.newbyteorder("<")
    if array.flags.c_contiguous and array.dtype == little:
        view = memoryview(array.reshape(-1).view(np.uint8))
        for start in range(0, len(view), _CHUNK_BYTES):
            yield view[start : start + _CHUNK_BYTES]
        return
    flags: Any = ["external_loop", "buffered"]
    length = _CHUNK_BYTES // array.itemsize
    parts: Any = np.nditer(array, flags=flags, order="C", op_dtypes=[little], casting="equiv", buffersize=length)
    for part in parts:
        yield part.tobytes()


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a name that stands twice: readers would differ in which one they take."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("the header has a name twice")
    return found


def _entry(name: str, described: Any) -> Entry:
    try:
        code, shape, offsets = described["dtype"], described["shape"], described["data_offsets"]
        numbers = [*shape, *offsets]
        begin, end = offsets
    except (TypeError, KeyError, ValueError) as error:
        raise ValueError(f"{name!r} lacks dtype, shape or data_offsets") from error
    if not isinstance(code, str) or code not in _BYTES:
        raise ValueError(f"{name!r} has the type {code!r}, which is not known here")
    if len(shape) > _DIMENSIONS or any(type(each) is not int or not 0 <= each < 1 << 63 for each in numbers):
        raise ValueError(f"{name!r} has the shape {shape!r} at {offsets!r}")
    # An empty tensor may claim huge lengths beside its zero; numpy multiplies them all the same.
    if math.prod(length or 1 for length in shape) * _BYTES[code] >= 1 << 63:
        raise ValueError(f"{name!r} has the shape {shape!r}, more than a machine can address")
    if math.prod(shape) * _BYTES[code] != end - begin:
        raise ValueError(f"{name!r} has {end - begin} bytes, which {code} of the shape {shape!r} does not")
    return Entry(code, tuple(shape), begin, end)


def _require_tiles(entries: Mapping[str, Entry], size: int) -> None:
    position = 0
    for name, entry in sorted(entries.items(), key=lambda item: (item[1].begin, item[1].end)):
        if entry.begin != position:
            raise ValueError(f"{name!r} begins at byte {entry.begin}, where {position} is next")
        position = entry.end
    if position != size:
        raise ValueError(f"the tensors end at byte {position}, the file has {size}")


_Maker = Callable[[memoryview, int, Entry], Any]


def _numpy_maker() -> _Maker:
    import numpy as np

    def make(view: memoryview, start: int, entry: Entry) -> Any:
        name = _NAMES[entry.code]
        if entry.code in ("BF16", "F8_E4M3", "F8_E5M2"):
            try:
                ml_dtypes = import_module("ml_dtypes")
            except ImportError as error:
                raise ConfigurationError(
                    f"numpy has no {name}, and ml_dtypes, which adds it, is not installed", hint="pip install ml_dtypes"
                ) from error
            dtype = np.dtype(getattr(ml_dtypes, name))
        else:
            dtype = np.dtype(name).newbyteorder("<")
        flat = np.frombuffer(view, np.uint8, entry.end - entry.begin, start + entry.begin)
        return flat.view(dtype).reshape(entry.shape)

    return make


def _torch_maker() -> _Maker:
    try:
        import torch
    except ImportError as error:
        raise ConfigurationError(
            "the tensors are torch's, and torch is not installed", hint="pip install 'groundwork[torch]'"
        ) from error

    def make(view: memoryview, start: int, entry: Entry) -> Any:
        dtype = getattr(torch, _NAMES[entry.code])
        if entry.begin == entry.end:
            return torch.empty(entry.shape, dtype=dtype)
        count = (entry.end - entry.begin) // _BYTES[entry.code]
        return torch.frombuffer(view, dtype=dtype, count=count, offset=start + entry.begin).reshape(entry.shape)

    return make
