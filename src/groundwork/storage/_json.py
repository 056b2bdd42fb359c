"""JSON text, strict and quick.

Rule: what is written and read, and what is refused, is what the standard library's ``json`` writes, reads and refuses
(NaN is refused, text stays text), but a key that is no text is refused too, for two could become one; msgspec does the
work where its bytes are proved to be the same. A byte order mark is skipped. Cost: a write is decoded again and
compared, which takes less than half of what ``json`` takes; damage costs a second, slow pass.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from groundwork.errors import InvalidDataError

BOM = b"\xef\xbb\xbf"

_DIGITS = bytes.maketrans(b"123456789", b"000000000")


def decoded(data: bytes) -> Any:
    """Decode JSON text in UTF-8.

    Args:
        data: The text.

    Returns:
        The value.

    Raises:
        ValueError: It is no JSON, or no UTF-8; a ``json.JSONDecodeError`` says where.
        RecursionError: It is nested too deep.
    """
    import msgspec

    data = data.removeprefix(BOM)
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return json.loads(data.decode("utf-8"))


def decoded_lines(data: bytes, source: str) -> list[Any]:
    """Decode one JSON value a line; empty lines are skipped.

    Args:
        data: The lines.
        source: The file's name, for the message.

    Returns:
        The values.

    Raises:
        InvalidDataError: The last line is cut off in the middle.
        json.JSONDecodeError: Another line is no JSON; it says which.
        RecursionError: A line is nested too deep.
    """
    import msgspec

    decode = msgspec.json.Decoder().decode
    data = data.removeprefix(BOM)
    try:
        return [decode(line) for line in data.split(b"\n") if line.strip()]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return list(_slowly_decoded(data, source))


def encoded(value: Any, *, indent: int | None) -> bytes:
    """Encode a value; no line end follows.

    Args:
        value: Plain values.
        indent: Spaces for each level; None for a single line.

    Returns:
        The text.

    Raises:
        TypeError: A value has no JSON, or a key is no text.
        ValueError: A number is NaN or infinite, a value contains itself, or half of a surrogate pair is no UTF-8.
        RecursionError: It is nested too deep.
    """
    import msgspec

    if indent is not None and (not isinstance(indent, int) or indent < 1):
        return _careful(value, indent=indent)

    data = _proved(value, lambda: msgspec.json.encode(value), msgspec.json.decode)
    if data is None:
        data = _careful(value)
    return msgspec.json.format(data, indent=indent or 0)


def compact(value: Any, *, nan: bool = False) -> bytes:
    """Encode a value on one line without spaces; no line end follows.

    Args:
        value: Plain values.
        nan: Whether NaN and infinities may be in it; strict readers refuse such text.

    Returns:
        The text.

    Raises:
        TypeError: See ``encoded``.
        ValueError: See ``encoded``.
        RecursionError: See ``encoded``.
    """
    import msgspec

    data = _proved(value, lambda: msgspec.json.encode(value), msgspec.json.decode)
    return _careful(value, separators=(",", ":"), allow_nan=nan) if data is None else data


def encoded_lines(values: Sequence[Any]) -> bytes:
    """Encode one value a line.

    Args:
        values: The values.

    Returns:
        The lines, each with its end.

    Raises:
        TypeError: See ``encoded``.
        ValueError: See ``encoded``.
        RecursionError: See ``encoded``.
    """
    import msgspec

    encode, spaced = msgspec.json.Encoder().encode, msgspec.json.format
    data = _proved(
        values,
        lambda: b"".join([spaced(encode(value), indent=0) + b"\n" for value in values]),
        msgspec.json.Decoder().decode_lines,
    )
    if data is None:
        data = b"".join([_careful(value) + b"\n" for value in values])
    return data


def advice(error: Exception) -> str:
    """Say what to do about a value that cannot be written.

    Args:
        error: As the encoder raised it.

    Returns:
        The hint.
    """
    words = str(error)
    if "Out of range float" in words:
        return "JSON has no NaN and no infinity; write None"
    if words.startswith(("the key", "keys must be")):
        return "make every key text: {str(key): value}"
    if "Path is not" in words:
        return "write a path as text: str(path); Path(text) makes it one again"
    return "use plain values: .item() of a numpy number, .tolist() of an array, str() of a time"


def torn_line(source: str, line: int) -> InvalidDataError:
    """Make the error of a last line that has no end and is no JSON.

    Args:
        source: The file's name.
        line: The line's number.

    Returns:
        The error, to be raised.
    """
    return InvalidDataError(
        f"{source}: line {line:,}, the last, is cut off in the middle: it has no end and is no JSON",
        hint="a writer was killed there; the next append() to the file removes it (unpack a compressed one first)",
        context={"file": source, "line": line, "torn": True},
    )


def _careful(value: Any, *, allow_nan: bool = False, **options: Any) -> bytes:
    text = json.dumps(value, ensure_ascii=False, allow_nan=allow_nan, **options)
    # Only now is it sure that nothing contains itself.
    inside = [value]
    while inside:
        each = inside.pop()
        if isinstance(each, dict):
            wrong = next((key for key in each if not isinstance(key, str)), None)
            if wrong is not None or None in each:
                raise TypeError(f"the key {wrong!r} is {type(wrong).__name__}, not text")
            inside += each.values()
        elif isinstance(each, (list, tuple)):
            inside += each
    return text.encode()


def _proved(value: Any, encode: Callable[[], bytes], decode: Callable[[bytes], Any]) -> bytes | None:
    """Return msgspec's bytes if they are json's, else None.

    What msgspec takes and json does not (NaN as null, times, sets, bytes) comes back as something else.
    """
    try:
        data = encode()
        # Python spells numbers below 0.0001 and with an exponent in another way.
        if b"0.0000" in data or b"0e" in data.translate(_DIGITS) or decode(data) != value:
            return None
    except Exception:  # noqa: BLE001 - json says what is wrong, and takes what msgspec does not
        return None
    return data


def _slowly_decoded(data: bytes, source: str) -> Iterator[Any]:
    lines = data.split(b"\n")
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            yield json.loads(line.decode("utf-8"))
        except ValueError as error:
            if number == len(lines):
                raise torn_line(source, number) from error
            before = "\n" * (number - 1)  # so that the error counts the lines of the file
            if isinstance(error, json.JSONDecodeError):
                raise json.JSONDecodeError(error.msg, before + error.doc, len(before) + error.pos) from error
            raise json.JSONDecodeError(str(error), before, len(before)) from error
