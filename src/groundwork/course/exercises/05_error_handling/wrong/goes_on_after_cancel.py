"""Hears that it is to end, and goes on to the end."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_cancelled_run_begins_nothing_new",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "resilience.py")
PipelineResult = right.PipelineResult
PipelineStatus = right.PipelineStatus
Step = right.Step


class Pipeline(right.Pipeline):
    def cancel(self):
        """Say thank you."""
