import asyncio
import json
import logging
import re
import sys

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from groundwork.errors import ConfigurationError
from groundwork.serving import create_app
from groundwork.serving._access_log import AccessLog, request_id
from groundwork.serving._notes import Ended, Note, note_batch
from groundwork.serving._sight import Sight
from groundwork.serving._traces import Traces

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"


@pytest.fixture
def logged(caplog):
    caplog.set_level(logging.INFO, logger="groundwork.serving.access")
    return lambda: [json.loads(record.getMessage()) for record in caplog.records if record.name.endswith(".access")]


@pytest.fixture
def traced(monkeypatch):
    """The spans that apps make from now on."""
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr("opentelemetry.trace.get_tracer_provider", lambda: provider)
    monkeypatch.setattr(
        "opentelemetry.trace.get_tracer", lambda *names, tracer_provider=None: provider.get_tracer(*names)
    )
    yield exporter.get_finished_spans
    provider.shutdown()


def ended(status=200, **more):
    told = {"method": "POST", "path": "/predict", "route": "/predict", "seconds": 0.25, "client": "10.0.0.1"}
    return Ended(**{**told, "status": status, "headers": {}, "request_id": "", **more})


def test_a_record_a_request_says_who_asked_what_and_how_it_went(ask, model, logged):
    async def talk(client):
        await client.predict([{"x": 1}, {"x": 2}], "?key=secret", headers=[("x-request-id", "abc")])
        await client.get("/nowhere")

    ask({"m": model}, talk, access_log=True, executor="thread")

    first, second = logged()
    assert first.pop("ms") > 0
    assert first.pop("queue_ms") >= 0
    assert first == {
        "method": "POST",
        "path": "/predict",
        "route": "/predict",
        "status": 200,
        "client": "",
        "request_id": "abc",
        "model": "m",
        "version": "7",
        "rows": 2,
        "batch_rows": 2,
    }
    assert (second["status"], second["route"], "rows" in second) == (404, "other", False)
    assert re.fullmatch("[0-9a-f]{32}", second["request_id"])


def test_where_logging_was_not_set_up_the_records_go_to_stderr(capsys):
    log = logging.Logger("alone")

    AccessLog(log).ended(ended(), "")
    AccessLog(log).ended(ended(404), "")

    assert [json.loads(line)["status"] for line in capsys.readouterr().err.splitlines()] == [200, 404]


def test_a_logger_that_was_set_up_stays_as_it_is(capsys):
    log = logging.Logger("quiet", logging.WARNING)
    log.addHandler(logging.StreamHandler())

    AccessLog(log).ended(ended(), "")

    assert (capsys.readouterr().err, len(log.handlers)) == ("", 1)


def test_nothing_is_logged_unless_asked_for(ask, model, logged):
    ask({"m": model}, lambda client: client.predict([{"x": 1}]))

    assert logged() == []


def test_a_body_that_breaks_off_is_logged_too(ask, model, logged):
    async def talk(client):
        large = await client.request("POST", "/predict", body=b"x" * 100, headers=[("x-request-id", "big")])
        wrong = await client.request("POST", "/predict", headers=[("x-request-timeout-ms", "soon")])
        return large.headers["x-request-id"], wrong.headers["x-request-id"]

    large, wrong = ask({"m": model}, talk, access_log=True, max_body_bytes=10)

    assert [(record["status"], record["request_id"]) for record in logged()] == [(413, large), (400, wrong)]
    assert large == "big"


def test_a_client_that_left_is_logged_and_leaves_no_note(served, model, logged):
    async def main():
        async with served({"m": model}, access_log=True, executor="thread", watch_after_s=0.0) as client:
            model.hold()
            first = asyncio.create_task(client.predict([{"x": 1}]))
            await model.entered()
            gone = asyncio.Event()
            left = asyncio.create_task(client.predict([{"x": 2}], gone=gone))
            await asyncio.sleep(0)
            gone.set()
            await left
            model.let_go()
            await first
            return next(client.app.models.all()).notes

    notes = asyncio.run(main())

    assert [(record["status"], record.get("batch_rows")) for record in logged()] == [(499, None), (200, 1)]
    assert notes == {}


