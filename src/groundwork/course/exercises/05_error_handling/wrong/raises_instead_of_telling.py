"""Lets the error of a step out; what had been done is nowhere to be read."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_failed_step_ends_the_run",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "resilience.py")
PipelineResult = right.PipelineResult
PipelineStatus = right.PipelineStatus
Step = right.Step


class Pipeline(right.Pipeline):
    def rescued(self, step, values, error, told, result):
        if not step.optional and step.fallback is None:
            raise error
        return super().rescued(step, values, error, told, result)
