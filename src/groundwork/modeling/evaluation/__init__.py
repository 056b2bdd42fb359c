"""How good a model is, in figures that one can act on."""

from groundwork.modeling.evaluation._classification import (
    choose_threshold,
    evaluate_classification,
    expected_calibration_error,
)
from groundwork.modeling.evaluation._curves import curves
from groundwork.modeling.evaluation._importance import FeatureModel, permutation_importance
from groundwork.modeling.evaluation._intervals import Interval, confidence_interval, confidence_intervals
from groundwork.modeling.evaluation._regression import evaluate_regression

__all__ = [
    "FeatureModel",
    "Interval",
    "choose_threshold",
    "confidence_interval",
    "confidence_intervals",
    "curves",
    "evaluate_classification",
    "evaluate_regression",
    "expected_calibration_error",
    "permutation_importance",
]
