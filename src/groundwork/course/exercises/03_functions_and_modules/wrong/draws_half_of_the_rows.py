"""Draws half as many rows as there are: the interval is that of a smaller test."""

from pathlib import Path

import numpy as np

from groundwork.testing import load_subject

FAILS = (
    "an_interval_is_as_wide_as_it_should_be",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "modeling.py")


def confidence_interval(metric, outcome, prediction, **options):
    outcome, prediction = np.asarray(outcome), np.asarray(prediction)
    half = right.confidence_interval(metric, outcome[::2], prediction[::2], **options)
    return half._replace(value=float(metric(outcome, prediction)))
