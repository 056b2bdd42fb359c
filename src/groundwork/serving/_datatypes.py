"""The datatypes of the Open Inference Protocol, and what they are in numpy.

Rule: numbers are little-endian on the wire, whatever the machine.
"""

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np

DType: TypeAlias = "np.dtype[Any]"

DTYPES: Mapping[str, DType] = {
    "BOOL": np.dtype(np.bool_),
    **{f"UINT{bits}": np.dtype(f"<u{bits // 8}") for bits in (8, 16, 32, 64)},
    **{f"INT{bits}": np.dtype(f"<i{bits // 8}") for bits in (8, 16, 32, 64)},
    **{f"FP{bits}": np.dtype(f"<f{bits // 8}") for bits in (16, 32, 64)},
}
"""By name; BYTES, which is text or bytes of any length, has none."""

_NAMES = {dtype: name for name, dtype in DTYPES.items()}


def datatype_of(dtype: DType) -> str | None:
    """Return what the protocol calls a dtype; None where it has no name for it."""
    return _NAMES.get(dtype.newbyteorder("<"))
