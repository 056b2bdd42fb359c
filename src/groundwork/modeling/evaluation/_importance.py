"""Which columns a model leans on.

Rule: shuffles are drawn before the work is parted among threads, so the result does not depend on who comes first.
Cost: one batch prediction a column and repeat.
"""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from groundwork.errors import ConfigurationError
from groundwork.modeling._threads import map_in_threads
from groundwork.modeling.evaluation._checked import Floats, checked_numbers
from groundwork.modeling.evaluation._ranking import cumulative, roc_auc
from groundwork.modeling.evaluation._regression import r2


class FeatureModel(Protocol):
    """What ``permutation_importance`` asks of a model; ``TabularModel`` is one."""

    def prepare(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Raw rows to feature columns."""
        ...

    def score_features(self, features: pl.DataFrame) -> NDArray[Any]:
        """Feature columns to one number a row: probability of the positive class, or predicted value."""
        ...


def permutation_importance(
    model: FeatureModel,
    frame: pl.DataFrame,
    outcome: ArrayLike,
    *,
    columns: Sequence[str] | None = None,
    seed: int = 0,
    rows: int = 20_000,
    repeats: int = 3,
) -> list[dict[str, Any]]:
    """How much worse the model gets when one feature's values are shuffled among the rows.

    Features that say the same (as two temperatures) share their importance, so each of them may look unimportant.

    Args:
        model: Prepares raw rows and scores features.
        frame: Raw rows that the model was not trained on.
        outcome: One number a row; judged by ROC AUC where it is 0 and 1, else by R2.
        columns: The features to shuffle; all if None.
        seed: For the sample and the shuffles.
        rows: At most so many rows, sampled.
        repeats: Shuffles a feature.

    Returns:
        [{"column", "mean", "std"}], largest mean drop first.

    Raises:
        InvalidDataError: Shapes differ, or a missing outcome.
        ConfigurationError: A column is not a feature of the model.
    """
    observed = checked_numbers(outcome, np.zeros(frame.height)).observed
    rng = np.random.default_rng(seed)
    if frame.height > rows:
        chosen = np.sort(rng.choice(frame.height, rows, replace=False))
        frame, observed = frame[chosen], observed[chosen]
    features = model.prepare(frame)
    unknown = [name for name in columns or () if name not in features.columns]
    if unknown:
        raise ConfigurationError(f"{unknown} are no features of the model", hint=f"one of {features.columns}")
    judge = _judge(observed)
    base = judge(model.score_features(features))
    names = list(columns or features.columns)
    shuffles = [(name, rng.permutation(features.height)) for name in names for _ in range(repeats)]

    def drop(shuffle: tuple[str, NDArray[np.int64]]) -> float:
        name, order = shuffle
        return base - judge(model.score_features(features.with_columns(features[name][order])))

    drops = np.array(map_in_threads(drop, shuffles)).reshape(len(names), repeats)
    found: list[dict[str, Any]] = [
        {"column": name, "mean": float(row.mean()), "std": float(row.std())}
        for name, row in zip(names, drops, strict=True)
    ]
    return sorted(found, key=lambda entry: entry["mean"], reverse=True)


def _judge(observed: Floats) -> Callable[[ArrayLike], float]:
    positive = observed == 1
    if np.isin(observed, (0.0, 1.0)).all() and positive.any() != positive.all():
        # By ranks alone: the score may as well be a regression's, of a number that happens to be 0 or 1.
        return lambda score: roc_auc(cumulative(positive, checked_numbers(observed, score).predicted))
    return lambda score: r2(*checked_numbers(observed, score)[:2])
