"""What the plots of a regression need: predicted beside observed numbers, and how the errors are spread.

Rule: the same predictions give the same points. Cost: a sort; what is kept does not grow with the rows.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

_POINTS = 500
_BINS = 30
# Beyond lie a few rows that would squeeze all the others into one bar.
_SHOWN = 0.998


def fit(outcome: NDArray[np.float64], prediction: NDArray[np.float64]) -> dict[str, Any]:
    """Thin a regression's predictions out to what a plot can show.

    Args:
        outcome: Observed numbers, shape (n,).
        prediction: Predicted numbers, shape (n,).

    Returns:
        ``fit`` ({"observed", "predicted"}, at most 500 points, spread evenly over the observed order) and ``errors``
        ({"edges", "counts"}, of prediction minus outcome; what lies far out counts in the first and the last bin).
    """
    order = np.argsort(outcome, kind="stable")
    places = order[np.unique(np.linspace(0, order.size - 1, min(_POINTS, order.size)).astype(np.int64))]
    errors = prediction - outcome
    low, high = np.quantile(errors, ((1 - _SHOWN) / 2, (1 + _SHOWN) / 2))
    counts, edges = np.histogram(np.clip(errors, low, high), bins=_BINS)
    return {
        "fit": {"observed": outcome[places].tolist(), "predicted": prediction[places].tolist()},
        "errors": {"edges": edges.tolist(), "counts": counts.tolist()},
    }
