"""When to stop adding rounds, by rows that are not learned from.

Rule: the model that comes out is that of the best round, and the record says in which way it was found. Ways, in this
order: ``native`` (fit takes the validation rows), ``partial_fit`` (one round is one pass over the rows), ``warm_start``
(one round is one more member), ``staged`` (all rounds are fitted, then judged one by one). Cost: scoring the validation
rows each round; where rounds beyond the best cannot be taken off (native, warm_start) the best are fitted once more.
"""

from dataclasses import dataclass
from typing import Any

from groundwork.errors import ConfigurationError
from groundwork.modeling.training._estimators import parameters_of, takes
from groundwork.modeling.training._scoring import Scorer, default_score, scorers


@dataclass(frozen=True)
class EarlyStopping:
    """When to stop.

    Attributes:
        patience: So many rounds without a better score end the training.
        min_gain: A score is better if it is greater by more than this.
        scoring: Name of a scikit-learn scorer, or a function of (model, features, outcome), more is better. None: minus
            the log loss, the accuracy where there are no probabilities, minus the mean squared error.
        max_rounds: At most so many; None: the estimator's ``max_iter`` or ``n_estimators``.

    Raises:
        ConfigurationError: A value makes no sense.
    """

    patience: int = 10
    min_gain: float = 0.0
    scoring: str | Scorer | None = None
    max_rounds: int | None = None

    def __post_init__(self) -> None:
        for name in ("patience", "max_rounds"):
            value = getattr(self, name)
            if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
                raise ConfigurationError(f"{name} {value!r} is no number of rounds", hint=f"as {name}=10")
        if not (isinstance(self.min_gain, int | float) and 0 <= self.min_gain < float("inf")):
            raise ConfigurationError(f"min_gain {self.min_gain!r} must be 0 or more", hint="as min_gain=0.001")

    @property
    def scorer(self) -> Scorer:
        """The function that judges a round."""
        if self.scoring is None:
            return default_score
        return scorers(self.scoring)[self.scoring] if isinstance(self.scoring, str) else self.scoring

    @property
    def scoring_name(self) -> str:
        """What it is called."""
        if self.scoring is None:
            return "default"
        return self.scoring if isinstance(self.scoring, str) else getattr(self.scoring, "__name__", "own")


@dataclass(frozen=True)
class Stopped:
    """How a training was stopped.

    Attributes:
        way: ``native``, ``partial_fit``, ``warm_start`` or ``staged``.
        scoring: What judged the rounds.
        scores: Of each round that was judged, more is better.
        best_round: Whose model it is, from 1.
        stopped: Whether patience ended it; else all rounds were made.
        refitted: Whether the best rounds were fitted once more.
    """

    way: str
    scoring: str
    scores: tuple[float, ...]
    best_round: int
    stopped: bool
    refitted: bool

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON, with ``said``, one sentence."""
        ended = f"stopped after round {len(self.scores)}" if self.stopped else f"made all {len(self.scores)} rounds"
        said = f"{self.way}: {ended}, kept round {self.best_round}{', fitted once more' if self.refitted else ''}"
        return {**vars(self), "scores": list(self.scores), "rounds": len(self.scores), "said": said}


def way_of(model: Any) -> str:
    """Tell in which way an estimator can be stopped early.

    Args:
        model: Unfitted.

    Returns:
        ``native``, ``partial_fit``, ``warm_start`` or ``staged``.

    Raises:
        ConfigurationError: It is not fitted in rounds.
    """
    known = parameters_of(model)
    if takes(model.fit, "X_val", "y_val") and {"early_stopping", "n_iter_no_change", "max_iter"} <= known.keys():
        return "native"
    if hasattr(model, "partial_fit") and "max_iter" in known:
        return "partial_fit"
    if {"warm_start", "n_estimators"} <= known.keys():
        return "warm_start"
    if "n_estimators" in known and hasattr(model, "staged_predict"):
        return "staged"
    raise ConfigurationError(
        f"{type(model).__name__} is not fitted in rounds, so there is nothing to stop early",
        hint="leave early_stopping out, or choose boosting, a forest, SGD or a neural network",
    )


def method_of(model: Any, wish: EarlyStopping | None) -> str:
    """Name the method that learns: ``partial_fit`` where rounds are made with it, else ``fit``."""
    return "partial_fit" if wish is not None and way_of(model) == "partial_fit" else "fit"
