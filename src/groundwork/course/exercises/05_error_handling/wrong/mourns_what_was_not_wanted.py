"""Calls a run that left a step out on purpose a partial failure."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_step_runs_when_it_is_wanted",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "resilience.py")
PipelineResult = right.PipelineResult
PipelineStatus = right.PipelineStatus
Step = right.Step


class Pipeline(right.Pipeline):
    def run(self, inputs=None):
        result = super().run(inputs)
        if any(step.status == "SKIPPED" for step in result.steps):
            self.note_partial(result)
        return result
