"""Training any scikit-learn estimator: weights, early stopping, cross-validation, and batches that can be resumed.

Rule: importing it loads nothing, for whoever prepares or serves trains nothing; a name is loaded when it is asked for.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from groundwork.modeling.training._early_stopping import EarlyStopping
    from groundwork.modeling.training._estimators import build_estimator, import_estimator, prepared_estimator
    from groundwork.modeling.training._fitting import fit_preprocessor
    from groundwork.modeling.training._folds import Folds
    from groundwork.modeling.training._result import TrainingResult
    from groundwork.modeling.training._streamed import ResumableBatches
    from groundwork.modeling.training._train import train
    from groundwork.modeling.training._train_batches import train_batches

__all__ = [
    "EarlyStopping",
    "Folds",
    "ResumableBatches",
    "TrainingResult",
    "build_estimator",
    "fit_preprocessor",
    "import_estimator",
    "prepared_estimator",
    "train",
    "train_batches",
]

_HOMES = {
    "EarlyStopping": "_early_stopping",
    "Folds": "_folds",
    "ResumableBatches": "_streamed",
    "TrainingResult": "_result",
    "build_estimator": "_estimators",
    "fit_preprocessor": "_fitting",
    "import_estimator": "_estimators",
    "prepared_estimator": "_estimators",
    "train": "_train",
    "train_batches": "_train_batches",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return list(__all__)
