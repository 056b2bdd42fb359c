"""NPY, NPZ and safetensors: arrays without pickle.

Rule: the header of an array is believed only as far as there are bytes behind it, and no object is ever unpickled; the
names in an archive may not lead out of a folder. Cost: the bytes once, straight into the array.
"""

import ast
import io
import math
import re
import struct
import zipfile
from collections.abc import Mapping
from typing import IO, TYPE_CHECKING, Any

from groundwork.errors import UsageError
from groundwork.storage._bounds import too_large, usual_bound

if TYPE_CHECKING:
    import numpy.typing as npt

_MAGIC = b"\x93NUMPY"
_LONGEST_HEADER = 1 << 20
_LONGEST_NAME = 1 << 15
_READ = 1 << 20
_WRITE = 1 << 22


def read_npy(file: IO[bytes]) -> "npt.NDArray[Any]":
    """Decode one array; nothing is ever unpickled."""
    return _read_array(file, _size(file))


def write_npy(file: IO[bytes], value: Any) -> None:
    """Encode one array."""
    _write_array(file, _array(value))


def read_npz(file: IO[bytes], *, max_bytes: int | None = None) -> "dict[str, npt.NDArray[Any]]":
    """Decode arrays by name; nothing is ever unpickled. ``max_bytes`` bounds what all of them unpack to."""
    if file.read(len(_MAGIC)) == _MAGIC:
        raise ValueError("this is a single array, not an archive of arrays")
    arrays: dict[str, npt.NDArray[Any]] = {}
    with zipfile.ZipFile(file) as archive:
        members = archive.infolist()
        bound = max_bytes or usual_bound(_size(file))
        if sum(member.file_size for member in members) > bound:
            raise too_large(file.name, "its arrays unpack", bound)
        for member in members:
            name = member.filename.removesuffix(".npy")
            if name == member.filename or name in arrays or not _names_member(name):
                raise ValueError(
                    f"the member {member.filename!r} is no array, is there twice, or leads out of a folder"
                )
            with archive.open(member) as inner:
                arrays[name] = _read_array(inner, member.file_size)
    return arrays


def write_npz(file: IO[bytes], value: Any) -> None:
    """Encode a mapping of names to arrays; not compressed, as ``numpy.savez``."""
    arrays = _arrays(value)
    with zipfile.ZipFile(file, "w") as archive:
        for name, array in arrays.items():
            if not _names_member(name):
                raise UsageError(f"{name!r} cannot name an array in an archive", hint="use a plain name such as 'w/0'")
            # A ZipInfo of our own has no time in it, so that the same arrays give the same bytes.
            with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as inner:
                _write_array(inner, array)


def read_safetensors(file: IO[bytes]) -> "dict[str, npt.NDArray[Any]]":
    """Decode arrays by name; they share one buffer."""
    import numpy as np

    from groundwork.storage._tensors import unpack

    data = np.empty(_size(file), np.uint8)
    file.readinto(data.data)  # type: ignore[attr-defined]
    return unpack(data.data)


def write_safetensors(file: IO[bytes], value: Any) -> None:
    """Encode a mapping of names to arrays of numbers."""
    from groundwork.storage._payload import write_tensors

    write_tensors(file, _arrays(value))


def _size(file: IO[bytes]) -> int:
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    return size


def _write_array(file: IO[bytes], array: "npt.NDArray[Any]") -> None:
    import numpy as np

    layout = np.lib.format
    if array.dtype.names or not (array.flags.c_contiguous or array.flags.f_contiguous) or not array.nbytes:
        layout.write_array(file, array, allow_pickle=False)
        return
    # numpy copies what it writes to anything but its own file; the memory as it lies needs no copy.
    layout.write_array_header_1_0(file, layout.header_data_from_array_1_0(array))
    view = memoryview(array.reshape(-1, order="A").view(np.uint8).data)
    for start in range(0, len(view), _WRITE):
        file.write(view[start : start + _WRITE])


