"""One batch after the other into an estimator.

Rule: what a batch does to the model depends on the model and the batch alone, never on where a training was resumed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from groundwork.errors import ConfigurationError, InvalidDataError, MLException, TrainingFailedError, first_line
from groundwork.modeling.preprocessing import feature_frame, infer_kinds
from groundwork.modeling.training._class_weights import ClassWeight, class_weights, row_weights
from groundwork.modeling.training._estimators import takes
from groundwork.modeling.training._scoring import require_known

_UNKNOWN = "is in this batch, and was not among the classes before the first one"
_NAME_ALL = "name all classes in classes=, or leave it out to have them read first"

Batch = tuple[Any, Any, Any]
"""Features, outcome and weight; the latter two may be None."""


@dataclass(frozen=True)
class Classes:
    """The classes of all batches.

    Attributes:
        names: Sorted.
        counts: Rows of each in one epoch; empty where nobody has counted.
    """

    names: list[Any]
    counts: list[int]


class Reader:
    """Makes features and outcome of a batch.

    Args:
        target: The column of a frame; None: there is no outcome.
        features: Feature to kind, or names; None: of the first batch all columns but the target.
        preprocess: A fitted transformer of what ``feature_frame`` returns, or None.

    Attributes:
        kinds: Feature to kind, once a frame was read.
    """

    def __init__(self, target: str | None, features: Mapping[str, str] | Sequence[str] | None, preprocess: Any) -> None:
        self._target = target
        self._features = features
        self._preprocess = preprocess
        self.kinds: dict[str, str] = dict(features) if isinstance(features, Mapping) else {}

    def __call__(self, batch: Any) -> Batch:
        """Read a batch.

        Args:
            batch: A frame, or (features, outcome) or (features, outcome, weight) as a ``transform`` made them.

        Returns:
            Features, outcome and weight.

        Raises:
            InvalidDataError: The target is missing, or a feature cannot be read as its kind.
            ConfigurationError: It is neither, or the features need a ``preprocess``.
        """
        if isinstance(batch, tuple) and len(batch) in (2, 3):
            return (*batch, None)[:3]
        if not isinstance(batch, pl.DataFrame):
            raise ConfigurationError(
                f"a batch is a {type(batch).__name__}; it must be a frame or (features, outcome)",
                hint="let the loader's transform return one of them",
            )
        outcome = self.outcome(batch)
        if not self.kinds:
            names = (
                [name for name in batch.columns if name != self._target] if self._features is None else self._features
            )
            self.kinds = dict(infer_kinds(batch, list(names)))
        return self._matrix(feature_frame(batch, self.kinds)), outcome, None

    def outcome(self, batch: pl.DataFrame) -> NDArray[Any] | None:
        """Return the target of a frame, none missing."""
        if self._target is None:
            return None
        if self._target not in batch.columns:
            raise ConfigurationError(
                f"the batches have no column {self._target!r} to be the target",
                hint=f"the columns are {', '.join(batch.columns[:20])}",
            )
        values = batch[self._target]
        gaps = values.null_count() + (int(values.is_nan().sum()) if values.dtype.is_float() else 0)
        if gaps:
            raise InvalidDataError(
                f"{self._target} is missing in {gaps:,} of {batch.height:,} rows", hint="drop those rows first"
            )
        return np.asarray(values.to_numpy())

    def _matrix(self, prepared: pl.DataFrame) -> Any:
        if self._preprocess is not None:
            return self._preprocess.transform(prepared)
        named = [name for name, kind in self.kinds.items() if kind == "categorical"]
        if named:
            raise ConfigurationError(
                f"{', '.join(named)} are categories, which an estimator takes only as numbers",
                hint="pass preprocess=fit_preprocessor(sample, features); a number in a CSV file needs a schema",
            )
        return prepared.to_numpy()


class BatchLearner:
    """Lets an estimator learn from batches.

    Args:
        model: Has ``partial_fit``; it is changed.
        read: Makes features and outcome of a batch.
        classes: Of a classifier, else None.
        class_weight: As the caller gave it, checked.
    """

    def __init__(self, model: Any, read: Reader, classes: Classes | None, class_weight: ClassWeight | None) -> None:
        self.model, self._read, self._classes = model, read, classes
        self._known: dict[str, Any] = {}
        self._by_class: dict[Any, float] | None = None
        if classes is not None:
            names = np.array(classes.names)
            self._known = {"classes": names} if takes(model.partial_fit, "classes") else {}
            if class_weight is not None:
                self._by_class = class_weights(class_weight, names, np.array(classes.counts or [1] * len(names)))

    @property
    def by_class(self) -> dict[Any, float] | None:
        """Weight by class, or None."""
        return self._by_class

    def learn(self, batch: Any, where: str) -> int:
        """Learn from a batch.

        Args:
            batch: See ``Reader``.
            where: Which it is, for messages.

        Returns:
            How many rows it has.

        Raises:
            InvalidDataError: It has a class that was not announced, or cannot be read.
            ConfigurationError: See ``Reader``.
            TrainingFailedError: The estimator failed; the cause says why.
        """
        try:
            features, outcome, weight = self._read(batch)
            if self._classes is not None:
                require_known(np.asarray(outcome), np.array(self._classes.names), wrong=_UNKNOWN, hint=_NAME_ALL)
            weights = {}
            if outcome is not None:
                weight = row_weights(self.model, self._by_class, np.asarray(outcome), weight, method="partial_fit")
                weights = {} if weight is None else {"sample_weight": weight}
            self.model.partial_fit(features, outcome, **self._known, **weights)
        except MLException as error:
            error.add_note(f"in {where}")
            raise
        except (
            Exception
        ) as error:  # an estimator may raise anything; the caller gets one kind of failure with its cause
            raise TrainingFailedError(
                f"{type(self.model).__name__} failed in {where}: {first_line(error)}",
                hint="missing values must be filled and texts encoded first: pass preprocess",
            ) from error
        return int(features.shape[0])


def count_classes(batches: Iterator[Any], read: Reader) -> Classes:
    """Go through an epoch for the classes alone.

    Args:
        batches: The epoch.
        read: Makes an outcome of a batch.

    Returns:
        The classes with their counts.

    Raises:
        InvalidDataError: There is one class only, or a target is missing.
        ConfigurationError: The batches have no outcome.
    """
    counts: dict[Any, int] = {}
    for batch in batches:
        outcome = read.outcome(batch) if isinstance(batch, pl.DataFrame) else read(batch)[1]
        if outcome is None:
            raise ConfigurationError("a classifier needs an outcome", hint="name its column, as target='late'")
        values: NDArray[Any] = np.asarray(outcome)
        names, found = np.unique(values, return_counts=True)
        for name, count in zip(names.tolist(), found.tolist(), strict=True):
            counts[name] = counts.get(name, 0) + count
    if len(counts) < 2:
        raise InvalidDataError(
            f"the target has one class only, {next(iter(counts), None)!r}, in all batches; a classifier needs two",
            hint="check the target and the rows that the split left for training",
        )
    ordered = sorted(counts)
    return Classes(ordered, [counts[name] for name in ordered])
