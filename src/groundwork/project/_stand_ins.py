"""What a run says of the steps that an earlier run stood in for.

Rule: whose it is, how old it was when the run began, and why; read off the result alone.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from groundwork.project._runs import Run
from groundwork.resilience import PipelineResult


class Made(NamedTuple):
    """What a step makes, in words.

    Attributes:
        what: The thing.
        how: What was done to have it.
    """

    what: str
    how: str


MADE = {"load": Made("data", "read"), "train": Made("model", "trained")}


def stand_ins(run: Run, result: PipelineResult) -> list[dict[str, Any]]:
    """Tell which steps an earlier run stood in for, and why.

    Args:
        run: The run.
        result: Its result so far.

    Returns:
        One each: ``step``, ``what`` (data or model), ``run`` that made it, when that was ``created``, ``age_s`` as this
        run began, and ``why``.
    """
    began = datetime.fromisoformat(run.info.created)
    return [
        {
            "step": step.name,
            "what": MADE[step.name].what,
            "run": served["run"],
            "created": served["created"],
            "age_s": max(0.0, (began - datetime.fromisoformat(served["created"])).total_seconds()),
            "why": (step.error or {}).get("message", ""),
        }
        for step in result.steps
        if step.name in MADE and (served := (result.data.get(step.name) or {}).get("served")) is not None
    ]


def stand_in_told(each: Mapping[str, Any]) -> str:
    """Say what was served and whose it is, as a sentence for the warnings, which say why already.

    Args:
        each: One of ``stand_ins``.
    """
    made = MADE[each["step"]]
    began = datetime.fromisoformat(each["created"])
    return (
        f"the {made.what} of run {each['run']} served instead, {made.how} {began:%Y-%m-%d %H:%M} UTC, "
        f"{span(timedelta(seconds=each['age_s']))} before this run"
    )


def remarks(result: PipelineResult) -> str:
    """Say in a few words what a run that is not whole went without, for a list of runs.

    Args:
        result: What became of a run.

    Returns:
        As ``data of run 20261119-180211-3fa2 (3 days old)`` or ``without profile``; empty if there is nothing to say.
    """
    served = result.metadata.get("served", [])
    said = [f"{each['what']} of run {each['run']} ({span(timedelta(seconds=each['age_s']))} old)" for each in served]
    missing = [step.name for step in result.steps if step.status == "FAILED"] if result.ok else []
    return "; ".join([*said, *(f"without {name}" for name in missing)])


def span(age: timedelta) -> str:
    """Write a duration for people, in its greatest whole unit.

    Args:
        age: The duration.

    Returns:
        As ``3 days``; ``less than a minute`` for what is shorter.
    """
    for unit, seconds in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        count = int(age.total_seconds() // seconds)
        if count:
            return f"{count} {unit}{'s' if count > 1 else ''}"
    return "less than a minute"
