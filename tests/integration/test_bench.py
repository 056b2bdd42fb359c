"""``groundwork bench serve`` against real sockets."""

import json
import math
import socket
from pathlib import Path

import pytest

from groundwork.errors import ConfigurationError, UsageError, WorldError
from groundwork.serving import bench, check_plot, plot_bench
from groundwork.serving._bench import example_body
from groundwork.testing import Reply, flaky_server

pytestmark = pytest.mark.integration

OPENAPI = {"paths": {"/predict": {"post": {"parameters": [{"name": "model", "schema": {"enum": ["m"]}}]}}}}
# Without a warm-up the first request of each connection counts, however slow the machine is.
BRIEF = {"duration_s": 0.6, "warm_up_s": 0.0, "connections": 4}


def served(asked):
    """Answer as a server that describes its model."""
    if asked.path == "/openapi.json":
        return Reply(document=OPENAPI)
    if asked.path.startswith("/v2/models/"):
        return Reply(document={"name": "m", "example": {"x": 1.5}})
    return Reply(document={"predictions": [1]})


def test_a_request_is_made_of_the_models_example():
    with flaky_server(served) as server:
        report = bench(server.url, rows=2, **BRIEF)

    predicted = [asked for asked in server.asked if asked.path == "/predict"]
    assert {"instances": [{"x": 1.5}, {"x": 1.5}]} == predicted[0].json
    assert len(predicted) >= report.load.answered > 0


def test_a_model_a_body_and_headers_are_taken_as_given():
    with flaky_server(served) as server:
        bench(server.url + "/", model="a b", headers={"X-API-Key": "k"}, **BRIEF)
        bench(server.url + "/v2/models/m/infer", body=b"[]", **BRIEF)

    described = next(asked for asked in server.asked if asked.method == "GET")
    assert ("/v2/models/a%20b", "k") == (described.path, described.headers["x-api-key"])
    assert {"/v2/models/a%20b", "/predict?model=a%20b", "/v2/models/m/infer"} == {asked.path for asked in server.asked}


def test_a_closed_loop_is_told_corrected_with_the_uncorrected_beside():
    with flaky_server(served) as server:
        report = bench(server.url, **BRIEF)

    told = report.to_dict()
    assert ("closed", 4, None) == (told["loop"], told["connections"], told["rate"])
    assert {"200"} == set(told["statuses"])
    assert told["latency_ms"]["p99"] >= told["uncorrected_ms"]["p99"]
    assert {} == told["refused_ms"]
    assert told == json.loads(json.dumps(told))
    assert "requests/s answered with 2xx (4 connections, 0.6 s)" in report.lines()[0]
    assert "uncorrected" in report.lines()[2]


def test_an_open_loop_offers_its_rate():
    with flaky_server(served) as server:
        report = bench(server.url, rate=100.0, arrivals="steady", duration_s=0.3, warm_up_s=0.05)

    told = report.to_dict()
    assert ("open", 1024, 100.0) == (told["loop"], told["connections"], told["rate"])
    assert report.latency is report.load.latency
    assert "100 requests/s offered" in report.lines()[0]


def test_refusals_and_failures_are_told_by_status_and_reason():
    answers = [Reply(503, {}), Reply(404, {}), None, Reply(document={})]
    with flaky_server(lambda asked: answers[asked.number % 4]) as server:
        report = bench(server.url, body=b"{}", **BRIEF)

    lines = "\n".join(report.lines())
    for words in ("answered 503", "answered 404", "their p99", "connection lost"):
        assert words in lines


def test_a_server_that_only_refuses_has_no_latency_to_tell_or_draw(tmp_path):
    with flaky_server(lambda asked: Reply(404, {})) as server:
        report = bench(server.url, body=b"{}", **BRIEF)

    assert "0 requests/s" in report.lines()[0]
    assert {} == report.to_dict()["latency_ms"]
    assert math.isnan(report.latency.percentile_s(50))
    with pytest.raises(UsageError, match="nothing to plot"):
        plot_bench(report, tmp_path / "a.svg")


