"""The file formats that groundwork knows from the start.

Rule: a decoder takes an open binary file and returns the value, an encoder writes it so that the same value gives the
same bytes; neither knows of names, compression or durability. Libraries are imported when a format is first used.
"""

import json
import tomllib
from collections.abc import Iterable, Mapping
from typing import IO, Any

from groundwork.errors import UsageError


def read_json(file: IO[bytes]) -> Any:
    """Decode JSON text in UTF-8."""
    return json.loads(file.read().decode("utf-8"))


def write_json(file: IO[bytes], value: Any, *, indent: int | None = 2) -> None:
    """Encode as JSON; NaN and infinity are refused, for JSON has none."""
    file.write(_json(value, indent).encode() + b"\n")


def read_jsonl(file: IO[bytes]) -> list[Any]:
    """Decode one JSON value a line; empty lines are skipped."""
    text = file.read().decode("utf-8")
    values, start = [], 0
    for line in text.split("\n"):
        if line.strip():
            try:
                values.append(json.loads(line))
            except json.JSONDecodeError as error:
                raise json.JSONDecodeError(error.msg, text, start + error.pos) from error
        start += len(line) + 1
    return values


def write_jsonl(file: IO[bytes], values: Iterable[Any]) -> None:
    """Encode one JSON value a line."""
    for value in values:
        file.write(_json(value, None).encode() + b"\n")


def read_toml(file: IO[bytes]) -> dict[str, Any]:
    """Decode TOML."""
    return tomllib.load(file)


def read_yaml(file: IO[bytes]) -> Any:
    """Decode YAML 1.2: ``no`` is text, ``1e-4`` a number."""
    from groundwork.storage._yaml import load_yaml

    return load_yaml(file.read().decode("utf-8"), source=str(file.name))


def write_yaml(file: IO[bytes], value: Any) -> None:
    """Encode plain values as YAML, keys in their order."""
    from groundwork.storage._yaml_dump import dump_yaml

    file.write(dump_yaml(value).encode())


def read_csv(file: IO[bytes], **options: Any) -> Any:
    """Decode a table; ``options`` go to ``polars.read_csv``. Types are guessed from all rows unless given."""
    import polars as pl

    return pl.read_csv(file.read(), **{"infer_schema_length": None, **options})


def write_csv(file: IO[bytes], value: Any, **options: Any) -> None:
    """Encode a polars DataFrame; ``options`` go to its ``write_csv``."""
    _frame(value).write_csv(file, **options)


def read_parquet(file: IO[bytes], **options: Any) -> Any:
    """Decode a table; ``options`` go to ``polars.read_parquet``."""
    import polars as pl

    return pl.read_parquet(file.read(), **options)


def write_parquet(file: IO[bytes], value: Any, **options: Any) -> None:
    """Encode a polars DataFrame; ``options`` go to its ``write_parquet``."""
    _frame(value).write_parquet(file, **options)


def read_npy(file: IO[bytes]) -> Any:
    """Decode one array; nothing is ever unpickled."""
    import numpy as np

    return np.lib.format.read_array(file, allow_pickle=False)


def write_npy(file: IO[bytes], value: Any) -> None:
    """Encode one array."""
    import numpy as np

    np.lib.format.write_array(file, _array(value), allow_pickle=False)


def read_npz(file: IO[bytes]) -> dict[str, Any]:
    """Decode arrays by name; nothing is ever unpickled."""
    import numpy as np

    loaded = np.load(file, allow_pickle=False)
    if not isinstance(loaded, np.lib.npyio.NpzFile):
        raise ValueError("this is a single array, not an archive of arrays")
    with loaded:
        return {name: loaded[name] for name in loaded.files}


def write_npz(file: IO[bytes], value: Any) -> None:
    """Encode a mapping of names to arrays."""
    import numpy as np

    np.savez(file, **_arrays(value))


def read_safetensors(file: IO[bytes]) -> dict[str, Any]:
    """Decode arrays by name."""
    from safetensors.numpy import load

    return dict(load(file.read()))


def write_safetensors(file: IO[bytes], value: Any) -> None:
    """Encode a mapping of names to arrays of numbers."""
    from groundwork.storage._payload import write_tensors

    write_tensors(file, _arrays(value))


def _json(value: Any, indent: int | None) -> str:
    try:
        return json.dumps(value, indent=indent, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise _unfit("JSON", error) from error


def _unfit(what: str, error: Exception) -> UsageError:
    return UsageError(f"the value cannot be written as {what}: {error}", hint="use plain values; None for a NaN")


def _frame(value: Any) -> Any:
    import polars as pl

    if not isinstance(value, pl.DataFrame):
        raise UsageError(
            f"a table must be a polars DataFrame, not {type(value).__name__}", hint="polars.DataFrame(...)"
        )
    return value


def _array(value: Any) -> Any:
    import numpy as np

    array = np.asanyarray(value)
    if array.dtype.hasobject:
        raise UsageError("an array of Python objects cannot be stored without pickle", hint="give it a plain dtype")
    return array


def _arrays(value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise UsageError(f"give a mapping of names to arrays, not {type(value).__name__}", hint="{'name': array}")
    return {str(name): _array(array) for name, array in value.items()}
