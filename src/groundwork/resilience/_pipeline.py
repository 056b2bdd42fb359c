"""Steps in order, each finished one written down.

Rule: a step whose record says that it finished with the same inputs is not run again; a started one is, once.
A step that runs costs two journal records; all that are reused in a row cost one together.
"""

import asyncio
import contextlib
import contextvars
from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any

from groundwork.errors import ConfigurationError, UsageError
from groundwork.resilience._call import Call
from groundwork.resilience._cancel import CancelToken
from groundwork.resilience._clock import Clock, SystemClock
from groundwork.resilience._events import Observer
from groundwork.resilience._execution import Execution
from groundwork.resilience._journal import Journal, MemoryJournal, held
from groundwork.resilience._result import PipelineResult
from groundwork.resilience._step import Step, check_names, is_async, wired


class Pipeline:
    """Steps that run in order and, with a durable journal, go on where a killed process stopped.

    Args:
        steps: The steps; each may use what stands before it.
        journal: Where finished work is written; in memory if None.
        clock: Where durations come from.
        observers: Told of each event: a ``RunEvent`` or ``StepEvent``.
        run_id: How events and logs name the run.

    Raises:
        ConfigurationError: Two steps or outputs of one name, a function that cannot be called by names, or an argument
            that is not what it should be.
    """

    def __init__(
        self,
        steps: Sequence[Step],
        *,
        journal: Journal | None = None,
        clock: Clock | None = None,
        observers: Sequence[Observer] = (),
        run_id: str = "pipeline",
    ) -> None:
        _check(steps, journal, clock, observers, run_id)
        self._steps = wired(steps)
        self._journal: Journal = MemoryJournal() if journal is None else journal
        self._clock: Clock = clock or SystemClock()
        self._observers = tuple(observers)
        self._run_id = run_id
        self._token = CancelToken()

    def run(self, inputs: Mapping[str, Any] | None = None) -> PipelineResult:
        """Run every step that has not finished with these inputs.

        Args:
            inputs: Plain data by name, for the steps that ask for it. With anything else, what depends on it always
                runs again.

        Returns:
            SUCCESS, PARTIAL_FAILURE, FAILURE or CANCELLED with the outputs, errors and warnings. A failed step ends the
            run.

        Raises:
            ConfigurationError: A step asks for something that nothing before it gives, or no step for an input; found
                before any step runs.
            Locked: Another run uses the journal.
            UsageError: Called from a coroutine while a step is one.
            KeyboardInterrupt: As it came, after the journal says CANCELLED. So with SystemExit.
        """
        execution, own = self._execution(inputs)
        self._refuse_nested_loop()
        with held(self._journal), self._token.stopping(own.cancel), contextlib.ExitStack() as stack:
            return _driven(execution.work(), _Caller(stack))

    async def run_async(self, inputs: Mapping[str, Any] | None = None) -> PipelineResult:
        """Run as ``run`` does, without blocking the loop: steps that are no coroutine functions run in threads.

        Args:
            inputs: See ``run``.

        Returns:
            See ``run``.

        Raises:
            ConfigurationError: See ``run``.
            Locked: See ``run``.
            CancelledError: As it came, after the journal says CANCELLED; no thread or process of the run is left.
        """
        execution, own = self._execution(inputs)
        with held(self._journal), self._token.stopping(own.cancel):
            return await _driven_async(execution.work())

    def cancel(self) -> None:
        """Ask the run to end, from any thread or signal handler: it returns CANCELLED, and nothing new begins.

        A step in a process of its own is killed, a coroutine cancelled, a wait between attempts ended; any other step
        ends first. This is for good: to go on, make a new pipeline with the same journal.
        """
        self._token.cancel()

    def _execution(self, inputs: Mapping[str, Any] | None) -> tuple[Execution, CancelToken]:
        if not isinstance(inputs, Mapping | None) or not all(isinstance(name, str) for name in inputs or ()):
            raise ConfigurationError(f"inputs of a run are {inputs!r}; give a mapping of names and values")
        values = dict(inputs or {})
        check_names(self._steps, values)
        # The run's own, as a cancelled run_async ends one run and not the pipeline.
        own = CancelToken()
        execution = Execution(
            self._steps,
            values,
            journal=self._journal,
            clock=self._clock,
            observers=self._observers,
            run_id=self._run_id,
            token=own,
        )
        return execution, own

    def _refuse_nested_loop(self) -> None:
        asynchronous = [
            each.step.name
            for each in self._steps
            if any(fn is not None and is_async(fn) for fn in (each.step.fn, each.step.when, each.step.fallback))
        ]
        if not asynchronous:
            return
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return
        raise UsageError(f"step {asynchronous[0]!r} is a coroutine function and a loop runs; await run_async() instead")


def _check(steps: Any, journal: Any, clock: Any, observers: Any, run_id: Any) -> None:
    """Find what would surface as a bare TypeError in the middle of a run, or never."""
    wrong = [each for each in steps if not isinstance(each, Step)] if isinstance(steps, Sequence) else [steps]
    if wrong:
        raise ConfigurationError(f"{wrong[0]!r} is no Step; write Pipeline([Step(name, fn), …])")
    if not (journal is None or all(callable(getattr(journal, name, None)) for name in ("records", "append"))):
        raise ConfigurationError(
            f"journal={journal!r} is no Journal", hint="write journal=FileJournal(path), of groundwork.storage"
        )
    if not (clock is None or callable(getattr(clock, "monotonic", None))):
        raise ConfigurationError(f"clock={clock!r} is no Clock; leave it out for the system's time")
    if not isinstance(observers, Sequence) or not all(map(callable, observers)):
        raise ConfigurationError(f"observers={observers!r} is no list of functions; write observers=[log_events]")
    if not isinstance(run_id, str):
        raise ConfigurationError(f"run_id={run_id!r} is no text")


def _driven(work: Generator[Call, Any, PipelineResult], make: Callable[[Call], Any]) -> PipelineResult:
    try:
        call = next(work)
        while True:
            try:
                output = make(call)
            except BaseException as error:  # noqa: BLE001 - it goes on inside, which decides
                call = work.throw(error)
            else:
                call = work.send(output)
    except StopIteration as end:
        result: PipelineResult = end.value
        return result


async def _driven_async(work: Generator[Call, Any, PipelineResult]) -> PipelineResult:
    try:
        call = next(work)
        while True:
            try:
                output = await call.run_async()
            except BaseException as error:  # noqa: BLE001 - it goes on inside, which decides
                call = work.throw(error)
            else:
                call = work.send(output)
    except StopIteration as end:
        result: PipelineResult = end.value
        return result


class _Caller:
    """Makes calls from synchronous code; all coroutines of a run share one loop, made for the first."""

    def __init__(self, stack: contextlib.ExitStack) -> None:
        self._stack = stack
        self._runner: asyncio.Runner | None = None

    def __call__(self, call: Call) -> Any:
        if not call.is_async:
            return call.run()
        if self._runner is None:
            self._runner = self._stack.enter_context(asyncio.Runner())
        # A runner remembers the context of its first run; the logs of this call belong to this step.
        return self._runner.run(call.run_async(), context=contextvars.copy_context())
