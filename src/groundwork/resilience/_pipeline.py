"""Steps in order, each finished one written down.

Rule: a step whose record says that it finished with the same inputs is not run again; a started one is, once.
A step costs two journal records.
"""

import functools
import hashlib
import inspect
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from groundwork._failpoints import failpoint
from groundwork.errors import ConfigurationError, describe
from groundwork.resilience._clock import Clock, SystemClock
from groundwork.resilience._journal import Journal, MemoryJournal
from groundwork.resilience._process import call_in_process
from groundwork.resilience._result import PipelineResult, PipelineStatus, StepResult, StepStatus, result_of
from groundwork.resilience._retry import Retry

Observer = Callable[[StepResult], None]


@dataclass(frozen=True, slots=True)
class Step:
    """One function of a pipeline.

    The names of its parameters say what it needs: outputs of earlier steps, or inputs of the run. What it returns is
    its output, under the step's name, and must be plain data (what JSON can say); large things go to files.

    Attributes:
        name: Unique within the pipeline.
        fn: The work.
        parameters: Plain data that decides the output besides its inputs; another value makes the step run again.
        retry: How to try again, or None.
        timeout_s: Seconds for one attempt, or None. The attempt then runs in a process of its own, which is killed.
        fallback: Called instead when ``fn`` has failed for good; takes parameters by name as ``fn`` does, and may take
            ``error``. The run then ends PARTIAL_FAILURE.
        optional: A failure leaves None as the output, and the run goes on to PARTIAL_FAILURE.
        valid: Whether an output of an earlier process can still be used, say that its files are there.
    """

    name: str
    fn: Callable[..., Any]
    parameters: Any = None
    retry: Retry | None = None
    timeout_s: float | None = None
    fallback: Callable[..., Any] | None = None
    optional: bool = False
    valid: Callable[[Any], bool] | None = None


class Pipeline:
    """Steps that run in order and, with a durable journal, go on where a killed process stopped.

    Args:
        steps: The steps; each may use what stands before it.
        journal: Where finished work is written; in memory if None.
        clock: Where durations come from.
        observer: Told of each step when it starts and when it ends.

    Raises:
        ConfigurationError: Two steps of one name.
    """

    def __init__(
        self,
        steps: Sequence[Step],
        *,
        journal: Journal | None = None,
        clock: Clock | None = None,
        observer: Observer | None = None,
    ) -> None:
        names = [step.name for step in steps]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ConfigurationError(f"step name {twice[0]!r} is used twice; give each step a name of its own")
        self._steps = tuple(steps)
        self._journal: Journal = MemoryJournal() if journal is None else journal
        self._clock: Clock = clock or SystemClock()
        self._observer: Observer = observer or (lambda _: None)

    def run(self, inputs: Mapping[str, Any] | None = None) -> PipelineResult:
        """Run every step that has not finished with these inputs.

        Args:
            inputs: Plain data by name, for the steps that ask for it.

        Returns:
            SUCCESS, PARTIAL_FAILURE or FAILURE with the outputs, errors and warnings. A failed step ends the run.

        Raises:
            ConfigurationError: A step asks for something that nothing before it gives; found before any step runs.
            KeyboardInterrupt: As it came, after the journal says CANCELLED. So with SystemExit.
        """
        values = dict(inputs or {})
        self._check_names(values)
        earlier = self._finished()
        start_s = self._clock.monotonic()
        self._journal.append({"event": "run_started", "steps": [step.name for step in self._steps]})
        status = PipelineStatus.FAILURE
        try:
            status = self._run_steps(values, earlier, start_s)
        except (KeyboardInterrupt, SystemExit):
            status = PipelineStatus.CANCELLED
            raise
        finally:
            self._journal.append({"event": "run_ended", "status": str(status)})
        return result_of(self._journal.records())

    def _run_steps(self, values: dict[str, Any], earlier: Mapping[str, Any], start_s: float) -> PipelineStatus:
        status = PipelineStatus.SUCCESS
        for step in self._steps:
            key = _key(step, values)
            record = earlier.get(key)
            if record is not None and (step.valid is None or step.valid(record["output"])):
                record = {**record, "reused": True}
            else:
                record = self._run_step(step, key, values, start_s)
            self._journal.append(record)
            failpoint(f"pipeline.{step.name}.ended")
            self._observer(_last(record))
            if record["status"] == StepStatus.FAILED and not step.optional:
                return PipelineStatus.FAILURE
            if record["status"] != StepStatus.SUCCESS:
                status = PipelineStatus.PARTIAL_FAILURE
            values[step.name] = record["output"]
        return status

    def _run_step(self, step: Step, key: str, values: Mapping[str, Any], start_s: float) -> dict[str, Any]:
        begun_s = self._clock.monotonic() - start_s
        self._journal.append({"event": "step_started", "step": step.name, "key": key, "started_s": begun_s})
        self._observer(StepResult(step.name, StepStatus.RUNNING, started_s=begun_s))
        failpoint(f"pipeline.{step.name}.started")
        attempts = _Attempts(step, values)
        error: dict[str, Any] | None = None
        try:
            output, status = attempts.run(), StepStatus.SUCCESS
        except Exception as failure:  # noqa: BLE001 - a failed step is a result, whatever failed
            error = describe(failure)
            output, status, error = _rescued(step, values, failure, error)
        return {
            "event": "step_ended",
            "step": step.name,
            "key": key,
            "status": str(status),
            "output": output,
            "optional": step.optional,
            "error": error,
            "attempts": attempts.count,
            "started_s": begun_s,
            "seconds": self._clock.monotonic() - start_s - begun_s,
        }

    def _finished(self) -> dict[str, Any]:
        """Outputs worth keeping, by key: a fallback's or a failure's is tried again."""
        return {
            record["key"]: record
            for record in self._journal.records()
            if record.get("event") == "step_ended" and record["status"] == StepStatus.SUCCESS
        }

    def _check_names(self, inputs: Mapping[str, Any]) -> None:
        known = set(inputs)
        for step in self._steps:
            wanted = _needs(step.fn) + [name for name in _needs(step.fallback) if name != "error"]
            missing = [name for name in wanted if name not in known]
            if missing:
                raise ConfigurationError(
                    f"step {step.name!r} asks for {missing[0]!r}, which no input or earlier step gives; "
                    f"there is {', '.join(sorted(known)) or 'nothing'}"
                )
            known.add(step.name)


