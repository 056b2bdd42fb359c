"""A real server in a process of its own, real HTTP, real signals."""

import asyncio
import http.client
import json
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager

import aiohttp
import pytest

pytestmark = pytest.mark.integration

PATIENCE_S = 60

SERVER = """
import sys, threading
from groundwork.errors import InvalidDataError
from groundwork.serving import serve

class Model:
    version = "3"
    seen = []

    def input_schema(self):
        return {"type": "object", "properties": {"x": {"type": "number"}}, "examples": [{"x": 1}]}

    def parse(self, instances):
        for row, instance in enumerate(instances):
            if type(instance.get("x")) not in (int, float):
                raise InvalidDataError(f"{instance.get('x')!r} is not a number", context={"row": row, "column": "x"})
        return instances

    def predict(self, batch):
        values = [row["x"] for row in batch]
        self.seen += values
        if -1 in values:
            print("held", flush=True)
            sys.stdin.readline()
        if -2 in values:
            print("seen", self.seen, flush=True)
        return [value * 2 for value in values]

serve({"m": Model()}, port=0, on_ready=lambda url: print(url, flush=True), OPTIONS)
print("returned", flush=True)
"""


class Served:
    """A running server process."""

    def __init__(self, process, port):
        self.process = process
        self.port = port
        self.url = f"http://127.0.0.1:{port}"

    def line(self):
        return self.process.stdout.readline().strip()

    def release(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def connection(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)

    def ask(self, method, path, body=None, headers=None):
        connection = self.connection()
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer, content

    def metric(self, name):
        _, content = self.ask("GET", "/metrics")
        return float(re.search(rf"^{re.escape(name)} (\S+)$", content.decode(), re.MULTILINE).group(1))

    def until_metric(self, name, value):
        deadline = time.monotonic() + PATIENCE_S
        while self.metric(name) != value:
            assert time.monotonic() < deadline, f"{name} never became {value}"

    def end(self):
        try:
            _, errors = self.process.communicate(timeout=PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        return self.process.returncode, errors


@contextmanager
def running(options=""):
    process = subprocess.Popen(
        [sys.executable, "-c", SERVER.replace("OPTIONS", options)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        url = process.stdout.readline().strip()
        assert url.startswith("http://127.0.0.1:"), process.communicate(timeout=PATIENCE_S)
        yield Served(process, int(url.rpartition(":")[2]))
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def server():
    with running("max_body_bytes=10_000") as served:
        yield served


def post(connection, instances):
    connection.request("POST", "/predict", json.dumps({"instances": instances}))


def predictions(connection):
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())


def test_predicts_over_one_kept_connection(server):
    connection = server.connection()

    answers = []
    for number in range(3):
        post(connection, [{"x": number}, {"x": number + 10}])
        answers.append(predictions(connection))
    connection.close()

    assert answers[2] == (200, {"predictions": [4, 24], "model": "m", "version": "3"})


def test_many_clients_at_once_each_get_their_own_answers(server):
    async def main():
        async with aiohttp.ClientSession() as session:

            async def ask(number):
                body = {"instances": [{"x": number}]}
                async with session.post(f"{server.url}/predict", json=body) as answer:
                    return (await answer.json())["predictions"]

            return await asyncio.gather(*(ask(number) for number in range(200)))

    assert asyncio.run(main()) == [[number * 2] for number in range(200)]


def test_rows_that_wait_together_are_predicted_together(server):
    holder = server.connection()
    post(holder, [{"x": -1}])
    assert server.line() == "held"
    batches = server.metric('groundwork_batch_rows_count{model="m"}')
    waiting = [server.connection() for _ in range(5)]
    for number, connection in enumerate(waiting):
        post(connection, [{"x": number}])
    server.until_metric('groundwork_queue_rows{model="m"}', 5.0)

    server.release()
    answers = [predictions(connection)[1]["predictions"] for connection in waiting]

    assert answers == [[0], [2], [4], [6], [8]]
    assert server.metric('groundwork_batch_rows_count{model="m"}') == batches + 1
    for connection in [holder, *waiting]:
        connection.close()


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("POST", "/predict", "{", 400, "invalid_json"),
        ("POST", "/predict", '{"instances":[{"x":"abc"}]}', 422, "invalid_data"),
        ("POST", "/predict", '{"instances":[]}', 422, "invalid_data"),
        ("POST", "/predict?model=n", '{"instances":[{"x":1}]}', 404, "model_not_found"),
        ("POST", "/predict", " " * 20_000, 413, "body_too_large"),
        ("GET", "/predict", None, 405, "method_not_allowed"),
        ("GET", "/nope", None, 404, "not_found"),
    ],
)
def test_bad_requests_are_problem_documents(server, method, path, body, status, code):
    answer, content = server.ask(method, path, body)

    assert answer.status == status
    assert answer.getheader("content-type") == "application/problem+json"
    assert json.loads(content)["code"] == code


def test_a_deadline_of_the_clients_is_kept(server):
    holder = server.connection()
    post(holder, [{"x": -1}])
    assert server.line() == "held"

    answer, content = server.ask("POST", "/predict", '{"instances":[{"x":1}]}', {"X-Request-Timeout-Ms": "5"})
    server.release()

    # Refused at once where the batches so far tell that it cannot be met.
    assert (answer.status, json.loads(content)["code"]) in {(504, "deadline_exceeded"), (503, "overloaded")}
    assert predictions(holder)[0] == 200
    holder.close()


def test_a_client_that_hangs_up_never_reaches_the_model(server):
    holder = server.connection()
    post(holder, [{"x": -1}])
    assert server.line() == "held"
    leaver = server.connection()
    post(leaver, [{"x": 12345}])
    server.until_metric('groundwork_queue_rows{model="m"}', 1.0)
    leaver.close()
    server.until_metric('groundwork_queue_rows{model="m"}', 0.0)
    server.release()
    assert predictions(holder)[0] == 200
    holder.close()

    server.ask("POST", "/predict", '{"instances":[{"x":-2}]}')

    assert "12345" not in server.line()


@pytest.fixture(scope="module")
def hasty():
    with running("header_timeout_s=1.0, idle_timeout_s=1.0, max_header_bytes=5_000") as served:
        yield served


def said(server, request=b""):
    """All that the server says to these bytes, until it hangs up."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE_S) as client:
        client.sendall(request)
        return b"".join(iter(lambda: client.recv(65536), b""))


def test_a_client_that_says_nothing_is_hung_up_on(hasty):
    assert b"" == said(hasty)


def test_headers_that_never_end_are_408(hasty):
    assert said(hasty, b"POST /predict HTTP/1.1\r\nHost: x\r\n").startswith(b"HTTP/1.1 408 ")


def test_headers_beyond_the_bound_are_431(hasty):
    assert said(hasty, b"GET / HTTP/1.1\r\nX: " + b"a" * 5_000).startswith(b"HTTP/1.1 431 ")


@pytest.mark.parametrize(
    ("rest", "last_words"), [(b"\r\n", b""), (b"GET / HTTP/1.1\r\n", b"HTTP/1.1 408 ")], ids=["blank line", "headers"]
)
def test_a_kept_connection_is_not_held_by_half_a_request(hasty, rest, last_words):
    with socket.create_connection(("127.0.0.1", hasty.port), timeout=PATIENCE_S) as client:
        client.sendall(b"GET /v2/health/live HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = b""
        while b"}" not in answer:
            answer += client.recv(65536)
        client.sendall(rest)

        assert b"".join(iter(lambda: client.recv(65536), b"")).startswith(last_words)


def test_an_answer_that_takes_longer_than_headers_may_is_given(hasty):
    held = hasty.connection()
    post(held, [{"x": -1}])
    assert hasty.line() == "held"

    # Hung up on after the bound on headers, which by then has passed for the connection above too.
    assert b"" == said(hasty)
    hasty.release()

    assert predictions(held)[0] == 200
    held.close()


def test_head_sends_no_body(server):
    answer, content = server.ask("HEAD", "/v2/health/ready")

    assert (answer.status, content) == (200, b"")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to send")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_answers_what_was_accepted_and_exits_with_0(number):
    with running() as served:
        held, queued = served.connection(), served.connection()
        post(held, [{"x": -1}])
        assert served.line() == "held"
        post(queued, [{"x": 7}])
        served.until_metric('groundwork_queue_rows{model="m"}', 1.0)

        served.process.send_signal(number)
        while accepts_connections(served.port):
            pass
        served.release()
        answers = [predictions(held), predictions(queued)]
        held.close()
        queued.close()

        assert [(status, body["predictions"]) for status, body in answers] == [(200, [-2]), (200, [14])]
        assert served.line() == "returned"
        assert served.end() == (0, "")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to send")
def test_while_it_drains_it_is_not_ready_but_still_answers():
    with running("drain_s=3600") as served:
        served.process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + PATIENCE_S
        while served.ask("GET", "/v2/health/ready")[0].status == 200:
            assert time.monotonic() < deadline

        answer, content = served.ask("POST", "/predict", '{"instances":[{"x":4}]}')
        served.process.send_signal(signal.SIGTERM)

        assert (answer.status, json.loads(content)["predictions"]) == (200, [8])
        assert served.end()[0] == 0


def test_a_port_in_use_is_an_error_that_names_it(server):
    code = SERVER.replace("port=0", f"port={server.port}").replace("OPTIONS", "")

    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=PATIENCE_S)

    assert ended.returncode == 1
    assert f"cannot listen on 127.0.0.1:{server.port}" in ended.stderr


def test_importing_the_package_configures_nothing():
    code = (
        "import logging, signal, threading; before = (signal.getsignal(signal.SIGTERM), threading.active_count())\n"
        "import groundwork.serving\n"
        "print(before == (signal.getsignal(signal.SIGTERM), threading.active_count()))\n"
        "print(logging.getLogger().handlers, logging.getLogger('uvicorn').handlers)\n"
    )

    told = subprocess.run([sys.executable, "-c", code], check=True, timeout=PATIENCE_S, capture_output=True, text=True)

    assert told.stdout.splitlines() == ["True", "[] []"]


def accepts_connections(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S).close()
    except OSError:
        return False
    return True


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to send")
def test_a_signal_while_the_model_is_loading_ends_it_unready_with_0():
    code = (
        "import os, signal, threading\n"
        "from groundwork.serving import _app, _hosted, serve\n"
        "drain, load, draining = _app.App.drain, _hosted.load, threading.Event()\n"
        "def told(app):\n"
        "    drain(app)\n"
        "    draining.set()\n"
        "def interrupted(*args, **kwargs):\n"
        "    os.kill(os.getpid(), signal.SIGTERM)\n"
        "    assert draining.wait(60)\n"
        "    return load(*args, **kwargs)\n"
        "_app.App.drain, _hosted.load = told, interrupted\n"
        "class Model:\n"
        "    predict = list\n"
        "serve({'m': Model()}, port=0, on_ready=print)\n"
    )

    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=PATIENCE_S)

    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
