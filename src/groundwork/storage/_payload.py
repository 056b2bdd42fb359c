"""Models as bytes and back.

Rule: nothing is unpickled. Arrays go through safetensors, estimators through skops with an allowlist of types; bytes
are checked before they come here. Cost: the model is in memory twice while it is being saved.
"""

import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from groundwork.errors import UsageError, VersionSkew
from groundwork.storage._manifest import CheckpointInfo
from groundwork.storage._trust import require_trusted

_RECORDED = ("groundwork", "numpy", "safetensors", "scikit-learn", "scipy", "skops")


def encode_model(model: Any) -> tuple[str, bytes]:
    """Turn a model into bytes.

    Args:
        model: A scikit-learn estimator, or a mapping of names to numpy arrays.

    Returns:
        The format's name, and the bytes.

    Raises:
        UsageError: It is neither, or holds something that cannot be stored.
    """
    if isinstance(model, Mapping):
        return "safetensors", encode_arrays(model)
    if callable(getattr(model, "get_params", None)) and not isinstance(model, type):
        return "skops", _encode_estimator(model)
    raise UsageError(
        f"a checkpoint holds a scikit-learn estimator or a mapping of names to arrays, not {type(model).__name__}",
        hint="save the estimator inside it, and the rest as metadata or files",
    )


def decode_model(info: CheckpointInfo, data: bytes, *, trust: bool, allow_version_skew: bool) -> Any:
    """Turn verified bytes back into the model.

    Args:
        info: The checkpoint's manifest.
        data: The bytes of its model file, verified.
        trust: Load any type that skops can.
        allow_version_skew: Load an estimator of another scikit-learn minor version.

    Returns:
        The estimator or the dict of arrays.

    Raises:
        UnsafeCheckpoint: It holds types that are not trusted.
        VersionSkew: Another scikit-learn minor version saved it, or its format is not known here.
    """
    if info.format == "safetensors":
        from safetensors.numpy import load

        return load(data)
    if info.format != "skops":
        raise VersionSkew(
            f"{info.path}: the model's format {info.format!r} is not known here (known: safetensors, skops)",
            hint="load it with the groundwork that wrote it",
        )
    if not allow_version_skew:
        _require_same_minor(info)
    return _decode_estimator(info, data, trust=trust)


def library_versions() -> dict[str, str]:
    """Look up what a checkpoint records about its makers.

    Returns:
        Version by name, Python and those installed of the libraries that a model depends on.
    """
    found = {"python": platform.python_version()}
    for name in _RECORDED:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def encode_arrays(arrays: Mapping[Any, Any]) -> bytes:
    """Lay out arrays as safetensors.

    Args:
        arrays: numpy arrays of numbers or booleans under text names.

    Returns:
        The bytes, the same for the same arrays.

    Raises:
        UsageError: Something else is among them.
    """
    import numpy as np
    from safetensors.numpy import save

    plain: dict[str, Any] = {}
    for name, array in arrays.items():
        if not isinstance(name, str) or not isinstance(array, np.ndarray) or array.dtype.kind not in "biuf":
            what = f"{array.dtype} array" if isinstance(array, np.ndarray) else type(array).__name__
            raise UsageError(
                f"{name!r}: a checkpoint stores numpy arrays of numbers or booleans under text names, not {what}",
                hint="convert it, or put it into metadata or files",
            )
        native = array.astype(array.dtype.newbyteorder("="), copy=False)
        # safetensors stores the bytes as they lie; a transposed view must be laid out first.
        plain[name] = np.ascontiguousarray(native).reshape(array.shape)
    try:
        return save(plain)
    except Exception as error:  # its errors are of its own classes and builtins alike
        raise UsageError(f"safetensors cannot store these arrays: {error}", hint="use common number types") from error


def _encode_estimator(model: Any) -> bytes:
    import skops.io

    try:
        data: bytes = skops.io.dumps(model)
    except MemoryError:
        raise
    except Exception as error:  # skops raises whatever the state of a foreign object makes it raise
        raise UsageError(
            f"skops cannot store this {type(model).__name__}: {error}",
            hint="use estimators of scikit-learn, or save the model's arrays",
        ) from error
    return data


def _decode_estimator(info: CheckpointInfo, data: bytes, *, trust: bool) -> Any:
    import skops.io

    try:
        unknown = skops.io.get_untrusted_types(data=data)
    except MemoryError:
        raise
    except Exception as error:  # the bytes are those that were saved, so it is the reader that has changed
        raise _unreadable(info, error) from error
    if not trust:
        require_trusted(unknown, str(info.path / info.payload))
    try:
        return skops.io.loads(data, trusted=unknown)
    except MemoryError:
        raise
    except Exception as error:
        raise _unreadable(info, error) from error


def _unreadable(info: CheckpointInfo, error: Exception) -> VersionSkew:
    installed = library_versions()
    changed = [
        f"{name} {was} (here {installed.get(name, 'missing')})"
        for name, was in info.versions.items()
        if installed.get(name) != was
    ]
    return VersionSkew(
        f"{info.path}: the bytes are as saved, but cannot be loaded here: {type(error).__name__}: {error}; "
        f"versions that differ: {', '.join(changed) or 'none'}",
        hint="install the versions that saved it, or train anew",
    )


def _require_same_minor(info: CheckpointInfo) -> None:
    saved, here = info.versions.get("scikit-learn"), library_versions().get("scikit-learn")
    if saved is not None and here is not None and saved.split(".")[:2] != here.split(".")[:2]:
        raise VersionSkew(
            f"{info.path}: saved by scikit-learn {saved}, installed is {here}; predictions may differ or fail",
            hint=f"install scikit-learn {saved}, train anew, or accept it with allow_version_skew=True",
            context={"saved": saved, "installed": here},
        )
