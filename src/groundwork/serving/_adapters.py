"""From whatever a user serves to the adapter that the server asks."""

import sys
from pathlib import Path
from typing import Any

from groundwork.errors import ConfigurationError, ModelNotFoundError
from groundwork.serving._block import Adapter, Answer, Block, Tensor, TensorSpec, join_answers, predictions
from groundwork.serving._estimator import adapter_of
from groundwork.serving._example import example
from groundwork.serving._folder import OnDisk, locate
from groundwork.serving._object import ObjectAdapter, Predictor
from groundwork.serving._table import TableAdapter

__all__ = [
    "Adapter",
    "Answer",
    "Block",
    "ObjectAdapter",
    "Predictor",
    "Tensor",
    "TensorSpec",
    "example",
    "join_answers",
    "load",
    "predictions",
]


def load(name: str, model: Any, *, trust: bool = False) -> Adapter:
    """Return the adapter for a model.

    Args:
        name: Under which it is served; for messages.
        model: A checkpoint folder, a scikit-learn estimator, or an object with ``predict(batch)``.
        trust: Load a checkpoint's types even if they are not known to be safe.

    Returns:
        The adapter; a folder has been loaded.

    Raises:
        ConfigurationError: It is none of these.
        StorageError: The checkpoint cannot be loaded.
    """
    if isinstance(model, OnDisk):
        model = _load_folder(locate(model), trust=trust)
    if not callable(getattr(model, "predict", None)):
        raise ConfigurationError(
            f"model {name!r} is a {type(model).__name__}, which has no predict(batch)",
            hint="Pass a checkpoint folder, a scikit-learn estimator or an object with predict(batch).",
        )
    if _is_table(model):
        return TableAdapter(model)
    if hasattr(model, "get_params") and not hasattr(model, "parse"):
        return adapter_of(model)
    return ObjectAdapter(model)


def _is_table(model: Any) -> bool:
    # Whoever made one has loaded this; otherwise it would be loaded for nothing.
    modeling = sys.modules.get("groundwork.modeling")
    return modeling is not None and isinstance(model, modeling.TabularModel)


def _load_folder(folder: Path, *, trust: bool) -> Any:
    # Late, because a server of other models needs none of it.
    from groundwork.modeling import load_model
    from groundwork.storage import load_checkpoint

    try:
        return load_model(folder, trust=trust)
    except ModelNotFoundError:
        # A checkpoint without a table spec: its estimator takes prepared features, and is served as it is.
        return load_checkpoint(folder, trust=trust).model
