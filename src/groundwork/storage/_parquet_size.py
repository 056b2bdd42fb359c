"""How much a Parquet file unpacks to, known before anything is unpacked.

Rule: what counts is what a reader would set aside memory for, and that is said in the header of each page (its
unpacked size and its number of values); the totals in the footer are not believed. Cost: the footer and the page
headers, parsed in Python; no data is read.
"""

import struct
from collections.abc import Iterator
from typing import IO, Any

from groundwork.storage._bounds import too_large

_MAGIC = b"PAR1"
_FIRST_READ = 1 << 12
_LONGEST_HEADER = 1 << 26
_DEEPEST = 32
# Bytes that one value takes in a polars column, by Parquet's number of its type; text is a view of 16 beside its bytes.
_WIDTHS = {0: 1, 1: 4, 2: 8, 3: 8, 4: 4, 5: 8, 6: 16, 7: 16}

Struct = dict[int, Any]


def check_unpacked_size(file: IO[bytes], max_bytes: int) -> None:
    """Refuse a file that unpacks to too much.

    Args:
        file: The Parquet file, open and seekable.
        max_bytes: How much is allowed.

    Raises:
        InvalidDataError: It is more.
        ValueError: The file is not Parquet, or damaged.
    """
    total = 0
    try:
        for size in _page_sizes(file):
            total += size
            if total > max_bytes:
                raise too_large(file.name, "its pages unpack", max_bytes)
    except (IndexError, KeyError, TypeError, AttributeError, struct.error) as error:
        raise ValueError("its footer or a page header is damaged") from error


def _page_sizes(file: IO[bytes]) -> Iterator[int]:
    end = file.seek(0, 2)
    file.seek(max(end - 8, 0))
    length, magic = struct.unpack("<I4s", file.read(8))
    if magic != _MAGIC or length + 12 > end:
        raise ValueError("it does not end as a Parquet file")
    file.seek(end - 8 - length)
    footer, _ = _read_struct(file.read(length), 0, 0)
    for group in footer.get(4, []):
        for chunk in group[1]:
            column = chunk[3]
            yield _column_floor(column, group[3])
            start = min(column[9], column.get(11, column[9]))
            yield from _chunk_sizes(file, start, start + column[7], end, _WIDTHS[column[1]])


def _column_floor(column: Struct, rows: int) -> int:
    # Rows that no page holds still take memory in a reader that believes the footer.
    return 0 if rows <= column[5] else (rows - column[5]) * _WIDTHS[column[1]]


def _chunk_sizes(file: IO[bytes], at: int, stop: int, end: int, width: int) -> Iterator[int]:
    if not 0 <= at <= stop <= end:
        raise ValueError("its footer names pages that lie outside of the file")
    while at < stop:
        header, length = _page_header(file, at, stop)
        values = next((header[field][1] for field in (5, 7, 8) if field in header), 0)
        if header[2] < 0 or header[3] < 0 or values < 0:
            raise ValueError("a page header names a negative size")
        yield max(header[2], values * width)
        at += length + header[3]


def _page_header(file: IO[bytes], at: int, stop: int) -> tuple[Struct, int]:
    read = _FIRST_READ
    while True:
        file.seek(at)
        try:
            return _read_struct(file.read(min(read, stop - at)), 0, 0)
        except IndexError:
            if read >= min(stop - at, _LONGEST_HEADER):
                raise
            read *= 16


def _read_struct(data: bytes, at: int, depth: int) -> tuple[Struct, int]:
    """Read a struct of Thrift's compact protocol: fields by number, and where it ends."""
    if depth > _DEEPEST:
        raise ValueError("its header is nested too deep")
    fields: Struct = {}
    number = 0
    while True:
        head = data[at]
        at += 1
        if head == 0:
            return fields, at
        if head >> 4:
            number += head >> 4
        else:
            number, at = _zigzag(data, at)
        fields[number], at = _read_value(data, at, head & 15, depth)


def _read_value(data: bytes, at: int, kind: int, depth: int) -> tuple[Any, int]:
    if kind in (1, 2):
        return kind == 1, at
    if kind == 3:
        return data[at], at + 1
    if kind in (4, 5, 6):
        return _zigzag(data, at)
    if kind == 7:
        return struct.unpack_from("<d", data, at)[0], at + 8
    if kind == 8:
        length, at = _varint(data, at)
        if at + length > len(data):
            raise IndexError(at + length)
        return data[at : at + length], at + length
    if kind in (9, 10):
        return _read_list(data, at, depth)
    if kind == 12:
        return _read_struct(data, at, depth + 1)
    raise ValueError(f"its header holds a value of unknown kind {kind}")


def _read_list(data: bytes, at: int, depth: int) -> tuple[list[Any], int]:
    head = data[at]
    at += 1
    count, kind = head >> 4, head & 15
    if count == 15:
        count, at = _varint(data, at)
    items = []
    for _ in range(count):
        # In a list a boolean is a byte of its own; in a struct it hides in the field's kind.
        item, at = (data[at] == 1, at + 1) if kind in (1, 2) else _read_value(data, at, kind, depth)
        items.append(item)
    return items, at


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7
        if shift > 63:
            raise ValueError("its header holds a number that does not end")


def _zigzag(data: bytes, at: int) -> tuple[int, int]:
    value, at = _varint(data, at)
    return (value >> 1) ^ -(value & 1), at
