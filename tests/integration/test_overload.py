"""What a server does when it is asked for more than it can do, or by clients that mean no good; on real sockets.

Everything is held against something else that was measured on the same machine a moment before, or counted.
"""

import asyncio
import json
import socket
import sys
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from groundwork.serving._closed_loop import closed_loop
from groundwork.serving._load_target import Target
from groundwork.serving._open_loop import open_loop

sys.path.insert(0, str(Path(__file__).parent))  # the helper is no part of the package

from serving_process import PATIENCE_S, answer_of, hang_up, request, running, until

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc"),
]

DEADLINE_S = 0.5
# 8 rows each 40 ms, in which the server sleeps: its capacity is the model's and not the machine's.
MODEL = "call_s=0.04"
WITHIN = 'groundwork_request_seconds_bucket{le="0.5",route="/predict"}'
MISSED = 'groundwork_requests_total{route="/predict",status="504"}'
ALL = 'groundwork_request_seconds_count{route="/predict"}'
NAMES = (WITHIN, MISSED, ALL)
OPTIONS = "port=0, max_batch_rows=8, executor='thread'"


def target(server):
    headers = {"X-Request-Timeout-Ms": str(round(DEADLINE_S * 1000))}
    return Target(server.url + "/predict", json.dumps({"instances": [1]}).encode(), headers)


@pytest.mark.parametrize(
    ("duration_s", "growth"),
    [pytest.param(3.0, 1.2, id="sample"), pytest.param(30.0, 1.05, id="30 s", marks=pytest.mark.slow)],
)
# At ten times the generator and the refusals need the cores that the model's thread wakes up on.
@pytest.mark.parametrize(("factor", "kept"), [(2, 0.9), (10, 0.5)])
def test_beyond_capacity_what_is_accepted_is_in_time_and_the_rest_is_refused_at_once(
    tmp_path, factor, kept, duration_s, growth
):
    if duration_s > 10 and factor == 2:
        kept = 0.95  # a second of another program's weighs less
    with running(tmp_path, OPTIONS, MODEL) as server:
        asked = target(server)
        peak = asyncio.run(closed_loop(asked, connections=32, duration_s=min(duration_s, 5.0), warm_up_s=1.0))
        # As many connections as the load may open: what they take is no growth.
        asyncio.run(closed_loop(asked, connections=256, duration_s=1.0, warm_up_s=0.5))
        rss = server.rss()

        before = [server.metric(name) for name in NAMES]
        load = asyncio.run(open_loop(asked, rate=factor * peak.rate, duration_s=duration_s, connections=256))
        within, missed, asked_for = (server.metric(name) - was for name, was in zip(NAMES, before, strict=True))

        assert load.rate >= kept * peak.rate
        # By the server's own clock: the generator's includes its own waiting for a core.
        assert asked_for - within - missed <= 0.01 * load.statuses[200]
        assert set(load.statuses) <= {200, 503, 504}
        assert load.failures == {}
        refused, accepted = load.statuses[503], load.statuses[200]
        assert refused >= (factor - 1.5) * accepted
        # What was let in and then came too late is work for nothing; refusing beforehand is the point.
        assert load.statuses[504] <= 0.02 * load.offered
        assert load.refused.percentile_s(50) <= load.service.percentile_s(50) / 4
        assert load.refused.percentile_s(99) <= load.service.percentile_s(99)
        assert server.rss() <= growth * rss
        assert server.metric("groundwork_requests_in_flight") <= 1.0


@pytest.mark.parametrize(
    "rounds", [pytest.param(10, id="2,000"), pytest.param(500, id="100,000", marks=pytest.mark.slow)]
)
def test_cancelled_requests_leave_no_future_no_task_and_no_socket(tmp_path, rounds):
    with running(tmp_path, "port=0, adaptive_limit=False, request_timeout_s=600.0") as server:
        # The heap finds its size within the first few thousand.
        warm = rounds // 10
        for _ in range(warm):
            leave_together(server, 200)
        before = server.predict("left")
        rss = server.rss()

        for _ in range(rounds):
            leave_together(server, 200)

        assert server.predict("left") == before
        assert server.rss() <= 1.1 * rss
        assert server.seen() == ["hold"] * warm + ["left"] + ["hold"] * rounds + ["left"]
        assert server.left == 200.0 * (rounds + warm)