def _read_array(file: IO[bytes], size: int) -> "npt.NDArray[Any]":
    """Read one array, and nothing else, out of ``size`` bytes.

    Shapes are checked before memory is asked for; numpy asks first, and a header of 80 bytes can name exabytes.
    """
    import numpy as np

    described, used = _read_header(file)
    dtype = np.lib.format.descr_to_dtype(described["descr"])
    if dtype.hasobject:
        raise ValueError("it holds Python objects, which would need allow_pickle; they are never unpickled")
    shape = described["shape"]
    if not isinstance(shape, tuple) or not all(type(each) is int and each >= 0 for each in shape):
        raise ValueError(f"its header names the shape {shape!r}")
    wanted, there = math.prod(shape) * dtype.itemsize, size - used
    if wanted != there:
        raise ValueError(f"its header names {shape} of {dtype}, {wanted:,} bytes; the file has {there:,}")
    data = np.empty(wanted, np.uint8)
    view, filled = memoryview(data.data), 0
    while got := _read_into(file, view[filled : filled + _READ]):
        filled += got
    if filled != wanted or file.read(1):  # the read beyond the end lets zipfile compare the checksum
        raise ValueError(f"it ends after {filled:,} of {wanted:,} bytes")
    array: npt.NDArray[Any] = np.ndarray(shape, dtype, buffer=data, order="F" if described["fortran_order"] else "C")
    return array


def _read_into(file: IO[bytes], view: memoryview) -> int:
    return int(file.readinto(view)) if len(view) else 0  # type: ignore[attr-defined]


def _read_header(file: IO[bytes]) -> tuple[dict[str, Any], int]:
    start = file.read(8)
    if start[:6] != _MAGIC or start[6:] not in (b"\x01\x00", b"\x02\x00", b"\x03\x00"):
        raise ValueError("it does not begin as an NPY file of version 1, 2 or 3")
    width = "<H" if start[6] == 1 else "<I"
    (length,) = struct.unpack(width, file.read(struct.calcsize(width)))
    if length > _LONGEST_HEADER:
        raise ValueError(f"its header claims {length:,} bytes")
    try:
        header = ast.literal_eval(file.read(length).decode("utf-8" if start[6] == 3 else "latin-1").strip())
    except (SyntaxError, MemoryError, RecursionError) as error:  # it runs nothing, but a hostile text exhausts it
        raise ValueError("its header cannot be parsed") from error
    if not isinstance(header, dict) or header.keys() != {"descr", "fortran_order", "shape"}:
        raise ValueError("its header does not describe an array")
    return header, len(start) + struct.calcsize(width) + length


def _names_member(name: str) -> bool:
    # Judged alike on every system: an archive that is safe here must not surprise on Windows.
    odd = re.search("[\\\\\0\ud800-\udfff]", name) or re.match("/|[A-Za-z]:", name) or ".." in name.split("/")
    return not odd and 0 < len(name) < _LONGEST_NAME


def _array(value: Any) -> "npt.NDArray[Any]":
    import numpy as np

    if isinstance(value, np.ma.MaskedArray):
        raise UsageError("a masked array would lose its mask", hint="store .data and .mask as two arrays")
    try:
        array: npt.NDArray[Any] = np.asarray(value)
    except ValueError as error:
        raise UsageError(f"this is no array: {error}", hint="give rows of one length") from error
    if array.dtype.hasobject:
        raise UsageError("an array of Python objects cannot be stored without pickle", hint="give it a plain dtype")
    return array


def _arrays(value: Any) -> "dict[str, npt.NDArray[Any]]":
    if not isinstance(value, Mapping):
        raise UsageError(f"give a mapping of names to arrays, not {type(value).__name__}", hint="{'name': array}")
    odd = next((name for name in value if not isinstance(name, str)), None)
    if odd is not None:
        raise UsageError(f"arrays have text names, not {odd!r}", hint=f"write {str(odd)!r}")
    return {name: _array(array) for name, array in value.items()}
