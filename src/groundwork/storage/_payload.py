"""Models as bytes and back.

Rule: nothing is unpickled that was not asked to be. Tensors go through safetensors, estimators through skops with an
allowlist of types; joblib and pickle are taken only by name and loaded only by trust. Bytes are checked before they
come here. Cost: tensors are written and read without a copy; an estimator is in memory twice meanwhile.
"""

import io
import platform
import sys
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from groundwork.errors import UsageError, VersionSkew
from groundwork.storage import _pickled
from groundwork.storage._manifest import CheckpointInfo
from groundwork.storage._members import corrupt
from groundwork.storage._tensors import Layout, is_tensor, unpack
from groundwork.storage._trust import require_trusted

FORMATS = ("safetensors", "skops", *_pickled.PICKLED)
_RECORDED = ("groundwork", "joblib", "numpy", "safetensors", "scikit-learn", "scipy", "skops", "torch")
# How many parts of its version an object must have been saved by: what these libraries promise to read again.
_SAME_PARTS = {"scikit-learn": 2, "torch": 1}


@dataclass(frozen=True)
class Payload:
    """A model on its way to a file.

    Attributes:
        format: One of ``FORMATS``.
        framework: Whose objects it is made of, if known.
        write: Writes its bytes to a file that has ``write`` and ``tell``.
    """

    format: str
    framework: str | None
    write: Callable[[Any], None]


def payload_of(model: Any, wanted: str | None = None) -> Payload:
    """Choose how a model is written.

    Args:
        model: A mapping of names to numpy arrays or to torch tensors, a scikit-learn estimator, or, if ``wanted``
            says ``"joblib"`` or ``"pickle"``, anything that can be pickled.
        wanted: One of ``FORMATS``; by the model if None, and then never a pickle.

    Returns:
        The way; its ``write`` raises a UsageError if the model holds something that cannot be stored.

    Raises:
        UsageError: The model does not go with the format, or holds something that cannot be stored.
    """
    if wanted is not None and wanted not in FORMATS:
        raise UsageError(
            f"format {wanted!r} is not known", hint=f"one of {', '.join(FORMATS)}; or none, to choose by the model"
        )
    if wanted in _pickled.PICKLED:
        return Payload(wanted, _framework(model), lambda file: _pickled.dump(model, file, wanted))
    if isinstance(model, Mapping) and wanted in (None, "safetensors"):
        layout = Layout(model)
        return Payload("safetensors", layout.framework, lambda file: write_tensors(file, layout))
    if _is_estimator(model) and wanted in (None, "skops"):
        return Payload("skops", "scikit-learn", lambda file: file.write(_encode_estimator(model)))
    raise _unfit(model, wanted)


def write_tensors(file: Any, tensors: Layout | Mapping[Any, Any]) -> None:
    """Write tensors as safetensors.

    Args:
        file: Has ``write``, which takes all it is given.
        tensors: Text names to numpy arrays, or to torch tensors.

    Raises:
        UsageError: Something else is among them.
    """
    layout = tensors if isinstance(tensors, Layout) else Layout(tensors)
    for chunk in layout.chunks():
        file.write(chunk)


def require_loadable(info: CheckpointInfo, *, trust: bool, allow_version_skew: bool) -> None:
    """Refuse what must not be loaded here, before a byte of it is read.

    Args:
        info: The checkpoint's manifest.
        trust: Whether pickles may run.
        allow_version_skew: Whether objects of another version of their library may be loaded.

    Raises:
        UnsafeCheckpoint: It is a pickle, and not trusted.
        VersionSkew: Another version of its library saved it, or its format is not known here.
    """
    if info.format not in FORMATS:
        raise VersionSkew(
            f"{info.path}: the model's format {info.format!r} is not known here (known: {', '.join(FORMATS)})",
            hint="load it with the groundwork that wrote it",
        )
    if info.format in _pickled.PICKLED:
        _pickled.require_trust(str(info.path / info.payload), info.format, trust=trust)
    if info.format != "safetensors" and not allow_version_skew:
        _require_same_version(info, "scikit-learn" if info.format == "skops" else info.framework)


