"""Results as files, and back the same.

Rule: the type decides the format, and what would come back as anything else is refused; nothing is pickled. Plain
values are JSON; arrays NPY; arrays by name safetensors; tables Parquet; estimators and tensors a checkpoint.
"""

import math
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from groundwork.errors import UsageError
from groundwork.storage import CheckpointStore, read, sha256, write

_ATOMS = (type(None), bool, int, str)


def save_value(value: Any, folder: Path, stem: str) -> dict[str, Any]:
    """Write a result.

    Args:
        value: The result.
        folder: Where.
        stem: The file's name without its suffix.

    Returns:
        What ``load_value`` needs to know, ready for JSON.

    Raises:
        UsageError: There is no file format from which it would come back the same.
        StorageError: The system refused.
    """
    form, suffix, plain, more = _formed(value)
    path = folder / f"{stem}{suffix}"
    if form == "checkpoint":
        CheckpointStore(path).save(plain, step=0)
        size = sum(each.stat().st_size for each in path.rglob("*") if each.is_file())
        return {"form": form, "file": path.name, "bytes": size, **more}
    write(path, plain, durable=False)
    return {"form": form, "file": path.name, "bytes": path.stat().st_size, "sha256": sha256(path), **more}


def load_value(record: Mapping[str, Any], folder: Path) -> Any:
    """Read a result.

    Args:
        record: What ``save_value`` returned.
        folder: Where it lies.

    Raises:
        ValueError: The file is not the one that was written.
        MLException: It is missing, damaged or cannot be read.
    """
    form, path = record["form"], folder / Path(record["file"]).name
    if form == "checkpoint":
        model = CheckpointStore(path).load(0).model
        return {name: model[name] for name in record["names"]} if "names" in record else model
    if sha256(path) != record["sha256"]:
        raise ValueError(f"{path.name} has another sha256 than when it was written")
    value = read(path)
    match form:
        case "scalar":
            return value[()]
        case "bytes":
            return value.tobytes()
        case "series":
            return value.to_series()
        case "arrays":
            return {name: value[name] for name in record["names"]}
        case _:
            return value


def remove_value(folder: Path, stem: str) -> None:
    """Remove the files of a result; nothing happens where there are none.

    Args:
        folder: Where.
        stem: As in ``save_value``.
    """
    for path in folder.glob(f"{stem}.*"):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        elif path.suffix != ".lock":
            path.unlink(missing_ok=True)


def _formed(value: Any) -> tuple[str, str, Any, dict[str, Any]]:
    import numpy as np
    import polars as pl

    kind = type(value)
    if _is_json(value):
        return "json", ".value.json", value, {}
    if kind is bytes:
        return "bytes", ".npy", np.frombuffer(value, np.uint8), {}
    if kind is np.ndarray and not value.dtype.hasobject:
        return "array", ".npy", value, {}
    if isinstance(value, np.generic) and not value.dtype.hasobject:
        return "scalar", ".npy", np.asarray(value), {}
    if kind is pl.DataFrame and not any(dtype == pl.Object for dtype in value.dtypes):
        return "frame", ".parquet", value, {}
    if kind is pl.Series and value.dtype != pl.Object:
        return "series", ".parquet", value.to_frame(), {}
    if kind is dict and value and all(type(name) is str for name in value):
        if all(type(each) is np.ndarray and each.dtype.kind in "biufc" for each in value.values()):
            return "arrays", ".safetensors", value, {"names": list(value)}
        if all(type(each).__module__.partition(".")[0] == "torch" for each in value.values()):
            return "checkpoint", ".checkpoint", value, {"names": list(value)}
    if hasattr(kind, "get_params") and hasattr(kind, "fit"):
        return "checkpoint", ".checkpoint", value, {}
    raise UsageError(
        f"a {kind.__module__}.{kind.__qualname__} has no file format from which it would come back the same",
        hint="return plain JSON values (no tuples, no NaN), arrays, polars tables, bytes or an estimator",
    )


def _is_json(value: Any) -> bool:
    kind = type(value)
    if kind is float:
        return math.isfinite(value)
    if kind is list:
        return all(map(_is_json, value))
    if kind is dict:
        return all(type(name) is str and _is_json(each) for name, each in value.items())
    return kind in _ATOMS
