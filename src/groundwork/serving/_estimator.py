"""A bare scikit-learn estimator behind the server.

Rule: an instance is a list of numbers in the order of the features, or, where the estimator was fitted on named
columns, an object of them. null is a missing value. What passes here is a row that ``predict`` can be asked about; a
``ValueError`` or ``TypeError`` of the estimator then means that it refuses the row, and is the client's to mend.
"""

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any

import numpy as np
import polars as pl

from groundwork.errors import ConfigurationError, InvalidDataError, first_line
from groundwork.serving._mistakes import Mistake

_NUMBERS = {float, type(None)}


class EstimatorAdapter:
    """A fitted estimator.

    Args:
        estimator: Has ``predict`` and ``n_features_in_``; ``feature_names_in_`` names its columns.

    Raises:
        ConfigurationError: It is not fitted.
    """

    def __init__(self, estimator: Any) -> None:
        count = getattr(estimator, "n_features_in_", None)
        if count is None:
            raise ConfigurationError(
                f"this {type(estimator).__name__} has no n_features_in_: it is not fitted", hint="Call its fit first."
            )
        names = getattr(estimator, "feature_names_in_", None)
        self._estimator = estimator
        self._count = int(count)
        self._names: list[str] | None = None if names is None else [str(name) for name in names]
        self.version = str(getattr(estimator, "version", "1"))

    def parse(self, instances: list[Any]) -> list[list[Any]]:
        """Return each instance as a list of values in the order of the features."""
        mistakes: list[Mistake] = []
        rows = [self._row(row, instance, mistakes) for row, instance in enumerate(instances)]
        if mistakes:
            raise InvalidDataError("instances break the schema", context={"mistakes": mistakes})
        return rows

    def predict(self, rows: list[list[Any]]) -> Sequence[Any]:
        """Return what the estimator's ``predict`` gives for each row."""
        try:
            results = self._estimator.predict(self._matrix(rows))
        except (ValueError, TypeError) as error:
            raise InvalidDataError(f"the model refuses this row: {first_line(error)}") from error
        return results.tolist()  # type: ignore[no-any-return]

    def input_schema(self) -> dict[str, Any]:
        """Return the JSON schema of one instance."""
        if self._names is None:
            return {
                "type": "array",
                "items": {"type": ["number", "null"]},
                "minItems": self._count,
                "maxItems": self._count,
                "examples": [[0.0] * self._count],
            }
        return {
            "type": "object",
            "properties": {name: {"type": ["number", "string", "boolean", "null"]} for name in self._names},
            "required": self._names,
            "additionalProperties": False,
            "examples": [dict.fromkeys(self._names, 0.0)],
        }

    def _matrix(self, rows: list[list[Any]]) -> Any:
        if self._names is None:
            return np.asarray(rows, dtype=np.float64)
        columns = zip(self._names, zip(*rows, strict=True), strict=True)
        return pl.DataFrame([pl.Series(name, values, strict=True) for name, values in columns])

    def _row(self, row: int, instance: Any, mistakes: list[Mistake]) -> list[Any]:
        names = self._names
        if isinstance(instance, dict) and names is not None:
            mistakes += (
                {"row": row, "column": str(name), "message": _unknown(str(name), names)}
                for name in instance.keys() - set(names)
            )
            mistakes += (
                {"row": row, "column": name, "message": "is missing"} for name in names if name not in instance
            )
            values = [instance.get(name) for name in names]
        elif isinstance(instance, list):
            values = instance
            if len(values) != self._count:
                message = f"has {len(values)} values; the model takes {self._count}"
                mistakes.append({"row": row, "column": None, "message": message})
                return values
        else:
            wanted = "a list of numbers" if names is None else "an object of columns"
            mistakes.append({"row": row, "column": None, "message": f"{wanted} is needed, not {instance!r:.40}"})
            return []
        if _NUMBERS.issuperset(map(type, values)):
            return values
        return [self._value(row, index, value, mistakes) for index, value in enumerate(values)]

    def _value(self, row: int, index: int, value: Any, mistakes: list[Mistake]) -> Any:
        """Return a value as the matrix takes it: whole numbers as floats, so that a column has one type."""
        if type(value) is int:
            try:
                return float(value)
            except OverflowError:
                message = "is too large a number"
        elif value is None or isinstance(value, float):
            return value
        elif self._names is None:
            message = f"{value!r:.40} is not a number"
        elif isinstance(value, str | bool):
            return value
        else:
            message = f"{value!r:.40} is not a number, text, true, false or null"
        column = index if self._names is None else self._names[index]
        mistakes.append({"row": row, "column": column, "message": message})
        return None


def _unknown(name: str, names: list[str]) -> str:
    near = get_close_matches(name, names, 1)
    return "is not a column of the model" + (f"; did you mean {near[0]!r}?" if near else "")
