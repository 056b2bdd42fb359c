"""A key for what a value holds.

Rule: equal content gives one key and different content another, in every process and on every day. The type counts: 1,
True, 1.0 and "1" are four values. Numbers go by their bits: -0.0 is not 0.0, and NaN is equal to itself. The order of a
dict or a set does not count. What has no content that can be read is refused, never guessed from ``repr`` or an
address. Cost: one pass of BLAKE2b, about 1 GB/s.
"""

import dataclasses
import datetime
import decimal
import enum
import fractions
import hashlib
import pathlib
import struct
import sys
import types
import uuid
from collections.abc import Callable, Iterable
from typing import Any

from groundwork.errors import UsageError

_BYTES = 20
_ROWS = 1 << 16
_Put = Callable[[Any], None]


def content_key(value: Any) -> bytes:
    """Digest what a value holds.

    Plain values, collections, dates, paths, enums, dataclasses, pydantic models, numpy arrays, polars tables, torch
    tensors, and classes and functions of a module by their name. Another class says what counts by a method
    ``__content_key__()`` that returns any of these.

    Args:
        value: The value.

    Returns:
        20 bytes.

    Raises:
        UsageError: Its content cannot be read.
    """
    digest = hashlib.blake2b(digest_size=_BYTES)
    try:
        _add(digest.update, value)
    except RecursionError as error:
        raise UsageError(
            f"a {type(value).__name__} that is nested too deep, or holds itself, has no content key",
            hint="pass what it is made of",
        ) from error
    return digest.digest()


def _add(put: _Put, value: Any) -> None:
    kind = type(value)
    plain = _PLAIN.get(kind)
    if plain is not None:
        _tagged(put, kind.__name__, plain(value))
    elif kind in _NESTED:
        _NESTED[kind](put, kind.__name__, value)
    elif (own := getattr(kind, "__content_key__", None)) is not None:
        put(b"own:")
        _tagged(put, "class", _path(kind))
        _add(put, own(value))
    else:
        _other(put, kind, value)


def _tagged(put: _Put, tag: str, data: bytes) -> None:
    # Lengths before contents, so that no two values run together into the same bytes.
    put(f"{tag}:{len(data)};".encode())
    put(data)


def _items(put: _Put, tag: str, value: Any) -> None:
    put(f"{tag}:{len(value)};".encode())
    for each in value:
        _add(put, each)


def _unordered(put: _Put, tag: str, value: Iterable[Any]) -> None:
    _tagged(put, tag, b"".join(sorted(content_key(each) for each in value)))


def _mapping(put: _Put, tag: str, value: Any) -> None:
    _unordered(put, tag, value.items())


def _other(put: _Put, kind: type, value: Any) -> None:
    if isinstance(value, enum.Enum):
        _tagged(put, "enum", _path(kind))
        _add(put, value.value)
    elif dataclasses.is_dataclass(kind):
        _fields(put, kind, {each.name: getattr(value, each.name) for each in dataclasses.fields(kind)})
    elif isinstance(value, pathlib.PurePath):
        _tagged(put, "path", str(value).encode("utf-8", "surrogatepass"))
    elif isinstance(value, type | types.FunctionType | types.BuiltinFunctionType):
        _named(put, value)
    elif _foreign(put, kind, value):
        return
    elif not getattr(value, "__dict__", None) and (base := _base(kind)) is not None:
        # A subclass without attributes of its own, as a NamedTuple: its class counts beside what it holds.
        _tagged(put, "class", _path(kind))
        _PLAIN_OR_NESTED[base](put, base.__name__, value)
    else:
        raise _refused(kind)


def _fields(put: _Put, kind: type, fields: dict[str, Any]) -> None:
    _tagged(put, "class", _path(kind))
    _mapping(put, "fields", fields)


def _named(put: _Put, value: Any) -> None:
    found: Any = sys.modules.get(value.__module__ or "")
    for part in value.__qualname__.split("."):
        found = getattr(found, part, None)
    if found is not value and getattr(found, "__wrapped__", None) is not value:
        raise UsageError(
            f"{value.__qualname__} cannot be found in its module by that name, so it has no content key",
            hint="define it at the top of a module; a lambda or an inner function may close over anything",
        )
    _tagged(put, "named", _path(value))


def _foreign(put: _Put, kind: type, value: Any) -> bool:
    """Take values of libraries, none of which is imported for it: where it is not, no value is of it."""
    numpy, polars = sys.modules.get("numpy"), sys.modules.get("polars")
    torch, pydantic = sys.modules.get("torch"), sys.modules.get("pydantic")
    if numpy is not None and isinstance(value, numpy.ndarray | numpy.generic | numpy.dtype):
        _numpy(put, kind, value)
    elif polars is not None and isinstance(value, polars.DataFrame | polars.Series):
        _polars(put, value)
    elif polars is not None and isinstance(value, polars.DataType | polars.Schema):
        _tagged(put, "polars", repr(value).encode())
    elif torch is not None and isinstance(value, torch.Tensor):
        tensor = value.detach().cpu().contiguous()
        _tagged(put, "tensor", f"{tensor.dtype} {tuple(tensor.shape)} {value.requires_grad}".encode())
        _tagged(put, "bytes", tensor.reshape(-1).view(torch.uint8).numpy().tobytes())
    elif pydantic is not None and isinstance(value, pydantic.BaseModel):
        _fields(put, kind, {**value.__dict__, **(value.__pydantic_extra__ or {})})
    else:
        return False
    return True


