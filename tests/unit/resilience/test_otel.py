import sys

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from groundwork.errors import ConfigurationError, TransientError
from groundwork.resilience import Backoff, MemoryJournal, Pipeline, Step, otel_observer, retry


class Spans:
    """Runs pipelines under a tracer, and tells what became of it."""

    def __init__(self):
        self.exporter = InMemorySpanExporter()
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.tracer = provider.get_tracer("tests")

    def run(self, steps, **options):
        return Pipeline(steps, observers=[otel_observer(self.tracer)], run_id="r1", **options).run()

    def by_name(self):
        return {span.name: span for span in self.exporter.get_finished_spans()}


@pytest.fixture
def spans():
    return Spans()


def down():
    raise TransientError("down")


def test_a_run_is_a_span_with_a_span_for_each_step(spans):
    spans.run([Step("load", lambda: 1), Step("skip", lambda: 2, when=lambda: False)])

    found = spans.by_name()
    assert set(found) == {"pipeline", "load", "skip"}
    assert {found[name].parent.span_id for name in ("load", "skip")} == {found["pipeline"].context.span_id}
    assert found["pipeline"].attributes == {"groundwork.run": "r1", "groundwork.run.status": "SUCCESS"}
    assert found["load"].attributes["groundwork.step.attempts"] == 1
    assert found["skip"].attributes["groundwork.step.status"] == "SKIPPED"
    assert not trace.get_current_span().get_span_context().is_valid


def test_spans_of_the_work_lie_within_the_step(spans):
    def load():
        with spans.tracer.start_as_current_span("query"):
            pass

    spans.run([Step("load", load)])

    found = spans.by_name()
    assert found["query"].parent.span_id == found["load"].context.span_id


def test_a_failure_is_the_status_of_step_and_run(spans):
    spans.run([Step("load", down)])

    found = spans.by_name()
    assert [found[name].status.status_code.name for name in ("load", "pipeline")] == ["ERROR", "ERROR"]
    assert found["load"].events[0].attributes["exception.message"] == "down"


def test_a_step_that_a_fallback_saved_shows_its_failure_and_is_no_error(spans):
    spans.run([Step("load", down, fallback=lambda: 1)])

    found = spans.by_name()
    assert found["load"].status.status_code.name == "OK"
    assert found["load"].events[0].attributes["exception.type"] == "TransientError"
    assert found["pipeline"].attributes["groundwork.run.status"] == "PARTIAL_FAILURE"


def test_failed_attempts_are_events_of_the_step(spans, clock):
    left = [TransientError("busy")]

    def load():
        if left:
            raise left.pop()

    policy = retry(backoff=Backoff(1, 1, 1, "none"), clock=clock)
    spans.run([Step("load", load, retry=policy)], clock=clock)

    (event,) = spans.by_name()["load"].events
    assert (event.name, event.attributes["groundwork.step.attempt"]) == ("attempt failed", 1)


def test_a_step_done_before_says_so(spans):
    journal = MemoryJournal()
    Pipeline([Step("load", lambda: 1)], journal=journal).run()

    spans.run([Step("load", lambda: 1)], journal=journal)

    assert spans.by_name()["load"].attributes["groundwork.step.reused"]


def test_an_interruption_ends_all_spans(spans):
    def load():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        spans.run([Step("load", load)])

    found = spans.by_name()
    assert found["load"].attributes["groundwork.step.status"] == "CANCELLED"
    assert found["pipeline"].attributes["groundwork.run.status"] == "CANCELLED"
    assert not trace.get_current_span().get_span_context().is_valid


def test_without_the_library_it_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "opentelemetry", None)

    with pytest.raises(ConfigurationError, match="OpenTelemetry is not installed") as raised:
        otel_observer()

    assert "groundwork[otel]" in raised.value.hint


def test_the_status_of_a_failure_says_why(spans):
    spans.run([Step("load", down)])

    found = spans.by_name()
    assert [found[name].status.description for name in ("load", "pipeline")] == ["down", "down"]
    assert [event.name for event in found["load"].events] == ["exception"]


def test_a_run_that_succeeded_or_failed_in_part_has_no_error_as_its_status(spans):
    spans.run([Step("load", down, optional=True), Step("use", lambda: 1)])

    status = spans.by_name()["pipeline"].status
    assert (status.status_code.name, status.description) == ("OK", None)


def test_unless_told_the_tracer_is_that_of_the_program_under_our_name(monkeypatch):
    asked = []
    monkeypatch.setattr(trace, "get_tracer", lambda *args, **options: asked.append((args, options)))

    otel_observer()

    assert asked == [(("groundwork",), {})]
