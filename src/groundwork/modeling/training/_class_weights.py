"""How much a row of each class counts.

Rule: the weights are worked out from the training rows alone, anew for each fold, and told in the result. They reach
the estimator through ``sample_weight``, which comes to the same as its ``class_weight`` and takes classes of any name
(of histogram gradient boosting a ``class_weight`` by text fails); where there is none, through ``class_weight``.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from groundwork.errors import ConfigurationError
from groundwork.modeling.training._estimators import parameters_of, takes

ClassWeight = Mapping[Any, float] | Literal["balanced"]
"""Weight by class (one for those not named), or ``balanced``: each class counts as much as any other."""


def check_class_weight(
    wanted: ClassWeight | None, model: Any, *, classifier: bool, method: str, classes: Sequence[Any] | None
) -> None:
    """Refuse weights that cannot be meant or cannot be given to the estimator.

    Args:
        wanted: As the caller gave it.
        model: The estimator.
        classifier: Whether it is one.
        method: The method that would take ``sample_weight``.
        classes: Of the target; None where they are not known yet.

    Raises:
        ConfigurationError: They cannot.
    """
    if wanted is None:
        return
    name = type(model).__name__
    if not classifier:
        raise ConfigurationError(
            f"{name} is no classifier, so there are no classes to weigh", hint="use weight instead"
        )
    if isinstance(wanted, str):
        if wanted != "balanced":
            raise ConfigurationError(f"class_weight {wanted!r} is not known", hint="'balanced', or {class: weight, …}")
    else:
        _check_mapping(wanted, classes)
    known = parameters_of(model)
    if known.get("class_weight") is not None:
        raise ConfigurationError(
            f"class_weight is given twice: {wanted!r}, and {known['class_weight']!r} among the estimator's parameters",
            hint="give it once",
        )
    if "class_weight" not in known and not takes(getattr(model, method), "sample_weight"):
        raise ConfigurationError(
            f"{name} takes neither class_weight nor sample_weight", hint="choose another estimator, or sample the rows"
        )


def class_weights(wanted: ClassWeight, classes: NDArray[Any], counts: NDArray[Any]) -> dict[Any, float]:
    """Work out the weight of each class.

    Args:
        wanted: Checked already.
        classes: Those of the training rows.
        counts: How many rows each has.

    Returns:
        Weight by class; ``balanced`` is rows / (classes * rows of the class), as scikit-learn has it.
    """
    if isinstance(wanted, str):
        balanced = counts.sum() / (len(classes) * counts)
        return dict(zip(classes.tolist(), balanced.tolist(), strict=True))
    return {each: float(wanted.get(each, 1.0)) for each in classes.tolist()}


def row_weights(
    model: Any,
    by_class: Mapping[Any, float] | None,
    outcome: NDArray[Any],
    weight: NDArray[np.float64] | None,
    *,
    method: str,
) -> NDArray[np.float64] | None:
    """Return what goes as ``sample_weight``, class weights included.

    Args:
        model: The estimator; is given ``class_weight`` where the method takes no ``sample_weight``.
        by_class: Weight by class, or None.
        outcome: Shape (n,).
        weight: Of each row, or None.
        method: The method that learns.

    Returns:
        Shape (n,), or None.
    """
    if by_class is None:
        return weight
    if not takes(getattr(model, method), "sample_weight"):
        model.set_params(class_weight=dict(by_class))
        return weight
    classes, which = np.unique(outcome, return_inverse=True)
    of_row = np.array([by_class.get(each, 1.0) for each in classes.tolist()])[which]
    return of_row if weight is None else of_row * weight


def _check_mapping(wanted: Mapping[Any, float], classes: Sequence[Any] | None) -> None:
    unknown = [each for each in wanted if classes is not None and each not in classes]
    if unknown:
        raise ConfigurationError(
            f"class_weight names {unknown[0]!r}, which is no class of the target",
            hint=f"the classes are {', '.join(map(repr, list(classes or ())[:10]))}",
        )
    for each, weight in wanted.items():
        number = isinstance(weight, int | float) and not isinstance(weight, bool)
        if not number or not np.isfinite(weight) or weight <= 0:
            raise ConfigurationError(
                f"the weight of class {each!r} is {weight!r}; it must be a finite number above 0",
                hint="drop the rows of a class that shall not count",
            )