class _Attempts:
    """Calls a step's function under its policies, and counts."""

    def __init__(self, step: Step, values: Mapping[str, Any]) -> None:
        self.count = 0
        self._step = step
        self._arguments = {name: values[name] for name in _needs(step.fn)}

    def run(self) -> Any:
        call = self._once if self._step.retry is None else self._step.retry(self._once)
        return call()

    def _once(self) -> Any:
        self.count += 1
        if self._step.timeout_s is None:
            return self._step.fn(**self._arguments)
        return call_in_process(self._step.fn, self._arguments, self._step.timeout_s)


def _rescued(
    step: Step, values: Mapping[str, Any], failure: Exception, error: dict[str, Any]
) -> tuple[Any, StepStatus, dict[str, Any]]:
    if step.fallback is None:
        return None, StepStatus.FAILED, error
    available = {**values, "error": failure}
    try:
        output = step.fallback(**{name: available[name] for name in _needs(step.fallback)})
    except Exception as second:  # noqa: BLE001 - a failed fallback is a failed step; both failures are told
        second.__cause__ = second.__cause__ or failure
        return None, StepStatus.FAILED, describe(second)
    return output, StepStatus.FALLBACK, error


def _needs(fn: Callable[..., Any] | None) -> list[str]:
    """Names of the parameters that the pipeline must fill."""
    if fn is None:
        return []
    bound = set(fn.keywords) if isinstance(fn, functools.partial) else set()
    return [
        name
        for name, parameter in inspect.signature(fn).parameters.items()
        if parameter.default is parameter.empty
        and name not in bound
        and parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
    ]


def _key(step: Step, values: Mapping[str, Any]) -> str:
    """A name for "this step with these inputs", the same in every process."""
    text = json.dumps(
        [step.name, step.parameters, {name: values[name] for name in _needs(step.fn)}], sort_keys=True, default=str
    )
    return hashlib.sha256(text.encode()).hexdigest()


def _last(record: Mapping[str, Any]) -> StepResult:
    return result_of([{"event": "run_started", "steps": []}, record]).steps[0]
