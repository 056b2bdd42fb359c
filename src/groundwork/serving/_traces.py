"""OpenTelemetry spans: one a request.

Rule: off unless asked for, and then nothing of OpenTelemetry is imported. A span is made when its request is over, with
the times it had; the trace that the request names in ``traceparent`` goes on in it. Cost: what the exporter takes, and
some 20 microseconds a request.
"""

import time
from collections.abc import Callable
from typing import Any

from groundwork.errors import ConfigurationError
from groundwork.serving._describe import package_version
from groundwork.serving._notes import Ended


class Traces:
    """Makes a span for each call that is over, with the tracer provider that the program has set.

    Args:
        provider: Instead of the program's own.
        clock: Nanoseconds since 1970.

    Raises:
        ConfigurationError: OpenTelemetry is not installed.
    """

    def __init__(self, provider: Any = None, clock: Callable[[], int] = time.time_ns) -> None:
        try:
            from opentelemetry import trace
            from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
        except ImportError as error:
            raise ConfigurationError(
                "tracing is on and OpenTelemetry is missing", hint="pip install 'groundwork[otel]'"
            ) from error
        self._trace = trace
        self._clock = clock
        self._extract = TraceContextTextMapPropagator().extract
        self._tracer = trace.get_tracer("groundwork.serving", package_version(), tracer_provider=provider)

    def ended(self, call: Ended, trace_id: str) -> str:
        """Make the span; see ``Watcher``."""
        end = self._clock()
        span = self._tracer.start_span(
            f"{call.method} {call.route}" if call.route != "other" else call.method,
            context=self._extract(_carrier(call)),
            kind=self._trace.SpanKind.SERVER,
            attributes=_attributes(call),
            start_time=end - int(call.seconds * 1e9),
        )
        if call.status >= 500:
            span.set_status(self._trace.StatusCode.ERROR)
        span.end(end)
        made = span.get_span_context().trace_id
        return f"{made:032x}" if made else trace_id


def _carrier(call: Ended) -> dict[str, str]:
    names = ("traceparent", "tracestate")
    return {name: call.headers[name.encode()].decode("latin-1") for name in names if name.encode() in call.headers}


def _attributes(call: Ended) -> dict[str, Any]:
    attributes: dict[str, Any] = {
        "http.request.method": call.method,
        "http.route": call.route,
        "http.response.status_code": call.status,
        "url.path": call.path[:256],
        "client.address": call.client,
    }
    if call.request_id:
        attributes["groundwork.request.id"] = call.request_id
    if call.model:
        attributes |= {"groundwork.model.name": call.model, "groundwork.model.version": call.version}
    if call.note is not None:
        attributes["groundwork.rows"] = call.note.rows
    if call.queue_s is not None and call.note is not None:
        attributes |= {"groundwork.batch.rows": call.note.batch_rows, "groundwork.queue.seconds": call.queue_s}
    return attributes
