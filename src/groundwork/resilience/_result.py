"""What became of a pipeline, and how to tell from its journal alone.

Rule: the journal is the truth; a result is read off it, so that a killed run says as much as a finished one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from typing import Any


class PipelineStatus(StrEnum):
    """The states of a run.

    PARTIAL_FAILURE: an optional step failed or a fallback served. CRASHED: its process is gone without a word.
    """

    RUNNING = "RUNNING"
    SUCCESS = "SUCCESS"
    PARTIAL_FAILURE = "PARTIAL_FAILURE"
    FAILURE = "FAILURE"
    CANCELLED = "CANCELLED"
    CRASHED = "CRASHED"


class StepStatus(StrEnum):
    """The states of a step.

    SKIPPED: its ``when`` said no. CANCELLED: it ran when the run was cancelled.
    """

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    SUCCESS = "SUCCESS"
    FALLBACK = "FALLBACK"
    FAILED = "FAILED"
    SKIPPED = "SKIPPED"
    CANCELLED = "CANCELLED"


@dataclass(frozen=True, slots=True)
class StepResult:
    """What became of one step.

    Attributes:
        name: The step.
        status: Its state.
        seconds: Time it took, retries included; 0.0 where it has not ended.
        attempts: Calls made in the process that finished it.
        reused: Finished in an earlier process and not run again.
        started_s: Seconds from the beginning of the run, in the process that ran it.
        error: The failure as plain data, or None.
    """

    name: str
    status: StepStatus = StepStatus.PENDING
    seconds: float = 0.0
    attempts: int = 0
    reused: bool = False
    started_s: float = 0.0
    error: dict[str, Any] | None = None


_STEP_FIELDS = tuple(each.name for each in fields(StepResult))


@dataclass(frozen=True, slots=True)
class PipelineResult:
    """What became of a run.

    Attributes:
        status: Its state.
        data: Output of each finished step, by step name; None of one that was skipped or is optional and failed.
        errors: Failures that ended the run, as plain data: what ``errors.describe`` gives, and the ``step``.
        warnings: Sentences about what went less than well.
        steps: One result a step, in order.
        metadata: Facts that the caller adds.
    """

    status: PipelineStatus
    data: dict[str, Any] = field(default_factory=dict)
    errors: list[dict[str, Any]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    steps: list[StepResult] = field(default_factory=list)
    metadata: dict[str, Any] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether the run gave a usable result: SUCCESS or PARTIAL_FAILURE."""
        return self.status in (PipelineStatus.SUCCESS, PipelineStatus.PARTIAL_FAILURE)

    def to_dict(self) -> dict[str, Any]:
        """Return plain data; ``from_dict`` reads it back."""
        names = ("data", "errors", "warnings", "metadata")
        return {
            "status": str(self.status),
            **{name: _copied(getattr(self, name)) for name in names},
            "steps": [
                {**{name: _copied(getattr(step, name)) for name in _STEP_FIELDS}, "status": str(step.status)}
                for step in self.steps
            ],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "PipelineResult":
        """Read what ``to_dict`` gave.

        Args:
            data: The plain data; unknown keys are a newer version's and are left out.

        Returns:
            An equal result.
        """
        known_steps = [{name: step[name] for name in _STEP_FIELDS if name in step} for step in data["steps"]]
        steps = [StepResult(**{**step, "status": StepStatus(step["status"])}) for step in known_steps]
        known = {name: data[name] for name in ("data", "errors", "warnings", "metadata")}
        return cls(status=PipelineStatus(data["status"]), steps=steps, **known)


def result_of(records: Iterable[Mapping[str, Any]], *, alive: bool = False) -> PipelineResult:
    """Read a journal as a result.

    Args:
        records: The journal's records, oldest first; those of several processes follow one another.
        alive: Whether the process that writes it still runs.

    Returns:
        The state of the latest process: RUNNING if ``alive``, CRASHED if it ended without a word.
    """
    reading = Reading()
    for record in records:
        reading.take(record)
    return reading.result(alive=alive)


class Reading:
    """Folds records into the state that they describe."""

    def __init__(self) -> None:
        self.status: PipelineStatus | None = None
        self.steps: dict[str, StepResult] = {}
        self.data: dict[str, Any] = {}
        self.errors: list[dict[str, Any]] = []
        self.warnings: list[str] = []
        self._finished: dict[str, Mapping[str, Any]] = {}

    def result(self, *, alive: bool = False) -> PipelineResult:
        """Return the state after the records so far.

        Args:
            alive: Whether the process that writes them still runs.
        """
        silent = PipelineStatus.RUNNING if alive else PipelineStatus.CRASHED
        return PipelineResult(
            status=self.status or silent,
            data=self.data,
            errors=self.errors,
            warnings=self.warnings,
            steps=list(self.steps.values()),
        )

    def take(self, record: Mapping[str, Any]) -> None:
        """Go on by one record.

        Args:
            record: The next; of an event that is not known, a newer version's, nothing is taken.
        """
        event = record.get("event")
        if event == "run_started":
            self.status, self.data, self.errors, self.warnings = None, {}, [], []
            self.steps = {name: StepResult(name) for name in record["steps"]}
        elif event == "run_ended":
            self._run_ended(PipelineStatus(record["status"]))
        elif event == "step_started":
            self.steps[record["step"]] = StepResult(
                record["step"], StepStatus.RUNNING, started_s=record.get("started_s", 0.0)
            )
        elif event == "step_ended":
            self._step_ended(record)
        elif event == "steps_reused":
            for each in record["steps"]:
                self._step_ended({**self._finished[each["key"]], "reused": True})

    def _run_ended(self, status: PipelineStatus) -> None:
        self.status = status
        if status is PipelineStatus.CANCELLED:
            for step in self.steps.values():
                if step.status is StepStatus.RUNNING:
                    self.steps[step.name] = replace(step, status=StepStatus.CANCELLED)

    def _step_ended(self, record: Mapping[str, Any]) -> None:
        step = step_of(record)
        self.steps[step.name] = step
        if step.status is StepStatus.SUCCESS and record.get("key") is not None:
            self._finished[record["key"]] = record
        if step.status is not StepStatus.FAILED or record.get("optional"):
            self.data[step.name] = record.get("output")
        if step.status is StepStatus.FAILED and not record.get("optional"):
            self.errors.append({**(step.error or {}), "step": step.name})
        elif step.error is not None:
            verdict = "its fallback served" if step.status is StepStatus.FALLBACK else "the run went on without it"
            self.warnings.append(f"step {step.name} failed and {verdict}: {step.error['message']}")


def step_of(record: Mapping[str, Any]) -> StepResult:
    """Read the record of a step that has ended.

    Args:
        record: As it stands in the journal.
    """
    return StepResult(
        name=record["step"],
        status=StepStatus(record["status"]),
        seconds=record.get("seconds", 0.0),
        attempts=record.get("attempts", 1),
        reused=record.get("reused", False),
        started_s=record.get("started_s", 0.0),
        error=record.get("error"),
    )


def _copied(value: Any) -> Any:
    """Copy plain data; an object that a step handed on in memory, a model or a lock, stays itself."""
    if isinstance(value, dict):
        return {key: _copied(each) for key, each in value.items()}
    return [_copied(each) for each in value] if isinstance(value, list) else value
