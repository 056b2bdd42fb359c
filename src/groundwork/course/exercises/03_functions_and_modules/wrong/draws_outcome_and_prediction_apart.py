"""Draws outcomes, then draws predictions: no prediction is of the row that it stands beside."""

from pathlib import Path

import numpy as np

from groundwork.testing import load_subject

FAILS = (
    "a_row_is_drawn_whole",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "modeling.py")


def confidence_interval(metric, outcome, prediction, **options):
    chance = np.random.default_rng(options.get("seed", 0))

    def apart(observed, predicted):
        if not np.array_equal(observed, outcome):
            predicted = predicted[chance.integers(len(predicted), size=len(predicted))]
        return metric(observed, predicted)

    return right.confidence_interval(apart, outcome, prediction, **options)
