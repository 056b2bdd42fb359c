"""Takes retry and does not use it."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_step_is_retried",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "resilience.py")
PipelineResult = right.PipelineResult
PipelineStatus = right.PipelineStatus
Step = right.Step


class Pipeline(right.Pipeline):
    def __init__(self, steps, **options):
        super().__init__(steps, **options)
        for step in self.steps:
            step.retry = None
