"""Notes that a call failed, and not with what."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_failed_call_is_timed_too",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "modeling.py")


@right.with_options
def timed(fn, hook=None, clock=None):
    def told(timing):
        hook(right.Timing(timing.name, timing.wall_s, timing.error and Exception("failed")))

    return right.timed(fn, hook=told, clock=clock)
