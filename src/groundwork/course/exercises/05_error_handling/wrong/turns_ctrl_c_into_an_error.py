"""Raises a RuntimeError where somebody pressed Ctrl-C, which the next except Exception takes."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "ctrl_c_ends_the_run",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "resilience.py")
PipelineResult = right.PipelineResult
PipelineStatus = right.PipelineStatus
Step = right.Step


class Pipeline(right.Pipeline):
    def run(self, inputs=None):
        try:
            return super().run(inputs)
        except (KeyboardInterrupt, SystemExit) as error:
            raise RuntimeError("the run was interrupted") from error
