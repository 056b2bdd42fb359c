"""Keeps type and message of the error, and not what caused it."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "errors_keep_their_causes",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "resilience.py")
PipelineResult = right.PipelineResult
PipelineStatus = right.PipelineStatus
Step = right.Step


class Pipeline(right.Pipeline):
    def told(self, error):
        return {"type": type(error).__name__, "message": str(error), "cause": None}
