"""HTTP/1.1 by the book and by nobody's good will: real sockets, a server in a thread of this process."""

import asyncio
import http.client
import json
import re
import socket
import ssl
import subprocess
import sys
import threading
from contextlib import contextmanager, suppress

import pytest

from groundwork.errors import ConfigurationError
from groundwork.serving import create_app, serve
from groundwork.serving._app import App
from groundwork.serving._call import Response
from groundwork.serving._exchange import Route, at_once
from groundwork.serving._hub import ConnectionOptions
from groundwork.serving._listener import listen, tls_context
from groundwork.serving._options import AppOptions
from groundwork.serving._server import Server

pytestmark = pytest.mark.integration

PATIENCE_S = 60
BODY = b'{"instances":[{"x":1}]}'
POST = b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(BODY)
READY = b"GET /v2/health/ready HTTP/1.1\r\nHost: x\r\n\r\n"


class Model:
    """Doubles ``x``."""

    def input_schema(self):
        return {"type": "object", "properties": {"x": {"type": "number"}}, "examples": [{"x": 1}]}

    def predict(self, batch):
        return [row["x"] * 2 for row in batch]


class Served:
    """A running server: how to talk to it in bytes."""

    def __init__(self, server, port, stop):
        self.server, self.port, self.stop = server, port, stop

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_S)

    def said(self, *pieces):
        """All that the server says to these bytes, until it hangs up."""
        with self.connect() as client:
            for piece in pieces:
                client.sendall(piece)
            return everything(client)


def everything(client):
    return b"".join(iter(lambda: client.recv(65536), b""))


def until(client, ending):
    got = b""
    while not got.endswith(ending):
        more = client.recv(65536)
        assert more, got
        got += more
    return got


@contextmanager
def running(tls=None, routes=(), **options):
    """A server of a model in a thread."""
    bounds = {name: options.pop(name) for name in list(options) if name in ConnectionOptions.__dataclass_fields__}
    app = App({"m": Model()}, AppOptions.of(options))
    app.core.routes |= dict(routes)
    ready = threading.Event()
    stops = []

    def run():
        with listen("127.0.0.1", 0) as listener:

            async def main():
                server = Server(app, listener, ConnectionOptions(**bounds), tls, 0.0, PATIENCE_S)
                loop = asyncio.get_running_loop()
                stops.append((server, listener.getsockname()[1], lambda: loop.call_soon_threadsafe(server._signalled)))
                await server.run(lambda url: ready.set())

            asyncio.run(main())

    thread = threading.Thread(target=run)
    thread.start()
    try:
        assert ready.wait(PATIENCE_S)
        yield Served(*stops[0])
    finally:
        with suppress(RuntimeError):  # a test has ended it already, and its loop is closed
            stops[0][2]()
        thread.join(PATIENCE_S)
        assert not thread.is_alive()


@pytest.fixture(scope="module")
def server():
    with running(header_timeout_s=0.3, idle_timeout_s=0.3, linger_s=0.3, max_header_bytes=5000) as served:
        yield served


def statuses(answer):
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", answer)]


def test_pipelined_requests_are_answered_in_order(server):
    bodies = [b'{"instances":[{"x":%d}]}' % number for number in range(1, 4)]
    requests = [POST.replace(b"%d" % len(BODY), b"%d" % len(body)) + body for body in bodies]

    answer = server.said(b"".join(requests) + READY.replace(b"Host: x", b"Host: x\r\nConnection: close"))

    assert statuses(answer) == [200] * 4
    places = [answer.index(b"[%d]" % double) for double in (2, 4, 6)] + [answer.index(b'{"ready":true}')]
    assert places == sorted(places)


def test_a_chunked_body_is_a_body(server):
    answer = server.said(
        b"POST /predict HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        b"5\r\n" + BODY[:5] + b"\r\n%x\r\n" % (len(BODY) - 5) + BODY[5:] + b"\r\n0\r\n\r\n"
    )

    assert statuses(answer) == [200]


def test_a_blank_line_after_each_body_is_ignored(server):
    with server.connect() as client:
        for x, double in ((1, b"[2]"), (3, b"[6]"), (4, b"[8]")):
            body = b'{"instances":[{"x":%d}]}' % x
            client.sendall(POST.replace(b"%d" % len(BODY), b"%d" % len(body)) + body + b"\r\n")

            assert double in until(client, b'"version":"1"}')


def test_a_client_that_expects_to_be_told_to_continue_is_told(server):
    with server.connect() as client:
        client.sendall(POST.replace(b"Host: x", b"Host: x\r\nExpect: 100-continue"))
        assert until(client, b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(BODY)

        assert statuses(until(client, b"}")) == [200]


def test_a_client_that_asks_for_http_2_is_answered_by_http_1(server):
    upgrade = b"Host: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__"

    with server.connect() as client:
        client.sendall(POST.replace(b"Host: x", upgrade) + BODY)

        assert statuses(until(client, b'"version":"1"}')) == [200]


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}", 400),
        (b"GET / HTTP/2.0\r\nHost: x\r\n\r\n", 505),
        (b"GET / HTTP/1.1\r\nHost: x\r\nExpect: wonders\r\n\r\n", 417),
        (b"GET / HTTP/1.1\r\nX: " + b"a" * 5000, 431),
        (READY.replace(b"Host: x", b"Host: x\r\nX: " + b"a" * 5000), 431),
        (b"POST /predict HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\nGET /nope HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n", 400),
        (b"POST /predict HTTP/1.1\r\nHost: x\r\n", 408),
        (POST.replace(b"Host: x", b"Host: x\r\nX-Request-Timeout-Ms: 100") + BODY[:5], 408),
        (b"POST /nope HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n", 404),
        (b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 200),
    ],
)
def test_every_client_gets_an_answer_and_is_hung_up_on(server, request_bytes, status):
    assert statuses(server.said(request_bytes)) == [status]


