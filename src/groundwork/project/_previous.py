"""What the newest good run of a project still has, for a step that fails now."""

from collections.abc import Callable
from typing import Any

from groundwork.errors import RunNotFoundError
from groundwork.project._artefacts import copy_artefacts, intact
from groundwork.project._job import Job
from groundwork.project._runs import Run, RunStore


def previous_good(store: RunStore, project: str) -> Run | None:
    """Return the newest run of a project that gave a usable result.

    Args:
        store: The runs.
        project: The project's name.
    """
    return next((run for run in store.list(project) if run.result().ok), None)


def previous_output(job: Job, store: RunStore, step: str) -> Callable[[], Any]:
    """Make the fallback of a step whose policy says ``fallback: previous``.

    Args:
        job: The run that needs it.
        store: The runs to look in.
        step: The step.

    Returns:
        A function that copies the previous run's files into this run and returns that step's output.
    """

    def serve_previous() -> Any:
        run = previous_good(store, job.config.name)
        output = run.result().data.get(step) if run is not None else None
        if run is None or output is None or not intact(run.folder, output):
            raise RunNotFoundError(
                f"step {step} has fallback: previous, but no earlier good run of {job.config.name} still has its files",
                hint="the first run of a project cannot fall back; mend the cause and run again",
            )
        copy_artefacts(run.folder, job.folder, output)
        return {**output, "notes": [f"step {step} served what run {run.info.id} of {run.info.created} had"]}

    return serve_previous