def _numpy(put: _Put, kind: type, value: Any) -> None:
    import numpy as np

    if isinstance(value, np.dtype):
        _tagged(put, "dtype", repr(value).encode())
        return
    if isinstance(value, np.ma.MaskedArray):
        _add(put, ("masked", np.asarray(value.mask), value.filled()))
        return
    _tagged(put, kind.__name__, f"{value.dtype.descr if value.dtype.names else value.dtype.str} {value.shape}".encode())
    if value.dtype.hasobject:
        if value.dtype.names:
            raise _refused(kind, "structured with objects")
        for each in np.asarray(value).ravel():
            _add(put, each)
    elif value.dtype.names:
        # Field by field, for the bytes between them are anything.
        for name in value.dtype.names:
            _numpy(put, np.ndarray, np.asarray(value[name]))
    else:
        whole = np.ascontiguousarray(value)
        put(whole.reshape(-1).view(np.uint8) if whole.nbytes else b"")


def _polars(put: _Put, value: Any) -> None:
    import polars as pl

    columns = [value] if isinstance(value, pl.Series) else value.get_columns()
    _tagged(put, type(value).__name__, f"{value.shape}".encode())
    for column in columns:
        _tagged(put, "column", column.name.encode("utf-8", "surrogatepass"))
        _tagged(put, "dtype", repr(column.dtype).encode())
        for start in range(0, column.len(), _ROWS):
            _rows(put, column.slice(start, _ROWS))


def _rows(put: _Put, rows: Any) -> None:
    import numpy as np
    import polars as pl

    if rows.dtype == pl.Boolean or rows.dtype.is_float() or rows.dtype.is_integer() or rows.dtype.is_temporal():
        missing = rows.is_null()
        physical = rows.to_physical()
        if physical.dtype in (pl.Int128, pl.Float16) or str(physical.dtype) == "UInt128":
            _add(put, rows.to_list())
            return
        _tagged(put, "missing", np.packbits(missing.to_numpy()).tobytes())
        _tagged(put, "rows", physical.drop_nulls().to_numpy().tobytes())
    else:
        _add(put, rows.to_list())


def _base(kind: type) -> type | None:
    return next((each for each in kind.__mro__ if each in _PLAIN_OR_NESTED), None)


def _refused(kind: type, why: str = "") -> UsageError:
    hints = {
        "LazyFrame": "collect() it",
        "Generator": "pass the seed",
        "RandomState": "pass the seed",
        "generator": "pass a list of its items",
    }
    return UsageError(
        f"a {kind.__module__}.{kind.__qualname__}{f', {why},' if why else ''} has no content key",
        hint=hints.get(kind.__name__, "pass what it is made of, or give its class a method __content_key__()"),
    )


def _path(named: Any) -> bytes:
    return f"{named.__module__}.{named.__qualname__}".encode()


def _text(value: str) -> bytes:
    return str.encode(value, "utf-8", "surrogatepass")


def _iso(value: Any) -> bytes:
    zone = getattr(value, "tzinfo", None)
    return f"{value.isoformat()} {getattr(value, 'fold', '')} {zone if zone is not None else ''}".encode()


_PLAIN: dict[type, Callable[[Any], bytes]] = {
    type(None): lambda _: b"",
    type(...): lambda _: b"",
    bool: lambda value: b"1" if value else b"0",
    int: lambda value: hex(value).encode(),
    float: lambda value: struct.pack("<d", value),
    complex: lambda value: struct.pack("<dd", value.real, value.imag),
    str: _text,
    bytes: lambda value: value,
    bytearray: bytes,
    datetime.date: _iso,
    datetime.datetime: _iso,
    datetime.time: _iso,
    datetime.timedelta: lambda value: f"{value.days} {value.seconds} {value.microseconds}".encode(),
    decimal.Decimal: lambda value: repr(value.as_tuple()).encode(),
    fractions.Fraction: lambda value: str(value).encode(),
    uuid.UUID: lambda value: value.bytes,
    range: lambda value: repr(value).encode(),
}
_NESTED: dict[type, Callable[[_Put, str, Any], None]] = {
    list: _items,
    tuple: _items,
    dict: _mapping,
    set: _unordered,
    frozenset: _unordered,
    slice: lambda put, tag, value: _items(put, tag, (value.start, value.stop, value.step)),
}


def _plainly(encode: Callable[[Any], bytes]) -> Callable[[_Put, str, Any], None]:
    return lambda put, tag, value: _tagged(put, tag, encode(value))


_PLAIN_OR_NESTED = {**{kind: _plainly(encode) for kind, encode in _PLAIN.items()}, **_NESTED}
