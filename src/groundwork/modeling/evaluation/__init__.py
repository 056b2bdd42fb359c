"""How good a model is, in figures that one can act on."""

# A name is imported when it is first asked for: whoever trains or serves pays for no figure.
import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from groundwork.modeling.evaluation._accumulators import ClassificationAccumulator, RegressionAccumulator
    from groundwork.modeling.evaluation._calibration import evaluate_calibration
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
    "evaluate_calibration",
    "evaluate_classification",
    "evaluate_multiclass",
    "evaluate_regression",
    "evaluate_slices",
    "expected_calibration_error",
    "permutation_importance",
]

_HOMES = {
    "ClassificationAccumulator": "_accumulators",
    "CostThreshold": "_costs",
    "FeatureModel": "_importance",
    "Interval": "_intervals",
    "RegressionAccumulator": "_accumulators",
    "Slice": "_slices",
    "SliceReport": "_slices",
    "choose_threshold": "_classification",
    "confidence_interval": "_intervals",
    "confidence_intervals": "_intervals",
    "cost_threshold": "_costs",
    "curves": "_curves",
    "evaluate_calibration": "_calibration",
    "evaluate_classification": "_classification",
    "evaluate_multiclass": "_multiclass",
    "evaluate_regression": "_regression",
    "evaluate_slices": "_slices",
    "expected_calibration_error": "_classification",
    "permutation_importance": "_importance",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    return found


def __dir__() -> list[str]:
    return __all__
