"""Waits five milliseconds for company, always."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "an_idle_model_starts_at_once",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "concurrency.py")
DeadlineExceeded = right.DeadlineExceeded
Overloaded = right.Overloaded
PredictionError = right.PredictionError


class Batcher(right.Batcher):
    def __init__(self, predict, **options):
        super().__init__(predict, **{**options, "max_wait_s": options.get("max_wait_s") or 0.005})
