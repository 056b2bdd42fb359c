"""Puts the exception object into the result: no JSON can hold it."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_result_survives_json",
    "errors_keep_their_causes",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "resilience.py")
PipelineResult = right.PipelineResult
PipelineStatus = right.PipelineStatus
Step = right.Step


class Pipeline(right.Pipeline):
    def told(self, error):
        return error
