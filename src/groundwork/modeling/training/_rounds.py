"""The ways to fit in rounds and to take the best.

Rule: a way leaves the estimator's parameters as they were, but for the number of rounds where that is the result. What
an estimator would put aside by itself, at random, it does not.
"""

import copy
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from groundwork.modeling.training._early_stopping import EarlyStopping, Stopped, way_of
from groundwork.modeling.training._estimators import parameters_of, takes

_STAGES = ("estimators_", "estimator_weights_")


@dataclass(frozen=True)
class Rows:
    """A matrix with its outcome.

    Attributes:
        features: As the estimator takes them.
        outcome: Shape (n,).
        weight: For ``sample_weight``, or None.
    """

    features: Any
    outcome: NDArray[Any]
    weight: NDArray[np.float64] | None = None

    @property
    def weights(self) -> dict[str, NDArray[np.float64]]:
        """The keyword arguments of a fit."""
        return {} if self.weight is None else {"sample_weight": self.weight}


def fit_early(model: Any, wish: EarlyStopping, learn: Rows, judge: Rows, *, seed: int) -> tuple[Any, Stopped]:
    """Fit until the validation rows say that it is enough.

    Args:
        model: Unfitted.
        wish: When to stop.
        learn: The rows to learn from.
        judge: The rows that say when.
        seed: Of the order of the rows in each pass.

    Returns:
        The fitted model, and how it was stopped.

    Raises:
        ConfigurationError: It is not fitted in rounds.
    """
    return _WAYS[way_of(model)](model, wish, learn, judge, seed)


class _Watch:
    """Follows the scores: which round is the best, and whether patience is at its end."""

    def __init__(self, wish: EarlyStopping) -> None:
        self._wish = wish
        self.scores: list[float] = []
        self.best, self.best_score = 0, -float("inf")
        self.stopped = False

    def better(self, score: float) -> bool:
        """Take the score of the next round; whether it is the best so far."""
        self.scores.append(score)
        if not self.best or score > self.best_score + self._wish.min_gain:
            self.best, self.best_score = len(self.scores), score
            return True
        self.stopped = len(self.scores) - self.best >= self._wish.patience
        return False

    def told(self, way: str, *, refitted: bool) -> Stopped:
        return Stopped(way, self._wish.scoring_name, tuple(self.scores), self.best, self.stopped, refitted)


def _native(model: Any, wish: EarlyStopping, learn: Rows, judge: Rows, seed: int) -> tuple[Any, Stopped]:
    before = {name: model.get_params()[name] for name in ("early_stopping", "n_iter_no_change", "tol", "scoring")}
    scoring = wish.scoring if wish.scoring is not None else "loss"
    model.set_params(early_stopping=True, n_iter_no_change=wish.patience, tol=wish.min_gain, scoring=scoring)
    if wish.max_rounds is not None:
        model.set_params(max_iter=wish.max_rounds)
    most = model.get_params()["max_iter"]
    weights = learn.weights
    model.fit(learn.features, learn.outcome, **weights, X_val=judge.features, y_val=judge.outcome)
    watch = _Watch(wish)
    for score in model.validation_score_[1:]:  # the first is that of no round at all
        watch.better(float(score))
    watch.stopped = len(watch.scores) < most
    beyond = watch.best < len(watch.scores)
    model.set_params(**before)
    if beyond:
        model.set_params(early_stopping=False, max_iter=watch.best).fit(learn.features, learn.outcome, **weights)
    return model, watch.told("native", refitted=beyond)


def _by_partial_fit(model: Any, wish: EarlyStopping, learn: Rows, judge: Rows, seed: int) -> tuple[Any, Stopped]:
    most = wish.max_rounds or model.get_params()["max_iter"]
    _without_own_stopping(model)
    classes = {"classes": np.unique(learn.outcome)} if takes(model.partial_fit, "classes") else {}
    watch, best = _Watch(wish), model
    for number in range(most):
        order = np.random.default_rng([seed, number]).permutation(len(learn.outcome))
        weights = {name: weight[order] for name, weight in learn.weights.items()}
        model.partial_fit(learn.features[order], learn.outcome[order], **classes, **weights)
        if watch.better(wish.scorer(model, judge.features, judge.outcome)):
            best = copy.deepcopy(model)
        if watch.stopped:
            break
    return best, watch.told("partial_fit", refitted=False)


def _by_warm_start(model: Any, wish: EarlyStopping, learn: Rows, judge: Rows, seed: int) -> tuple[Any, Stopped]:
    before = model.get_params()["warm_start"]
    most = wish.max_rounds or model.get_params()["n_estimators"]
    _without_own_stopping(model)
    model.set_params(warm_start=True)
    watch = _Watch(wish)
    for number in range(1, most + 1):
        model.set_params(n_estimators=number).fit(learn.features, learn.outcome, **learn.weights)
        watch.better(wish.scorer(model, judge.features, judge.outcome))
        if watch.stopped:
            break
    model.set_params(warm_start=before, n_estimators=watch.best)
    beyond = watch.best < len(watch.scores)
    if beyond:
        model.set_params(warm_start=False).fit(learn.features, learn.outcome, **learn.weights)
        model.set_params(warm_start=before)
    return model, watch.told("warm_start", refitted=beyond)


def _by_stages(model: Any, wish: EarlyStopping, learn: Rows, judge: Rows, seed: int) -> tuple[Any, Stopped]:
    if wish.max_rounds is not None:
        model.set_params(n_estimators=wish.max_rounds)
    model.fit(learn.features, learn.outcome, **learn.weights)
    watch = _Watch(wish)
    for stage in _stages(model):
        watch.better(wish.scorer(stage, judge.features, judge.outcome))
        if watch.stopped:
            break
    return _first_rounds(model, watch.best), watch.told("staged", refitted=False)


def _stages(model: Any) -> Iterator[Any]:
    for number in range(1, len(model.estimators_) + 1):
        yield _first_rounds(model, number)


def _first_rounds(model: Any, number: int) -> Any:
    """Return the model of the first rounds: of AdaBoost its members and their weights say all."""
    first = copy.copy(model).set_params(n_estimators=number)
    for name in (*_STAGES, "estimator_errors_"):
        setattr(first, name, getattr(model, name)[:number])
    return first


def _without_own_stopping(model: Any) -> None:
    """Switch off what stops by rows that the estimator would put aside by itself."""
    known = parameters_of(model)
    if known.get("early_stopping"):
        model.set_params(early_stopping=False)
    elif "early_stopping" not in known and known.get("n_iter_no_change") is not None:
        model.set_params(n_iter_no_change=None)


_Way = Callable[[Any, EarlyStopping, Rows, Rows, int], tuple[Any, Stopped]]
_WAYS: Mapping[str, _Way] = {
    "native": _native,
    "partial_fit": _by_partial_fit,
    "warm_start": _by_warm_start,
    "staged": _by_stages,
}
