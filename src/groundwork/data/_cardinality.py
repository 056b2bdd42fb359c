"""How many different values a column has, where there are too many to keep.

Rule: the same values give the same estimate in every process and on every machine, in whatever order they come.
HyperLogLog (Flajolet et al., 2007) with 16,384 registers: a standard error of 0.8 %; 16 KiB a column.
"""

import hashlib
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import polars as pl

from groundwork.data._mix import mix

_BITS = 14
_REGISTERS = 1 << _BITS
_AWAY = np.uint64(0x9E3779B97F4A7C15)  # from 0, which would stay 0


@dataclass
class Cardinality:
    """An estimate of the number of different values."""

    _registers: npt.NDArray[np.uint8] = field(default_factory=lambda: np.zeros(_REGISTERS, np.uint8))

    def add(self, values: pl.Series) -> None:
        """Take values, each at least once.

        Args:
            values: The values, none missing.
        """
        hashes = _hashes(values)
        places = (hashes >> np.uint64(64 - _BITS)).astype(np.int64)
        rest = hashes << np.uint64(_BITS) | np.uint64(1 << (_BITS - 1))
        # The place of the highest bit; a float keeps it whole in its exponent.
        ranks = (64 - np.floor(np.log2(rest.astype(np.float64)))).astype(np.uint8)
        np.maximum.at(self._registers, places, ranks)

    def estimate(self) -> int:
        """Give the number of different values so far.

        Returns:
            The estimate.
        """
        empty = int((self._registers == 0).sum())
        if empty:
            linear = _REGISTERS * np.log(_REGISTERS / empty)
            if linear <= 2.5 * _REGISTERS:
                return round(float(linear))
        correction = 0.7213 / (1 + 1.079 / _REGISTERS)
        return round(float(correction * _REGISTERS**2 / np.sum(np.exp2(-self._registers.astype(np.float64)))))


def _hashes(values: pl.Series) -> npt.NDArray[np.uint64]:
    physical = values.to_physical()
    if physical.dtype.is_float():
        # Both zeros are one value.
        bits = (physical.cast(pl.Float64).to_numpy() + 0.0).view(np.uint64)
        return mix(bits + _AWAY)
    if physical.dtype.is_integer() and physical.dtype not in (pl.UInt64, pl.Int128):
        return mix(physical.cast(pl.Int64).to_numpy().view(np.uint64) + _AWAY)
    texts = values.cast(pl.String).to_list()
    digests = (hashlib.blake2b(text.encode(), digest_size=8).digest() for text in texts)
    return np.frombuffer(b"".join(digests), np.dtype("<u8")).astype(np.uint64)