@pytest.mark.parametrize("given", [b"a b", b"", b"x" * 129, b"\xff"])
def test_an_id_that_is_none_is_not_taken_over(given):
    assert request_id({b"x-request-id": given}, make=False) == b""
    assert len(request_id({b"x-request-id": given}, make=True)) == 32


def test_an_id_is_given_back_even_where_nobody_watches_and_made_only_where_somebody_does(ask, model):
    async def talk(client):
        with_id = await client.predict([{"x": 1}], headers=[("x-request-id", "mine")])
        refused = await client.predict([], headers=[("x-request-id", "mine")])
        without = await client.predict([{"x": 1}])
        return with_id.headers["x-request-id"], refused.headers["x-request-id"], "x-request-id" in without.headers

    assert ask({"m": model}, talk) == ("mine", "mine", False)


def test_a_span_a_request_goes_on_with_the_trace_of_its_request(ask, model, traced):
    async def talk(client):
        await client.predict([{"x": 1}, {"x": 2}], headers=[("traceparent", PARENT), ("tracestate", "a=b")])
        await client.predict([{"x": 666}])
        await client.get("/nowhere")

    ask({"m": model}, talk, tracing=True, executor="thread")

    good, failed, other = traced()
    assert good.name == "POST /predict"
    assert good.kind is SpanKind.SERVER
    assert f"{good.context.trace_id:032x}" == TRACE
    assert good.context.trace_state.get("a") == "b"
    shown = dict(good.attributes)
    assert re.fullmatch("[0-9a-f]{32}", shown.pop("groundwork.request.id"))
    assert shown.pop("groundwork.queue.seconds") >= 0
    assert shown == {
        "http.request.method": "POST",
        "http.route": "/predict",
        "http.response.status_code": 200,
        "url.path": "/predict",
        "client.address": "",
        "groundwork.model.name": "m",
        "groundwork.model.version": "7",
        "groundwork.rows": 2,
        "groundwork.batch.rows": 2,
    }
    assert good.status.status_code is StatusCode.UNSET
    assert failed.status.status_code is StatusCode.ERROR
    assert other.name == "GET"


def test_a_span_has_the_times_of_its_request(traced):
    Traces(clock=lambda: 10_000_000_000).ended(ended(), "")

    (span,) = traced()
    assert (span.start_time, span.end_time) == (9_750_000_000, 10_000_000_000)


def test_the_log_names_the_trace(ask, model, traced, logged):
    ask({"m": model}, lambda client: client.predict([{"x": 1}]), tracing=True, access_log=True)

    (span,) = traced()
    (record,) = logged()
    assert record["trace_id"] == f"{span.context.trace_id:032x}"


def test_without_a_provider_a_trace_of_the_request_is_still_named():
    made = Traces().ended(ended(headers={b"traceparent": PARENT.encode()}), "")

    assert made == TRACE
    assert Traces().ended(ended(), "") == ""


def test_tracing_without_opentelemetry_is_refused_with_the_extra_to_install(monkeypatch, model):
    monkeypatch.setitem(sys.modules, "opentelemetry", None)

    with pytest.raises(ConfigurationError, match="OpenTelemetry is missing") as refused:
        create_app({"m": model}, tracing=True)

    assert "groundwork[otel]" in refused.value.hint


def test_the_halves_of_a_batch_that_is_tried_again_are_no_new_batches():
    block, note = object(), Note(1, posted=1.0)

    note_batch({id(block): note}, [object(), block], 32, 2.0)
    note_batch({id(block): note}, [block], 16, 3.0)

    assert (note.batch_rows, note.taken) == (32, 2.0)


def test_where_nobody_watches_nothing_is_noted(served, model):
    async def main():
        async with served({"m": model}, executor="thread") as client:
            model.hold()
            asked = asyncio.create_task(client.predict([{"x": 1}]))
            await model.entered()
            notes = dict(next(client.app.models.all()).notes)
            model.let_go()
            await asked
            return notes, client.app.core.sight.watches

    assert asyncio.run(main()) == ({}, False)
    assert not Sight().watches
