"""Finds the wrong name before anything runs, and keeps it for itself."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "names_are_checked_before_anything_runs",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "resilience.py")
PipelineResult = right.PipelineResult
PipelineStatus = right.PipelineStatus
Step = right.Step


class Pipeline(right.Pipeline):
    def check(self, values):
        try:
            super().check(values)
        except ValueError:
            raise ValueError("the steps do not fit together") from None
