"""When the fallback fails as well, only its own error is told."""

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
        told = super().told(error)
        return {**told, "cause": None} if isinstance(error, OSError) else told
