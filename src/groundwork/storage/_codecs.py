"""The text formats that groundwork knows from the start: JSON, JSON lines, TOML, YAML.

Rule: a decoder takes an open binary file and returns the value, an encoder writes it so that the same value gives the
same bytes; neither knows of names, compression or durability. What could not be read back is refused when written.
"""

import tomllib
from collections.abc import Callable, Iterable
from functools import partial
from itertools import islice
from typing import IO, Any

from groundwork.errors import UsageError
from groundwork.storage._json import advice, decoded, decoded_lines, encoded, encoded_lines

_LINES = 1000


def read_json(file: IO[bytes]) -> Any:
    """Decode JSON text in UTF-8."""
    return decoded(file.read())


def write_json(file: IO[bytes], value: Any, *, indent: int | None = 2) -> None:
    """Encode as JSON; NaN and infinity are refused, for JSON has none."""
    file.write(_encoded("JSON", lambda: encoded(value, indent=indent)) + b"\n")


def read_jsonl(file: IO[bytes]) -> list[Any]:
    """Decode one JSON value a line; empty lines are skipped."""
    return decoded_lines(file.read(), str(file.name))


def write_jsonl(file: IO[bytes], values: Iterable[Any]) -> None:
    """Encode one JSON value a line."""
    rows = iter(values)
    while some := list(islice(rows, _LINES)):
        file.write(_encoded("JSON", partial(encoded_lines, some)))


def read_toml(file: IO[bytes]) -> dict[str, Any]:
    """Decode TOML."""
    return tomllib.load(file)


def write_toml(file: IO[bytes], value: Any) -> None:
    """Encode a dict as TOML, keys in their order; TOML has no null."""
    import tomli_w

    if not isinstance(value, dict):
        raise UsageError(f"TOML holds a dict of named values, not {type(value).__name__}", hint="{'name': value}")
    hint = "TOML has no null: leave the key out; use plain values and text as keys"
    file.write(_encoded("TOML", lambda: tomli_w.dumps(value).encode(), lambda _: hint))


def read_yaml(file: IO[bytes]) -> Any:
    """Decode YAML 1.2: ``no`` is text, ``1e-4`` a number."""
    from groundwork.storage._yaml import load_yaml

    return load_yaml(file.read().decode("utf-8"), source=str(file.name))


def write_yaml(file: IO[bytes], value: Any) -> None:
    """Encode plain values as YAML, keys in their order."""
    from groundwork.storage._yaml_dump import dump_yaml

    file.write(dump_yaml(value).encode())


def _encoded(what: str, encode: Callable[[], bytes], hint: Callable[[Exception], str] = advice) -> bytes:
    try:
        return encode()
    except UnicodeEncodeError as error:
        reason = f"{error.object[error.start]!r} is half of a surrogate pair, which no UTF-8 can hold"
        raise _unfit(what, reason, "replace it in the text") from error
    except RecursionError as error:
        raise _unfit(what, "it contains itself, or is nested too deep", "use plain values, less deep") from error
    except (TypeError, ValueError) as error:
        raise _unfit(what, str(error), hint(error)) from error


def _unfit(what: str, reason: str, hint: str) -> UsageError:
    return UsageError(f"the value cannot be written as {what}: {reason}", hint=hint)