def decode_model(info: CheckpointInfo, data: memoryview, *, trust: bool) -> Any:
    """Turn verified bytes back into a model that ``require_loadable`` has let pass.

    Args:
        info: The checkpoint's manifest.
        data: The bytes of its model file, verified.
        trust: Load any type that skops can.

    Returns:
        The estimator, the dict of tensors, or what was pickled.

    Raises:
        CheckpointCorrupt: The bytes are of another format than the manifest says, and its hash of them was made anew.
        UnsafeCheckpoint: It holds types that are not trusted.
        VersionSkew: The installed versions cannot load it.
        ConfigurationError: It holds torch tensors, and torch is not installed.
    """
    if info.format == "safetensors":
        try:
            return unpack(data, framework=info.framework or "numpy")
        except ValueError as error:
            raise corrupt(info.path, f"{info.payload} cannot be read ({error})") from error
    if info.format == "skops":
        return _decode_estimator(info, bytes(data), trust=trust)
    try:
        return _pickled.load(data, info.format)
    except MemoryError:
        raise
    except Exception as error:  # a pickle runs whatever its maker put in
        raise _unreadable(info, error) from error


def library_versions() -> dict[str, str]:
    """Look up what a checkpoint records about its makers.

    Returns:
        Version by name, Python and those installed of the libraries that a model depends on.
    """
    found = {"python": platform.python_version()}
    return found | {name: known for name in _RECORDED if (known := _version(name)) is not None}


@cache
def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _is_estimator(model: Any) -> bool:
    return callable(getattr(model, "get_params", None)) and not isinstance(model, type)


def _is_module(model: Any) -> bool:
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(model, torch.nn.Module)


def _framework(model: Any) -> str | None:
    if _is_module(model) or is_tensor(model):
        return "torch"
    return "scikit-learn" if _is_estimator(model) else None


def _unfit(model: Any, wanted: str | None) -> UsageError:
    name = type(model).__name__
    if _is_module(model):
        hint = "save model.state_dict(), and load it with model.load_state_dict(...)"
    elif isinstance(model, Mapping) or _is_estimator(model):
        hint = "leave out format=, and it is chosen by the model"
    else:
        hint = "save the estimator inside it, and the rest as metadata or files; or ask for format='pickle'"
    return UsageError(
        f"a checkpoint holds a scikit-learn estimator (skops) or a mapping of names to arrays or tensors "
        f"(safetensors), not {name}{f' as {wanted}' if wanted else ''}",
        hint=hint,
    )


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

    _require_no_bomb(info, data)
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


def _require_no_bomb(info: CheckpointInfo, data: bytes) -> None:
    """Refuse an archive that unpacks to more than itself: ours are stored without compression.

    What is packed is refused too, however small it says it is: zipfile unpacks first and cuts to that size afterwards.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise corrupt(info.path, f"{info.payload} is no skops file ({error})") from error
    if any(member.compress_type != zipfile.ZIP_STORED for member in members):
        raise corrupt(info.path, f"{info.payload} is compressed, as no skops file of ours is")
    if (size := sum(member.file_size for member in members)) > len(data):
        raise corrupt(info.path, f"{info.payload} has {len(data)} bytes and would unpack to {size}")


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


def _require_same_version(info: CheckpointInfo, library: str | None) -> None:
    parts = _SAME_PARTS.get(library or "")
    if library is None or parts is None:
        return
    saved, here = info.versions.get(library), library_versions().get(library)
    if saved is not None and here is not None and saved.split(".")[:parts] != here.split(".")[:parts]:
        raise VersionSkew(
            f"{info.path}: saved by {library} {saved}, installed is {here}; predictions may differ or fail",
            hint=f"install {library} {saved}, train anew, or accept it with allow_version_skew=True",
            context={"saved": saved, "installed": here},
        )
