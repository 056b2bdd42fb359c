"""One run of a pipeline: what comes next, what is written down, who is told.

Rule: no function of a step is called here. A generator says which call comes next and is given its outcome, so that
``run`` and ``run_async`` make the same decisions. What is in the journal is true at every instant.
"""

import asyncio
from collections.abc import Generator, Mapping, Sequence
from typing import Any

from groundwork._failpoints import failpoint
from groundwork.errors import UsageError, describe
from groundwork.resilience._call import Call
from groundwork.resilience._cancel import CancelToken, RunCancelled
from groundwork.resilience._clock import Clock
from groundwork.resilience._events import Event, Observer, RunEvent, StepEvent
from groundwork.resilience._finished import Finished
from groundwork.resilience._journal import Journal
from groundwork.resilience._log_context import log_context
from groundwork.resilience._result import PipelineResult, PipelineStatus, Reading, StepResult, StepStatus, step_of
from groundwork.resilience._retry_hooks import tell
from groundwork.resilience._step import Function, WiredStep
from groundwork.resilience._values import Value, key_of, plain_error

Work = Generator[Call, Any, Any]
_INTERRUPTIONS = (KeyboardInterrupt, SystemExit, asyncio.CancelledError, GeneratorExit)


class Execution:
    """One run.

    Args:
        steps: The steps, their names checked.
        inputs: The run's inputs.
        journal: Where finished work is written.
        clock: Where durations come from.
        observers: Told of each event.
        run_id: How events and logs name the run.
        token: What may end the run.
    """

    def __init__(
        self,
        steps: Sequence[WiredStep],
        inputs: Mapping[str, Any],
        *,
        journal: Journal,
        clock: Clock,
        observers: Sequence[Observer],
        run_id: str,
        token: CancelToken,
    ) -> None:
        self._steps = steps
        self._values = {name: Value(value) for name, value in inputs.items()}
        self._journal = journal
        self._clock = clock
        self._observers = observers
        self._run_id = run_id
        self._token = token
        self._names = tuple(each.step.name for each in steps)
        self._finished = Finished()
        self._reading = Reading()
        self._reused: list[dict[str, Any]] = []
        self._start_s = clock.monotonic()

    def work(self) -> Generator[Call, Any, PipelineResult]:
        """Run; give each call to the caller, who sends back what it returned or throws in what it raised.

        Yields:
            The next call.

        Returns:
            What became of the run.
        """
        for record in self._journal.records():
            self._finished.take(record)
            self._reading.take(record)
        with log_context(run=self._run_id):
            self._append({"event": "run_started", "steps": list(self._names), "run": self._run_id})
            self._tell(RunEvent(self._run_id, PipelineStatus.RUNNING, self._names))
            try:
                status: PipelineStatus = yield from self._all_steps()
            except RunCancelled:
                status = PipelineStatus.CANCELLED
            except _INTERRUPTIONS:
                self._end(PipelineStatus.CANCELLED)
                raise
            except Exception:
                self._end(PipelineStatus.FAILURE)
                raise
            # Anything else is no end that a program gives itself, and the journal stays as a crash leaves it.
            return self._end(status)

    def _end(self, status: PipelineStatus) -> PipelineResult:
        self._append({"event": "run_ended", "status": str(status)})
        result = self._reading.result()
        self._tell(RunEvent(self._run_id, status, self._names, self._seconds(), result))
        return result

    def _all_steps(self) -> Work:
        status = PipelineStatus.SUCCESS
        for each in self._steps:
            self._token.check()
            with log_context(step=each.step.name):
                record = yield from self._step(each)
                failpoint(f"pipeline.{each.step.name}.ended")
                self._tell(StepEvent(self._run_id, step_of(record), each.step.optional))
            ended = record["status"]
            if ended == StepStatus.FAILED and not each.step.optional:
                return PipelineStatus.FAILURE
            if ended in (StepStatus.FAILED, StepStatus.FALLBACK):
                status = PipelineStatus.PARTIAL_FAILURE
        return status

    def _step(self, each: WiredStep) -> Work:
        """Take a step's output from the journal, or make it; return its record."""
        begun_s = self._seconds()
        try:
            wanted = each.step.when is None or (yield self._condition(each.step.when, each))
        except Exception as failure:  # noqa: BLE001 - a condition that fails is a failed step
            return self._ended(each, None, begun_s, 0, None, StepStatus.FAILED, describe(failure))
        if not wanted:
            return self._ended(each, None, begun_s, 0, None, StepStatus.SKIPPED, None)
        key = key_of(each.step.names, each.parameters, self._picked(each.fn))
        found = self._finished.find(each.step, key)
        if found is not None:
            record, output = found
            self._give(each, output)
            self._reused.append({"step": each.step.name, "key": key})
            return {**record, "reused": True}
        return (yield from self._made(each, key, begun_s))

    def _made(self, each: WiredStep, key: str | None, begun_s: float) -> Work:
        step = each.step
        self._append({"event": "step_started", "step": step.name, "key": key, "started_s": begun_s})
        self._tell(StepEvent(self._run_id, StepResult(step.name, StepStatus.RUNNING, started_s=begun_s), step.optional))
        failpoint(f"pipeline.{step.name}.started")
        call = self._attempts(each)
        try:
            output, status, error = step.parts((yield call))[step.name], StepStatus.SUCCESS, None
        except Exception as failure:  # noqa: BLE001 - a failed step is a result, whatever failed
            output, status, error = yield from self._rescued(each, failure)
        return self._ended(each, key, begun_s, call.count, output, status, error)

    def _rescued(self, each: WiredStep, failure: Exception) -> Work:
        if each.step.fallback is None:
            return None, StepStatus.FAILED, describe(failure)
        try:
            if not each.step.serves(failure):
                return None, StepStatus.FAILED, _unserved(failure)
        except Exception as second:  # noqa: BLE001 - as a fallback that fails
            second.__cause__ = second.__cause__ or failure
            return None, StepStatus.FAILED, describe(second)
        more = {"error": Value(failure)} if each.takes_error else {}
        try:
            arguments = {**self._picked(each.fallback), **more}
            given = yield Call(each.step.fallback, arguments, token=self._token, clock=self._clock)
            output = each.step.parts(given)[each.step.name]
        except Exception as second:  # noqa: BLE001 - a failed fallback is a failed step; both failures are told
            if second is not failure:
                second.__cause__ = second.__cause__ or failure
            return None, StepStatus.FAILED, describe(second)
        return output, StepStatus.FALLBACK, describe(failure)

    def _ended(
        self,
        each: WiredStep,
        key: str | None,
        begun_s: float,
        attempts: int,
        output: Any,
        status: StepStatus,
        error: dict[str, Any] | None,
    ) -> dict[str, Any]:
        """Write down how a step ended, and make its output known."""
        value = Value(output)
        record = {
            "event": "step_ended",
            "step": each.step.name,
            "key": key,
            "status": str(status),
            "output": value.get(),
            "sha256": value.digest,
            "optional": each.step.optional,
            "error": None if error is None else plain_error(error),
            "attempts": attempts,
            "started_s": begun_s,
            "seconds": self._seconds() - begun_s,
        }
        try:
            self._append(record)
        except UsageError as refusal:
            # The journal cannot say this output; that is the step's failure.
            failed = {**record, "status": "FAILED", "output": None, "sha256": None}
            record, value = {**failed, "error": plain_error(describe(refusal))}, Value(None)
            self._append(record)
        self._give(each, value)
        return record

    def _condition(self, when: Function, each: WiredStep) -> Call:
        return Call(when, self._picked(each.when), token=self._token, clock=self._clock)

    def _attempts(self, each: WiredStep) -> Call:
        step = each.step

        def failed(count: int, error: Exception) -> None:
            if step.retry is not None:
                so_far = StepResult(step.name, StepStatus.RUNNING, attempts=count, error=plain_error(describe(error)))
                self._tell(StepEvent(self._run_id, so_far, step.optional))

        return Call(
            step.fn,
            self._picked(each.fn),
            token=self._token,
            clock=self._clock,
            retry=step.retry,
            timeout_s=step.timeout_s,
            on_failure=failed,
        )

    def _picked(self, wires: Mapping[str, str]) -> dict[str, Value]:
        # What is needed is there; what is not there has a default.
        return {parameter: self._values[name] for parameter, name in wires.items() if name in self._values}

    def _give(self, each: WiredStep, output: Value) -> None:
        self._values[each.step.name] = output
        if each.step.outputs:
            self._values.update({name: Value(part) for name, part in each.step.parts(output.get()).items()})

    def _append(self, record: Mapping[str, Any]) -> None:
        """Write a record, and before it the reuses that it follows: together, since nothing is lost with them."""
        reused, self._reused = self._reused, []
        for each in ([{"event": "steps_reused", "steps": reused}] if reused else []) + [record]:
            self._journal.append(each)
            self._reading.take(each)

    def _seconds(self) -> float:
        return self._clock.monotonic() - self._start_s

    def _tell(self, event: Event) -> None:
        for observer in self._observers:
            tell(observer, event)


def _unserved(failure: Exception) -> dict[str, Any]:
    described = describe(failure)
    hint = "its fallback does not serve for this error; if it should, name the type in fallback_on"
    return described if described.get("hint") else {**described, "hint": hint}
