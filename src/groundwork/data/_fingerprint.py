"""A digest of a table's content: equal for equal names, types and values, whatever lies behind them.

Rule: only values count, never the memory they lie in (chunks, spare bits behind a missing value), and nothing that
another version of polars might lay out otherwise. Cost: one pass at about a gigabyte a second; text somewhat slower.
"""

import hashlib

import numpy as np
import polars as pl

_ROWS = 1 << 16


def fingerprint(frame: pl.DataFrame) -> str:
    """Digest a table.

    Args:
        frame: The table.

    Returns:
        32 hexadecimal digits (BLAKE2b).
    """
    digest = hashlib.blake2b(digest_size=16)
    for name, dtype in frame.schema.items():
        digest.update(f"{len(name)}:{name}:{dtype}:{frame.height};".encode("utf-8", "surrogatepass"))
    for start in range(0, frame.height, _ROWS):
        for column in frame.slice(start, _ROWS).get_columns():
            _add(digest, column)
    return digest.hexdigest()


def _add(digest: hashlib.blake2b, values: pl.Series) -> None:
    if isinstance(values.dtype, pl.Array):
        values = values.arr.to_list()
    if isinstance(values.dtype, pl.Categorical | pl.Enum):
        values = values.cast(pl.String)
    if values.null_count():
        digest.update(np.packbits(values.is_null().to_numpy()).tobytes())
        values = values.drop_nulls()
    digest.update(len(values).to_bytes(8, "little"))
    if isinstance(values.dtype, pl.List):
        digest.update(_bytes(values.list.len()))
        _add(digest, values.explode(empty_as_null=False, keep_nulls=False))
    elif isinstance(values.dtype, pl.Struct):
        for field in values.struct.unnest().get_columns():
            _add(digest, field)
    elif values.dtype in (pl.String, pl.Binary):
        lengths = values.str.len_bytes() if values.dtype == pl.String else values.bin.size()
        digest.update(_bytes(lengths.cast(pl.UInt64)))
        digest.update(b"".join(values.cast(pl.Binary).to_list()))
    else:
        digest.update(_bytes(values.to_physical()))


def _bytes(values: pl.Series) -> bytes:
    if values.dtype == pl.Boolean:
        return np.packbits(values.to_numpy()).tobytes()
    if values.dtype.is_numeric() and values.dtype not in (pl.Int128,):
        return np.ascontiguousarray(values.to_numpy()).tobytes()
    return "\0".join(map(str, values.to_list())).encode()
