"""What a run says of itself, gathered for the report and for ``result.json``."""

from collections.abc import Mapping
from typing import Any

from groundwork import storage
from groundwork.project._fingerprints import Fingerprints
from groundwork.project._job import Job
from groundwork.project._memory import peak_memory_bytes
from groundwork.project._runs import Run
from groundwork.project._stand_ins import stand_in_told, stand_ins
from groundwork.resilience import PipelineResult


def metadata(run: Run, result: PipelineResult) -> dict[str, Any]:
    """Gather the headline facts of a run.

    Args:
        run: The run.
        result: Its result so far.

    Returns:
        Plain data; what a run that failed early does not know is absent or empty.
    """
    data = result.data
    evaluated, parted = data.get("evaluate") or {}, data.get("split") or {}
    return {
        "id": run.info.id,
        "project": run.info.project,
        "created": run.info.created,
        "metrics": evaluated.get("metrics", {}),
        "gates": evaluated.get("gates", []),
        "threshold": evaluated.get("threshold"),
        "rows": _rows(data),
        "leakage": parted.get("leakage", []),
        "seconds": sum(step.seconds for step in result.steps),
        "peak_memory_bytes": peak_memory_bytes(),
        "served": stand_ins(run, result),
        "checkpoint": (data.get("checkpoint") or {}).get("folder"),
    }


def notes(run: Run, result: PipelineResult) -> list[str]:
    """Gather what the steps found worth a warning.

    Args:
        run: The run.
        result: The run's result so far.

    Returns:
        Sentences: what an earlier run served, environment warnings, leakage, notes of the steps.
    """
    environment, parted = result.data.get("environment") or {}, result.data.get("split") or {}
    found = [
        f"environment check {each['check']}: found {each['found']}, expected {each['expected']}"
        for each in environment.get("findings", [])
    ]
    leaks = [f"leakage: {each['message']}" for each in parted.get("leakage", [])]
    stepwise = [str(note) for output in result.data.values() for note in _notes(output)]
    return [*(stand_in_told(each) for each in stand_ins(run, result)), *found, *leaks, *stepwise]


def _notes(output: Any) -> list[Any]:
    # A plugin's step may give anything that JSON can say.
    found = output.get("notes") if isinstance(output, Mapping) else None
    return found if isinstance(found, list) else []


def report_data(run: Run, job: Job, prints: Fingerprints, result: PipelineResult) -> dict[str, Any]:
    """Gather everything that ``report.html`` shows.

    Args:
        run: The run.
        job: Its job.
        prints: Its fingerprints.
        result: Its result, with metadata.

    Returns:
        The dict that ``render_report`` documents.
    """
    facts = result.metadata
    details = _read(job, result, "evaluate", "evaluation")
    return {
        "project": run.info.project,
        "id": run.info.id,
        "created": run.info.created,
        "status": str(result.status),
        "metrics": facts["metrics"],
        "gates": facts["gates"],
        "evaluation": {key: value for key, value in details.items() if key != "importance"},
        "importance": details.get("importance", []),
        "profile": _read(job, result, "profile", "profile"),
        "rows": facts["rows"],
        "leakage": facts["leakage"],
        "steps": result.to_dict()["steps"],
        "served": facts["served"],
        "warnings": result.warnings,
        "errors": result.errors,
        "config": job.config.to_yaml(),
        "fingerprints": _shown(prints),
        "peak_memory_bytes": facts["peak_memory_bytes"],
    }


def _shown(prints: Fingerprints) -> dict[str, Any]:
    # A page for people: what is not set says nothing, and fingerprints.json has the hashes.
    environment = {
        name: {key: each for key, each in value.items() if each is not None} if isinstance(value, Mapping) else value
        for name, value in prints.environment.items()
        if name != "hashes"
    }
    return {"data": prints.data, "code": prints.code, "environment": environment}


def _rows(data: Mapping[str, Any]) -> dict[str, Any]:
    loaded, parted = data.get("load") or {}, data.get("split") or {}
    if not loaded:
        return {}
    parts = parted.get("rows", {})
    dropped = [*loaded["dropped"], *parted.get("dropped", [])]
    used = sum(parts.values()) if parts else loaded["rows"]
    return {"in": loaded["rows_in"], "used": used, "dropped": dropped, **parts}


def _read(job: Job, result: PipelineResult, step: str, name: str) -> dict[str, Any]:
    described = (result.data.get(step) or {}).get(name)
    if described is None:
        return {}
    content: dict[str, Any] = storage.read(job.folder / described["path"])
    return content
