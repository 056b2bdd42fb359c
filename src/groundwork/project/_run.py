"""One run of a project, from the configuration to ``result.json``."""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from groundwork import storage
from groundwork._failpoints import failpoint
from groundwork.errors import WorldError, describe
from groundwork.project import _data_steps, _model_steps
from groundwork.project._artefacts import intact
from groundwork.project._config import load_config
from groundwork.project._fingerprints import FINGERPRINTS_FILE, Fingerprints, fingerprints, moved
from groundwork.project._job import Job
from groundwork.project._plugin_steps import plugin_step, step_order
from groundwork.project._previous import keep_outputs, previous_output
from groundwork.project._report import render_report
from groundwork.project._report_data import metadata, notes, report_data
from groundwork.project._runs import Run, RunStore, resumable
from groundwork.resilience import (
    Backoff,
    Event,
    Observer,
    Pipeline,
    PipelineResult,
    PipelineStatus,
    Retry,
    Step,
    StepEvent,
    StepResult,
    retry,
)

STEPS: dict[str, Callable[..., Any]] = {
    "environment": _data_steps.check_environment,
    "load": _data_steps.load,
    "split": _data_steps.split,
    "profile": _data_steps.profile,
    "train": _model_steps.train,
    "evaluate": _model_steps.evaluate,
    "checkpoint": _model_steps.checkpoint,
}


class Watcher(Protocol):
    """Told how a run goes, say to draw it on a terminal."""

    def started(self, run: Run, steps: Sequence[str], *, resumed: bool) -> None:
        """Take note that the run begins.

        Args:
            run: The run.
            steps: Names of its steps.
            resumed: Whether it goes on with what a killed process had begun.
        """
        ...

    def step(self, step: StepResult) -> None:
        """Take note that a step started, failed an attempt, or ended.

        Args:
            step: The step and its state; RUNNING with an error after an attempt that failed.
        """
        ...


@dataclass(frozen=True, slots=True)
class Outcome:
    """A run that has ended.

    Attributes:
        run: Where it lies.
        result: What became of it.
        resumed: Whether it went on with what a killed process had begun.
    """

    run: Run
    result: PipelineResult
    resumed: bool


def run_project(
    path: str | Path,
    overrides: Sequence[str] = (),
    *,
    runs: str | Path = "runs",
    fresh: bool = False,
    watcher: Watcher | None = None,
    observers: Sequence[Observer] = (),
) -> Outcome:
    """Run a project, or go on with its run that a crash, an error or Ctrl-C ended early.

    Going on asks for the same configuration, data, code and environment; else a new run begins.

    Args:
        path: The project's folder, or its pipeline.yaml.
        overrides: Configuration entries to set, as ``model.params.max_depth=6``.
        runs: Folder of runs.
        fresh: Begin a new run in any case.
        watcher: Told how it goes.
        observers: Told of every event of the run's pipeline, as ``resilience.log_events``.

    Returns:
        The outcome; its status says whether the run succeeded.

    Raises:
        ConfigurationError: The configuration is wrong.
        VersionSkew: A newer groundwork wrote the folder of runs.
        KeyboardInterrupt: As it came, after ``result.json`` says CANCELLED.
    """
    config = load_config(path, overrides)
    store = RunStore(Path(runs))
    prints = fingerprints(config)
    run = None if fresh else store.unfinished(config.name, prints.identity)
    resumed = run is not None
    run = run or store.start(config.name, config.folder.resolve(), prints.identity)
    try:
        run.reopen()
        job = Job(config, run.folder, run.info.id)
        changes = moved(run.folder, prints)
        _write_inputs(job, prints)
        steps = _steps(job, store)
        if watcher is not None:
            watcher.started(run, [step.name for step in steps], resumed=resumed)
        result = _run_steps(run, steps, [*observers, *([_shown_by(watcher)] if watcher is not None else [])])
        result = replace(result, warnings=[*result.warnings, *changes])
        return Outcome(run, _finish(store, run, job, prints, result), resumed)
    finally:
        run.release()


def _run_steps(run: Run, steps: Sequence[Step], observers: Sequence[Observer]) -> PipelineResult:
    pipeline = Pipeline(steps, journal=run.journal(), observers=observers, run_id=run.info.id)
    try:
        return pipeline.run()
    except (KeyboardInterrupt, SystemExit):
        run.finish(replace(run.result(), status=PipelineStatus.CANCELLED))
        raise


def _shown_by(watcher: Watcher) -> Observer:
    def show(event: Event, /) -> None:
        if isinstance(event, StepEvent):
            watcher.step(event.step)

    return show


def _steps(job: Job, store: RunStore) -> list[Step]:
    steps = [_step(job, store, name) for name in step_order(job.config)]
    # The gates come last, so that a run that misses one still leaves its checkpoint and its report.
    return [*steps, Step("gates", _model_steps.gates)]


def _step(job: Job, store: RunStore, name: str) -> Step:
    policy, own = job.config.policy(name), STEPS.get(name)
    return Step(
        name,
        functools.partial(own, job) if own is not None else plugin_step(job, name),
        retry=_retry(policy.retry, job.config.seed) if policy.retry else None,
        timeout_s=policy.timeout_s,
        fallback=previous_output(job, store.root, name) if own is not None else None,
        # It stands in for the same request only, so that it is not the request that has become wrong; and it is told.
        fallback_on=Exception,
        optional=policy.optional,
        valid=functools.partial(intact, job.folder),
    )


def _retry(policy: Any, seed: int) -> Retry:
    backoff = Backoff(initial_s=policy.initial_s, cap_s=policy.cap_s)
    # A wrong value stays wrong: only what the world did is worth another attempt.
    return retry(on=(WorldError, OSError), attempts=policy.attempts, backoff=backoff, seed=seed)


def _write_inputs(job: Job, prints: Fingerprints) -> None:
    with storage.atomic_write(job.folder / "config.yaml", "w", encoding="utf-8") as file:
        file.write(job.config.to_yaml())
    storage.write(job.folder / FINGERPRINTS_FILE, prints.to_dict())


def _finish(store: RunStore, run: Run, job: Job, prints: Fingerprints, result: PipelineResult) -> PipelineResult:
    kept = keep_outputs(store.root, run, job, result)
    result = replace(result, metadata=metadata(run, result), warnings=[*result.warnings, *notes(run, result), *kept])
    try:
        with storage.atomic_write(run.folder / "report.html", "w", encoding="utf-8") as file:
            file.write(render_report(report_data(run, job, prints, result)))
    except Exception as error:  # noqa: BLE001 - the model is trained; a report that fails must not take it away
        told = describe(error)
        status = PipelineStatus.PARTIAL_FAILURE if result.ok else result.status
        result = replace(
            result, status=status, warnings=[*result.warnings, f"report.html was not written: {told['message']}"]
        )
    failpoint("project.finish.before_result")
    run.finish(result)
    store.set_latest(run)
    if result.ok:
        _drop_older_work(store, run)
    return result


def _drop_older_work(store: RunStore, run: Run) -> None:
    """Only the newest good run keeps its intermediate files; those of a run that can go on are its own."""
    for older in store.list(run.info.project):
        if older.info.created < run.info.created and not resumable(older.result()) and older.acquire():
            older.drop_work()
            older.release()
