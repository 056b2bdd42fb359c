"""Outliers brought to the edge of what training has seen.

Rule: bounds are learned from the finite numbers of the training rows; a gap stays a gap, and an infinite number comes
to the bound. Cost: one sort a column for quantiles, one pass for the deviation.
"""

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.base import OneToOneFeatureMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from groundwork.errors import ConfigurationError
from groundwork.modeling.preprocessing._choice import require_one_of
from groundwork.modeling.preprocessing._estimator import PACKAGE, Transformer

_FACTOR = {"iqr": 1.5, "z": 3.0}


class OutlierClipper(OneToOneFeatureMixin, Transformer):  # type: ignore[misc]
    """Clip each column to bounds learned in training.

    A column for which the bounds leave no room, as the quartiles of one that is mostly 0, is clipped to its least and
    greatest training value instead; one that was missing everywhere in training is left as it is.

    Args:
        how: ``quantile``, ``iqr`` (the quartiles, and ``factor`` times their distance beyond) or ``z`` (``factor``
            deviations around the mean).
        low: For ``quantile``: the lower one, in [0, 1).
        high: For ``quantile``: the upper one, in (low, 1].
        factor: For ``iqr`` (1.5 if None) and ``z`` (3 if None).

    Attributes:
        low_: Lower bound of each column.
        high_: Upper bound of each column.
    """

    __module__ = PACKAGE

    def __init__(
        self,
        how: Literal["quantile", "iqr", "z"] = "quantile",
        *,
        low: float = 0.01,
        high: float = 0.99,
        factor: float | None = None,
    ) -> None:
        self.how = how
        self.low = low
        self.high = high
        self.factor = factor

    def fit(self, X: Any, y: Any = None) -> "OutlierClipper":  # noqa: N803 (scikit-learn's names)
        """Learn the bounds.

        Args:
            X: Numbers, shape (rows, columns); NaN and infinite ones are passed over.
            y: Ignored.

        Returns:
            Itself.

        Raises:
            ConfigurationError: There is no such way, or the quantiles or the factor are out of range.
            ValueError: There are no rows, or these are no numbers.
        """
        factor = self._require_options()
        numbers = _numbers(self, X, reset=True).astype(np.float64)
        bounds = np.array([self._bounds(column[np.isfinite(column)], factor) for column in numbers.T])
        self.low_, self.high_ = bounds[:, 0], bounds[:, 1]
        return self

    def transform(self, X: Any) -> NDArray[Any]:  # noqa: N803
        """Bring what lies beyond a bound to it.

        Args:
            X: Numbers with the columns of ``fit``.

        Returns:
            The same rows and columns.

        Raises:
            ValueError: The columns are others.
            NotFittedError: ``fit`` has not been called.
        """
        check_is_fitted(self)
        numbers = _numbers(self, X, reset=False)
        clipped: NDArray[Any] = np.clip(numbers, self.low_.astype(numbers.dtype), self.high_.astype(numbers.dtype))
        return clipped

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    def _require_options(self) -> float:
        require_one_of(self.how, ("quantile", "iqr", "z"), "the way to clip")
        if not 0 <= self.low < self.high <= 1:
            raise ConfigurationError(
                f"the quantiles are {self.low} and {self.high}; they must lie in 0 to 1, the lower one first"
            )
        factor = _FACTOR.get(self.how, 1.0) if self.factor is None else self.factor
        if not factor > 0:
            raise ConfigurationError(f"the factor is {factor}; it must be above 0")
        return factor

    def _bounds(self, values: NDArray[np.float64], factor: float) -> tuple[float, float]:
        if not values.size:
            return -np.inf, np.inf
        if self.how == "z":
            low, high = values.mean() - factor * values.std(), values.mean() + factor * values.std()
        elif self.how == "quantile":
            low, high = np.quantile(values, [self.low, self.high])
        else:
            first, third = np.quantile(values, [0.25, 0.75])
            low, high = first - factor * (third - first), third + factor * (third - first)
        return (low, high) if low < high else (values.min(), values.max())


def _numbers(clipper: OutlierClipper, rows: Any, *, reset: bool) -> NDArray[Any]:
    # Infinite numbers pass: what to do with them is the point.
    numbers: NDArray[Any] = validate_data(
        clipper, rows, reset=reset, dtype=(np.float64, np.float32), ensure_all_finite=False
    )
    return numbers