def test_a_client_sees_why_its_huge_body_is_refused_though_it_goes_on_sending(server):
    head = b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 8000000\r\n\r\n"
    with server.connect() as client:
        client.sendall(head + b" " * 1_000_000)

        answer = everything(client)

    assert statuses(answer) == [413]
    assert b'"code":"body_too_large"' in answer


def test_deep_json_is_400(server):
    body = b'{"instances":' + b"[" * 1_000_000
    head = b"POST /predict HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body)

    answer = server.said(head + body)

    assert statuses(answer) == [400]
    assert b"nested too deeply" in answer


def test_a_client_that_says_nothing_more_is_hung_up_on(server):
    assert statuses(server.said(READY)) == [200]


def test_a_client_that_does_not_read_its_answers_is_cut_and_others_are_served():
    big = Route("/big", {"GET": at_once(lambda exchange: Response(b"a" * 4_000_000))})
    with running(routes={"/big": big}, write_timeout_s=0.3) as served, served.connect() as client:
        client.sendall(b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n" * 50)
        with served.connect() as other:
            # Answered second, so both are there; once the first has been cut, this one is the only one left.
            other.sendall(READY)
            until(other, b"}")
            assert len(served.server.hub.connections) == 2
            while len(served.server.hub.connections) != 1:
                other.sendall(READY)
                assert statuses(until(other, b"}")) == [200]


def test_connections_beyond_the_bound_are_told_so():
    with running(max_connections=1, linger_s=0.1) as served, served.connect() as first:
        first.sendall(READY)
        until(first, b"}")

        assert statuses(served.said()) == [503]
        first.sendall(READY)
        assert statuses(until(first, b"}")) == [200]


def test_a_body_beyond_the_bound_that_is_not_declared_is_413():
    with running(max_body_bytes=100, linger_s=0.1) as served:
        answer = served.said(
            b"POST /predict HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", b"65\r\n" + b" " * 101
        )

    assert statuses(answer) == [413]


def test_told_to_stop_it_answers_a_request_that_is_still_coming():
    with running() as served, served.connect() as client, served.connect() as idle:
        client.sendall(POST + BODY[:5])
        idle.sendall(READY)
        until(idle, b"}")

        served.stop()
        while accepts(served.port):
            pass
        client.sendall(BODY[5:])
        answer = everything(client)

        assert statuses(answer) == [200]
        assert b"connection: close" in answer
        assert everything(idle) == b""


def accepts(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S).close()
    except OSError:
        return False
    return True


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    files = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    made = subprocess.run([*command, *files], capture_output=True)
    if made.returncode:
        pytest.skip("no openssl here to make a certificate")
    return folder


def test_it_speaks_https(certificate):
    context = ssl.create_default_context(cafile=str(certificate / "cert.pem"))
    context.check_hostname = False

    with running(tls=tls_context(certificate / "cert.pem", certificate / "key.pem"), linger_s=0.1) as served:
        connection = http.client.HTTPSConnection("127.0.0.1", served.port, context=context, timeout=PATIENCE_S)
        answers = []
        for number in (1, 2):
            connection.request("POST", "/predict", json.dumps({"instances": [{"x": number}]}))
            answers.append(json.loads(connection.getresponse().read())["predictions"])
        connection.request("POST", "/predict", b" " * 5_000_000)
        refused = connection.getresponse().status
        connection.close()

    assert (answers, refused) == ([[2], [4]], 413)


def test_a_certificate_that_cannot_be_used_is_an_error(certificate, tmp_path):
    (tmp_path / "no.pem").write_text("nothing")

    with pytest.raises(ConfigurationError, match=r"no\.pem"):
        serve({"m": Model()}, port=0, tls_cert=tmp_path / "no.pem")


UNDER_UVICORN = """
import uvicorn
from groundwork.serving import create_app

class Model:
    def predict(self, batch):
        return [row * 2 for row in batch]

app = create_app({"m": Model()}, max_body_bytes=1000)
server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", lifespan="on"))
startup = server.startup

async def told(sockets=None):
    await startup(sockets)
    await app.loaded.wait()
    print(server.servers[0].sockets[0].getsockname()[1], flush=True)

server.startup = told
server.run()
"""


def test_the_app_runs_under_another_server():
    pytest.importorskip("uvicorn")
    with subprocess.Popen([sys.executable, "-c", UNDER_UVICORN], stdout=subprocess.PIPE, text=True) as process:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", int(process.stdout.readline()), timeout=PATIENCE_S)
            answers = []
            for method, path, body in (
                ("POST", "/predict", b'{"instances":[4]}'),
                ("GET", "/v2/health/ready", None),
                ("POST", "/predict", b"{"),
                ("POST", "/predict", b" " * 2000),
            ):
                connection.request(method, path, body)
                answer = connection.getresponse()
                answers.append((answer.status, answer.read()))
            connection.close()
        finally:
            process.terminate()

    assert [status for status, _ in answers] == [200, 200, 400, 413]
    assert json.loads(answers[0][1])["predictions"] == [8]


def test_the_app_is_one_and_the_same_below_asgi_and_in_it():
    app = create_app({"m": Model()})

    assert callable(app.core.begin)
    assert set(app.core.routes) >= {"/predict", "/metrics", "/v2/health/live", "/"}
