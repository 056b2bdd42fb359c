"""Runs and steps as OpenTelemetry spans.

Rule: the library is looked for when an observer is made, and only its API is used; what is done with the spans is
decided by the SDK that the program has set up.
"""

from collections.abc import Mapping
from contextvars import Token
from typing import TYPE_CHECKING, Any

from groundwork.errors import ConfigurationError
from groundwork.resilience._events import Event, Observer, RunEvent, StepEvent
from groundwork.resilience._result import PipelineStatus, StepStatus

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.trace import Span, Tracer


def otel_observer(tracer: "Tracer | None" = None) -> Observer:
    """Make an observer that gives a span for the run and one within it for each step.

    While a step runs its span is the current one, so that spans of its own work lie within it; a step in a process of
    its own (``timeout_s``) starts without. Failed attempts are events of the span, a failure is its status.

    Args:
        tracer: Whose spans; the global provider's, named ``groundwork``, if None.

    Returns:
        An observer, for one run at a time.

    Raises:
        ConfigurationError: OpenTelemetry is not installed.
    """
    try:
        from opentelemetry import trace
    except ImportError as error:
        raise ConfigurationError(
            "OpenTelemetry is not installed", hint="python -m pip install 'groundwork[otel]'"
        ) from error
    return _Spans(tracer or trace.get_tracer("groundwork"))


class _Spans:
    def __init__(self, tracer: "Tracer") -> None:
        self._tracer = tracer
        # Of the run, and of the step in it that runs; the inner is ended first.
        self._open: list[tuple[Span, Token[Context]]] = []

    def __call__(self, event: Event, /) -> None:
        if isinstance(event, RunEvent):
            self._run(event)
        else:
            self._step(event)

    def _run(self, event: RunEvent) -> None:
        if event.status is PipelineStatus.RUNNING:
            self._begin("pipeline", {"groundwork.run": event.run})
            return
        while len(self._open) > 1:
            # Its end was never told: an interruption went through it.
            self._end({"groundwork.step.status": "CANCELLED"}, None)
        errors = event.result.errors if event.result is not None else []
        failed = event.status is PipelineStatus.FAILURE
        told = errors[0] if errors else {"message": str(event.status)}
        self._end({"groundwork.run.status": str(event.status)}, told if failed else None)

    def _step(self, event: StepEvent) -> None:
        step = event.step
        if step.status is StepStatus.RUNNING:
            if step.error is None:
                self._begin(step.name, {"groundwork.run": event.run, "groundwork.step": step.name})
            else:
                self._tell_error("attempt failed", step.error, {"groundwork.step.attempt": step.attempts})
            return
        if len(self._open) == 1:
            # Skipped, or done before: it never started here.
            self._begin(step.name, {"groundwork.run": event.run, "groundwork.step": step.name})
        facts = {
            "groundwork.step.status": str(step.status),
            "groundwork.step.attempts": step.attempts,
            "groundwork.step.reused": step.reused,
        }
        if step.error is not None:
            self._tell_error("exception", step.error, {})
        self._end(facts, step.error if step.status is StepStatus.FAILED else None)

    def _begin(self, name: str, attributes: Mapping[str, Any]) -> None:
        from opentelemetry import context, trace

        span = self._tracer.start_span(name, attributes=dict(attributes))
        self._open.append((span, context.attach(trace.set_span_in_context(span))))

    def _tell_error(self, name: str, error: Mapping[str, Any], more: Mapping[str, Any]) -> None:
        facts = {"exception.type": str(error["type"]), "exception.message": str(error["message"]), **more}
        self._open[-1][0].add_event(name, facts)

    def _end(self, attributes: Mapping[str, Any], error: Mapping[str, Any] | None) -> None:
        from opentelemetry import context
        from opentelemetry.trace import Status, StatusCode

        span, token = self._open.pop()
        span.set_attributes(dict(attributes))
        span.set_status(Status(StatusCode.OK) if error is None else Status(StatusCode.ERROR, str(error["message"])))
        span.end()
        context.detach(token)