def test_a_server_that_describes_no_example_wants_a_body():
    with (
        flaky_server(lambda asked: Reply(404, {"code": "not_found"})) as server,
        pytest.raises(UsageError, match="describes no model") as caught,
    ):
        example_body(server.url, model="m")
    with (
        flaky_server(lambda asked: Reply(document={"name": "m"})) as server,
        pytest.raises(UsageError, match="no example"),
    ):
        example_body(server.url, model="m")

    assert "--body" in caught.value.hint


@pytest.mark.parametrize("suffix", ["svg", "png"])
def test_the_plot_is_a_file_of_the_kind_that_its_name_says(tmp_path, suffix):
    with flaky_server(served) as server:
        report = bench(server.url, **BRIEF)

    plot_bench(report, tmp_path / f"a.{suffix}")

    start = (tmp_path / f"a.{suffix}").read_bytes()[:200]
    assert (b"<?xml" if suffix == "svg" else b"\x89PNG") in start


def test_a_plot_that_cannot_be_written_is_told_before_the_measurement(tmp_path):
    for wrong in (tmp_path / "a.txt", tmp_path / "none" / "a.svg"):
        with pytest.raises(UsageError, match="cannot be written"):
            check_plot(wrong)


def test_a_plot_that_cannot_be_written_after_all_is_told(tmp_path):
    (tmp_path / "a.svg").mkdir()
    with flaky_server(served) as server:
        report = bench(server.url, **BRIEF)

    with pytest.raises(UsageError, match="cannot be written"):
        plot_bench(report, tmp_path / "a.svg")


@pytest.mark.parametrize("given", [{"arrivals": "steady"}, {"arrivals": "in waves", "rate": 10.0}])
def test_arrivals_that_come_at_no_rate_or_are_not_known_are_refused(given):
    with pytest.raises(ConfigurationError, match=given["arrivals"]):
        bench("http://127.0.0.1:9", **given)


def test_no_address_and_nothing_there_are_told():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    with pytest.raises(ConfigurationError, match="no address"):
        bench("localhost")
    with pytest.raises(WorldError, match="nothing answers"):
        bench(f"http://127.0.0.1:{port}")
    with pytest.raises(WorldError, match="nothing answers"):
        bench(f"http://127.0.0.1:{port}", body=b"{}")


def test_the_command_prints_the_result_and_what_to_do_next(command):
    with flaky_server(served) as server:
        done = command("bench", "serve", server.url, "--duration", "0.6", "--connections", "2", "--plot", "a.svg")

    assert 0 == done.returncode, done.stderr
    assert "requests/s answered with 2xx" in done.stdout
    assert "--rate" in done.stdout
    assert (Path.cwd() / "a.svg").exists()


def test_the_command_prints_json(command):
    with flaky_server(served) as server:
        done = command("bench", "serve", server.url, "--duration", "0.6", "--rate", "50", "--steady", "--json")

    assert "open" == json.loads(done.stdout)["loop"]


def test_the_command_sends_a_file_and_headers_and_fails_where_nothing_succeeds(command):
    (Path.cwd() / "body.json").write_text('{"a": 1}')
    with flaky_server(lambda asked: Reply(503, {})) as server:
        arguments = ("--duration", "0.6", "--body", "body.json", "--header", "X-A: b", "--connections", "1")
        done = command("bench", "serve", server.url, *arguments)

    assert 1 == done.returncode
    assert "answered 503" in done.stdout
    assert (b'{"a": 1}', "b") == (server.asked[0].body, server.asked[0].headers["x-a"])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere"], "no address"),
        (["http://127.0.0.1:1", "--header", "x"], "no header"),
        (["http://127.0.0.1:1", "--body", "none"], "cannot be read"),
        (["http://127.0.0.1:1", "--plot", "a.txt"], "cannot be written"),
    ],
)
def test_the_command_refuses_what_cannot_work_with_2(command, arguments, words):
    done = command("bench", "serve", *arguments)

    assert 2 == done.returncode
    assert words in done.stderr
    assert "Traceback" not in done.stderr