def leave_together(server, count):
    """So many clients wait behind a held model, and leave."""
    left = server.left
    holder = server.hold()
    clients = [server.post(f"gone-{number}") for number in range(count)]
    until(lambda: server.queued == count)
    for client in clients:
        hang_up(client)
    until(lambda: server.left == left + count)
    server.release()
    assert answer_of(holder)[0] == 200
    holder.close()


GET = b"GET /v2/health/live HTTP/1.1\r\nHost: x\r\n"
HEAD = b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n"
DEEP = b'{"instances":[' + b"[" * 200_000 + b"]" * 200_000 + b"]}"

# What each sends, and the status it is told; None for those that are hung up on without a word.
HOSTILE = {
    "silent": (b"", None),
    "half a line": (b"GET / HT", 408),
    "endless head": (GET, 408),
    "half a body": (HEAD % 100 + b'{"instances"', 408),
    "huge head": (GET + b"X: " + b"x" * 200_000, 431),
    "huge body": (HEAD % 10**12 + b"x" * 100_000, 413),
    "deep JSON": (HEAD % len(DEEP) + DEEP, 400),
    "no HTTP": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 20 + b"\r\n\r\n", 400),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hundred_hostile_clients_are_answered_bounded_and_cost_others_nothing(tmp_path, kind):
    sent, status = HOSTILE[kind]
    bounds = "header_timeout_s=1.0, body_timeout_s=1.0, idle_timeout_s=1.0, write_timeout_s=1.0, linger_s=0.5"
    with running(tmp_path, f"port=0, {bounds}") as server, ExitStack() as stack:
        before = server.predict("left")[0]["sockets"]
        rss = server.rss()
        clients = []
        for _ in range(100):
            # At once: its time runs from here on.
            clients.append(stack.enter_context(connected(server)))
            say(clients[-1], sent)

        served = [server.predict(number) for number in range(20)]
        told = [heard(client) for client in clients]

        assert served == [[number] for number in range(20)]
        assert set(told) == {status}
        until(lambda: server.predict("left")[0]["sockets"] == before)
        # 100 clients, each of them bounded by its head and its body.
        assert server.rss() - rss <= 100 * (64 + 4096)


def test_clients_that_vanish_without_a_farewell_are_let_go(tmp_path):
    with running(tmp_path, "port=0, idle_timeout_s=1.0, header_timeout_s=1.0") as server, ExitStack() as stack:
        before = server.predict("left")[0]["sockets"]
        for number in range(50):
            # Asked, answered, and never heard of again, without a word to the server: as behind a router that died.
            client = stack.enter_context(connected(server))
            client.sendall(request(number))
            assert answer_of(client)[0] == 200

        until(lambda: server.predict("left")[0]["sockets"] == before)


def test_clients_that_do_not_read_are_cut_while_others_are_served(tmp_path):
    with running(tmp_path, "port=0, write_timeout_s=1.0, max_pipelined=4") as server, ExitStack() as stack:
        rss = server.rss()
        for _ in range(20):
            client = stack.enter_context(connected(server, receives=4096))
            say(client, b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n" * 20_000)

        assert [server.predict(number) for number in range(20)] == [[number] for number in range(20)]
        until(lambda: server.predict("left")[0]["HttpConnection"] <= 1)
        assert server.rss() - rss <= 20 * 4096


def connected(server, receives=None):
    client = socket.socket()
    if receives is not None:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receives)
    client.settimeout(PATIENCE_S)
    client.connect(("127.0.0.1", server.port))
    return client


def say(client, data):
    """Send what the server takes of it."""
    client.settimeout(0.2)
    with suppress(TimeoutError, ConnectionError):
        client.sendall(data)
    client.settimeout(PATIENCE_S)


def heard(client):
    """The status of the answer, after which the server hangs up; None without an answer."""
    try:
        told = b"".join(iter(lambda: client.recv(65536), b""))
    except ConnectionResetError:
        return "reset"
    return int(told.split()[1]) if told else None
