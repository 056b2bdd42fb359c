"""From whatever a user serves to the adapter that the server asks."""

import sys
from pathlib import Path
from typing import Any

from groundwork._failpoints import failpoint
from groundwork.errors import ConfigurationError, ModelNotFoundError
from groundwork.serving._block import Adapter, Answer, Block, Tensor, TensorSpec, join_answers, predictions
from groundwork.serving._estimator import adapter_of
from groundwork.serving._example import example
from groundwork.serving._folder import Latest, OnDisk, locate
from groundwork.serving._object import Function, ObjectAdapter, Predictor
from groundwork.serving._table import TableAdapter
from groundwork.serving._torch import SUFFIXES, TorchAdapter, load_torch

__all__ = [
    "Adapter",
    "Answer",
    "Block",
    "ObjectAdapter",
    "Predictor",
    "Tensor",
    "TensorSpec",
    "check_source",
    "example",
    "join_answers",
    "load",
    "predictions",
]

_SOURCES = "Pass a checkpoint folder, a model file, a scikit-learn estimator or an object with predict(batch)."


def check_source(name: str, model: Any) -> None:
    """Refuse what cannot be served whatever is in it, before anything is loaded.

    Args:
        name: Under which it is to be served.
        model: As for ``load``.

    Raises:
        ConfigurationError: It is no model, there is no such path, or a file of no known kind.
    """
    if isinstance(model, Latest):
        return
    if isinstance(model, str | Path):
        path = Path(model)
        if not path.exists():
            raise ConfigurationError(f"model {name!r}: there is no {str(path)!r}", hint=_SOURCES)
        if path.is_file() and path.suffix != ".onnx" and path.suffix not in SUFFIXES:
            raise ConfigurationError(f"model {name!r}: the file {path.name!r} is no model", hint=_SOURCES)
    elif not (callable(getattr(model, "predict", None)) or callable(model)):
        raise ConfigurationError(
            f"model {name!r} is a {type(model).__name__}, which has no predict(batch)", hint=_SOURCES
        )


def load(name: str, model: Any, *, trust: bool = False, threads: int = 1) -> Adapter:
    """Return the adapter for a model.

    Args:
        name: Under which it is served; for messages.
        model: A checkpoint folder or the folder of a store, an ``.onnx``, ``.pt`` or ``.pt2`` file, a scikit-learn
            estimator, a torch module, an object with ``predict(batch)``, or a function of a batch.
        trust: Load a checkpoint's types even if they are not known to be safe, and torch's files.
        threads: How many batches may run at once.

    Returns:
        The adapter; what lies on disk has been loaded.

    Raises:
        ConfigurationError: It is none of these, or its library is not installed.
        StorageError: The checkpoint cannot be loaded.
        ModelNotFoundError: The file is not there, or is no model.
        UnsafeCheckpoint: It would run code that nobody has trusted.
    """
    if isinstance(model, OnDisk):
        path = locate(model)
        if path.suffix != ".onnx" and path.suffix not in SUFFIXES:
            return _checkpoint(name, path, trust=trust)
        if path.suffix == ".onnx":
            from groundwork.serving._onnx import OnnxAdapter

            return OnnxAdapter(path, threads)
        model = load_torch(path, trust=trust)
    return _adapter_of(name, model)


def _adapter_of(name: str, model: Any) -> Adapter:
    if _is_a(model, "groundwork.modeling", "TabularModel"):
        return TableAdapter(model)
    if callable(getattr(model, "predict", None)):
        if hasattr(model, "get_params") and not hasattr(model, "parse"):
            return adapter_of(model)
        return ObjectAdapter(model)
    if _is_a(model, "torch.nn", "Module"):
        return TorchAdapter(model)
    if callable(model) and not isinstance(model, type):
        return ObjectAdapter(Function(model))
    raise ConfigurationError(
        f"model {name!r} is a {type(model).__name__}, which has no predict(batch)",
        hint=_SOURCES,
    )


def _is_a(model: Any, module: str, name: str) -> bool:
    # Whoever made such a model has loaded the module; otherwise it would be loaded for nothing.
    loaded = sys.modules.get(module)
    return loaded is not None and isinstance(model, getattr(loaded, name))


def _checkpoint(name: str, folder: Path, *, trust: bool) -> Adapter:
    # Late, because a server of other models needs none of it.
    from groundwork.modeling import load_model
    from groundwork.storage import load_checkpoint

    failpoint("serving.load.before_read")
    try:
        return _adapter_of(name, load_model(folder, trust=trust))
    except ModelNotFoundError:
        # A checkpoint without a table spec: its estimator takes prepared features, and is served as it is.
        checkpoint = load_checkpoint(folder, trust=trust)
    adapter = _adapter_of(name, checkpoint.model)
    if not hasattr(checkpoint.model, "version"):
        adapter.version = str(checkpoint.info.step)
    return adapter
