"""A run logs beside its results, or to standard error; every line says which run and step it belongs to."""

import json
import sys

import pytest

from groundwork.project import find_run

pytestmark = pytest.mark.integration


def parsed(text):
    return [json.loads(line) for line in text.splitlines()]


def test_the_log_lies_in_the_runs_folder(project, command):
    ended = command("run", project)

    run = find_run(project.parent / "runs" / "latest")
    lines = parsed((run.folder / "log.jsonl").read_text())
    assert (ended.returncode, ended.stderr) == (0, "")
    assert {line["run"] for line in lines} == {run.info.id}
    assert [lines[0]["message"], lines[-1]["message"]] == ["run started", "run ended: SUCCESS"]
    assert "step train ended: SUCCESS" in [line["message"] for line in lines if line.get("step") == "train"]


def test_a_resumed_run_goes_on_with_its_log(project, command):
    command("run", project, failpoints={"pipeline.train.started": KeyboardInterrupt()})
    command("run", project)

    run = find_run(project.parent / "runs" / "latest")
    ends = [
        line["message"] for line in parsed((run.folder / "log.jsonl").read_text()) if "run ended" in line["message"]
    ]
    assert ends == ["run ended: CANCELLED", "run ended: SUCCESS"]


def test_json_goes_to_standard_error_when_asked_for(project, command):
    ended = command("run", project, "--log-format", "json", "--log-level", "warning", "--set", "gates.roc_auc=>= 0.999")

    run = find_run(project.parent / "runs" / "latest")
    lines = parsed("\n".join(line for line in ended.stderr.splitlines() if line.startswith("{")))
    assert [(line["level"], line.get("step"), line["error"]["code"]) for line in lines if "error" in line] == [
        ("ERROR", "gates", "gate_missed")
    ]
    assert {line["run"] for line in lines} == {run.info.id}
    assert not (run.folder / "log.jsonl").exists()


def test_a_level_that_does_not_exist_is_refused(project, command):
    ended = command("run", project, "--log-level", "loud")

    assert (ended.returncode, "loud" in ended.stderr) == (2, True)


def test_under_opentelemetrys_sdk_a_run_makes_spans(project, command, monkeypatch):
    from opentelemetry import trace
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(trace, "get_tracer", provider.get_tracer)

    command("run", project)

    assert "opentelemetry.sdk" in sys.modules
    names = [span.name for span in exporter.get_finished_spans()]
    assert (names[0], names[-1]) == ("environment", "pipeline")
