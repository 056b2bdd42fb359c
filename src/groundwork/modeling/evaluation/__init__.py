"""How good a model is, in figures that one can act on."""

from groundwork.modeling.evaluation._accumulators import ClassificationAccumulator, RegressionAccumulator
from groundwork.modeling.evaluation._classification import (
    choose_threshold,
    evaluate_classification,
    expected_calibration_error,
)
from groundwork.modeling.evaluation._costs import CostThreshold, cost_threshold
from groundwork.modeling.evaluation._curves import curves
from groundwork.modeling.evaluation._importance import FeatureModel, permutation_importance
from groundwork.modeling.evaluation._intervals import Interval, confidence_interval, confidence_intervals
from groundwork.modeling.evaluation._multiclass import evaluate_multiclass
from groundwork.modeling.evaluation._regression import evaluate_regression
from groundwork.modeling.evaluation._slices import Slice, SliceReport, evaluate_slices

__all__ = [
    "ClassificationAccumulator",
    "CostThreshold",
    "FeatureModel",
    "Interval",
    "RegressionAccumulator",
    "Slice",
    "SliceReport",
    "choose_threshold",
    "confidence_interval",
    "confidence_intervals",
    "cost_threshold",
    "curves",
    "evaluate_classification",
    "evaluate_multiclass",
    "evaluate_regression",
    "evaluate_slices",
    "expected_calibration_error",
    "permutation_importance",
]
