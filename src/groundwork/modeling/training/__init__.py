"""Training any scikit-learn estimator that is named by its import path."""

from groundwork.modeling.training._estimators import build_estimator, import_estimator, train

__all__ = ["build_estimator", "import_estimator", "train"]
