"""Training any scikit-learn estimator: weights, early stopping, cross-validation, and batches that can be resumed."""

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
