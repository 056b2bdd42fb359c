"""Looks for a name when the step is about to run."""

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
        pass
