"""Takes Ctrl-C for the failure of a step, and goes on with the fallback."""

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
    catches = BaseException
