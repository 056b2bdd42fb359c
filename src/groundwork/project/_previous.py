"""An earlier run's output in place of a step that fails now: ``fallback: previous``.

Rule: it says whose it is. An output that was served names the run that made it, which is never a run that was itself
served, so that its age is its true age; and a model that was served keeps that run's threshold and version.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from groundwork import storage
from groundwork.errors import MLException, RunNotFoundError, describe
from groundwork.project._artefacts import copy_artefacts, intact
from groundwork.project._config_sections import FallbackPolicy
from groundwork.project._fingerprints import FINGERPRINTS_FILE
from groundwork.project._job import Job
from groundwork.project._kept import Kept, KeptOutputs, key_of
from groundwork.project._runs import Run
from groundwork.project._stand_ins import MADE, span
from groundwork.resilience import PipelineResult, StepStatus

STEPS_THAT_FALL_BACK = ("load", "train")

_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


def previous_output(
    job: Job, runs: Path, step: str, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> Callable[..., Any] | None:
    """Make the fallback of a step whose policy says ``fallback: previous``.

    Args:
        job: The run that may need it.
        runs: The folder of runs.
        step: The step.
        now: The time of day, for ``max_age``.

    Returns:
        A function that brings the files of the newest earlier run into this one and returns that step's output; None if
        the policy does not ask for it.
    """
    policy = job.config.steps.policy(step)
    if not isinstance(policy, FallbackPolicy) or policy.fallback == "none":
        return None
    standing_in = _StandingIn(job, KeptOutputs(runs, job.config.name), step, policy.max_age, now)
    return standing_in.for_model if step == "train" else standing_in.for_data


class _StandingIn:
    """Finds what an earlier run made of a step, and brings it into this run."""

    def __init__(
        self, job: Job, outputs: KeptOutputs, step: str, max_age: str | None, now: Callable[[], datetime]
    ) -> None:
        self._job, self._outputs, self._step, self._max_age, self._now = job, outputs, step, max_age, now

    def for_data(self, error: Exception) -> dict[str, Any]:
        kept = self._newest(error)
        return {**kept.output, "served": self._served(kept)}

    def for_model(self, error: Exception, split: Mapping[str, Any]) -> dict[str, Any]:
        kept = self._newest(error)
        notes = [] if _unseen(split, kept.facts["split"]) else [_flattering(kept)]
        return {**kept.output, "notes": notes, "served": self._served(kept) | {"threshold": kept.facts["threshold"]}}

    def _newest(self, error: Exception) -> Kept:
        refused: list[str] = []
        for kept in self._outputs.find(self._step, key_of(self._job.config, self._step)):
            reason = self._reason_against(kept)
            if reason is None:
                return kept
            refused.append(f"run {kept.run} {reason}")
        told = describe(error)
        none = f"no earlier good run of {self._job.config.name} with the same configuration left any"
        raise RunNotFoundError(
            f"{told['message']}; fallback: previous has no {MADE[self._step].what} to serve instead: "
            f"{'; '.join(refused) or none}",
            hint=told.get("hint") or "mend the cause; the first good run leaves what later ones can fall back to",
        ) from error

    def _reason_against(self, kept: Kept) -> str | None:
        age = self._now() - kept.began
        if self._max_age is not None and age > int(self._max_age[:-1]) * _UNITS[self._max_age[-1]]:
            return f"{MADE[self._step].how} it {span(age)} ago, which is more than max_age: {self._max_age}"
        if not intact(self._outputs.folder(kept), kept.output):
            return "left it, but files are damaged or gone since"
        try:
            copy_artefacts(self._outputs.folder(kept), self._job.folder, kept.output)
            if self._step == "train":
                _check_model(self._job.folder / kept.output["folder"])
        except (MLException, OSError) as problem:
            return f"left it, but {describe(problem)['message']}"
        return None

    def _served(self, kept: Kept) -> dict[str, Any]:
        name = f"fingerprints-of-{self._step}.json"
        storage.write(self._job.work / name, kept.facts["fingerprints"])
        return {"run": kept.run, "created": kept.created, "fingerprints": self._job.kept(f"work/{name}")}


def keep_outputs(runs: Path, run: Run, job: Job, result: PipelineResult) -> list[str]:
    """Keep what later runs of this project may fall back to, if its policies ask for that.

    Args:
        runs: The folder of runs.
        run: A run whose steps have ended.
        job: Its job.
        result: What became of it; of a run that failed, and of steps that were themselves served, nothing is kept.

    Returns:
        A warning for each output that could not be kept.
    """
    made = {each.name for each in result.steps if each.status is StepStatus.SUCCESS} if result.ok else set()
    outputs, warnings = KeptOutputs(runs, run.info.project), []
    for step in STEPS_THAT_FALL_BACK:
        if step not in made or previous_output(job, runs, step) is None:
            continue
        try:
            outputs.keep(
                step,
                key_of(job.config, step),
                run.info,
                run.folder,
                result.data[step],
                **_facts(job, step, result.data),
            )
        except (MLException, OSError) as error:
            warnings.append(f"step {step} left nothing for later runs to fall back to: {describe(error)['message']}")
    return warnings


def true_fingerprints(job: Job, load: Mapping[str, Any], train: Mapping[str, Any]) -> dict[str, Any]:
    """Return what this run's model was made from: where an earlier run's output served, that run's fingerprints.

    Args:
        job: The run.
        load: Output of the load step.
        train: Output of the train step.
    """
    if "served" in train:
        return _read(job, train["served"]["fingerprints"]["path"])
    # Taken when the run began: what the model was made from, though a file may have changed since.
    prints = _read(job, FINGERPRINTS_FILE)
    if "served" in load:
        prints["data"] = _read(job, load["served"]["fingerprints"]["path"])["data"]
    return prints


def _facts(job: Job, step: str, data: Mapping[str, Any]) -> dict[str, Any]:
    if step == "load":
        return {"fingerprints": _read(job, FINGERPRINTS_FILE)}
    begins = data["split"]["boundaries"]["boundaries"].get("test")
    return {
        "fingerprints": true_fingerprints(job, data["load"], data["train"]),
        "threshold": data["evaluate"]["threshold"],
        "split": {"train_sha256": data["split"]["train"]["sha256"], "test_begins": begins},
    }


def _unseen(split: Mapping[str, Any], before: Mapping[str, Any]) -> bool:
    """Whether the earlier model has seen none of the rows that test it now."""
    if split["train"]["sha256"] == before["train_sha256"]:
        return True
    begins = split["boundaries"]["boundaries"].get("test")
    return bool(begins and before["test_begins"] and begins >= before["test_begins"])


def _flattering(kept: Kept) -> str:
    return (
        f"the test figures may flatter: run {kept.run} split other data, so its model may have learned from rows that "
        "test it here; a split by time whose data only grow keeps them apart"
    )


def _check_model(folder: Path) -> None:
    from groundwork.modeling import load_model  # brings scikit-learn, which a run that goes well has loaded anyway

    load_model(folder)


def _read(job: Job, name: str) -> dict[str, Any]:
    content: dict[str, Any] = storage.read(job.folder / name)
    return content
