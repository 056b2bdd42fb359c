"""The load generator against real sockets."""

import asyncio
import socket
from time import perf_counter

import pytest

from groundwork.errors import ConfigurationError, WorldError
from groundwork.serving._closed_loop import closed_loop
from groundwork.serving._load_target import Target
from groundwork.serving._open_loop import open_loop
from groundwork.testing import Reply, flaky_server

pytestmark = pytest.mark.integration

OK = Reply(document={"predictions": [1]})


class Ticks:
    """A clock that moves each time it is read: however slow the machine, as much happens."""

    def __init__(self, step_s):
        self.now, self.step_s = 0.0, step_s

    def __call__(self):
        self.now += self.step_s
        return self.now


def closed(server, **options):
    options = {"connections": 4, "duration_s": 0.3, "warm_up_s": 0.05, "clock": Ticks(0.0005), **options}
    return asyncio.run(closed_loop(Target(server.url + "/predict", b"{}"), **options))


def opened(server, **options):
    options = {"rate": 200, "duration_s": 0.4, "warm_up_s": 0.05, "clock": Ticks(0.002), **options}
    return asyncio.run(open_loop(Target(server.url + "/predict", b"{}"), **options))


def test_closed_loop_counts_what_was_answered_and_how_long_it_took():
    with flaky_server(lambda asked: OK) as server:
        load = closed(server)

    assert 4 == server.connections
    assert [200] == list(load.statuses)
    assert load.answered == load.offered == load.latency.count == load.service.count > 0
    assert load.rate == pytest.approx(load.answered / 0.3)
    assert load.interval_s == load.service.percentile_s(50)
    assert not load.failures


def test_requests_are_what_was_asked_for():
    with flaky_server(lambda asked: OK) as server:
        target = Target(server.url + "/predict?model=m", b"[1]", {"X-API-Key": "k", "Content-Type": "text/plain"})
        asyncio.run(closed_loop(target, connections=1, duration_s=0.05, warm_up_s=0.0))

    first = server.asked[0]
    assert ("POST", "/predict?model=m", b"[1]") == (first.method, first.path, first.body)
    assert ("k", "text/plain") == (first.headers["x-api-key"], first.headers["content-type"])
    assert server.url.endswith(first.headers["host"])


def test_refusals_are_counted_by_status_and_kept_apart_from_answers():
    with flaky_server(lambda asked: OK if asked.number % 2 else Reply(503, {})) as server:
        load = closed(server, connections=1)

    assert {200, 503} == set(load.statuses)
    assert load.statuses[503] == load.refused.count
    assert load.statuses[200] == load.latency.count == load.answered


@pytest.mark.parametrize("loop", [closed, opened])
def test_a_server_that_closes_after_each_answer_is_asked_over_new_connections(loop):
    with flaky_server(lambda asked: Reply(document={}, close=True)) as server:
        load = loop(server)

    assert load.answered > 1
    assert server.connections >= load.answered


@pytest.mark.parametrize("loop", [closed, opened])
def test_a_connection_lost_before_its_answer_is_a_failure_and_the_rest_goes_on(loop):
    with flaky_server(lambda asked: None if asked.number % 5 == 0 else OK) as server:
        load = loop(server)

    assert load.failures["connection lost"] > 0
    assert load.answered > 0


def test_open_loop_offers_its_rate_whatever_the_server_does():
    with flaky_server(lambda asked: OK) as server:
        load = opened(server, arrivals="steady")

    assert 80 == pytest.approx(load.offered, abs=1)
    assert load.offered == load.answered
    assert load.interval_s is None


def test_open_loop_opens_connections_beforehand_and_more_when_it_needs_them():
    with flaky_server(lambda asked: OK) as server:
        opened(server, opened=7, connections=7)
        few = server.connections
    with flaky_server(lambda asked: OK) as server:
        load = opened(server, opened=1, rate=2000, arrivals="steady")

    assert 7 == few
    assert server.connections > 1
    assert load.answered == load.offered


def test_poisson_arrivals_are_the_same_for_the_same_seed():
    with flaky_server(lambda asked: OK) as server:
        counts = [opened(server, seed=seed).offered for seed in (3, 3, 4)]

    assert counts[0] == counts[1]
    assert abs(counts[2] - 80) < 60


def test_a_stall_that_waiting_callers_do_not_see_shows_in_the_corrected_latency():
    async def stall_once(asked):
        if asked.number == 10:
            await asyncio.sleep(0.25)
        return OK

    with flaky_server(stall_once) as server:
        load = opened(server, connections=1, arrivals="steady", clock=perf_counter)

    # On a slow machine those that wait wait longer still.
    assert load.latency.percentile_s(50) > 5 * load.service.percentile_s(50)


def test_what_is_never_answered_is_counted_after_the_time_to_wait_for_it():
    async def never(asked):
        await asyncio.sleep(60)

    with flaky_server(never) as server:
        one = closed(server, warm_up_s=0.0, timeout_s=0.1, clock=perf_counter)
        other = opened(server, connections=2, rate=50, timeout_s=0.1, clock=perf_counter)

    assert {"unanswered": 4} == dict(one.failures)
    assert other.failures["unanswered"] == other.offered > 2


def test_an_answer_without_length_is_read_to_the_end_of_the_connection():
    with flaky_server(lambda asked: b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{}") as server:
        load = closed(server)

    assert load.answered > 0
    assert not load.failures


@pytest.mark.parametrize("loop", [closed, opened])
def test_what_speaks_no_http_is_told_at_once(loop):
    with (
        flaky_server([b"SSH-2.0-OpenSSH\r\n\r\n"]) as server,
        pytest.raises(WorldError, match=r"no HTTP/1\.1"),
    ):
        loop(server, duration_s=60.0)


@pytest.mark.parametrize("loop", [closed_loop, open_loop])
def test_nothing_that_listens_is_told_with_what_to_do(loop):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    options = {"rate": 10.0} if loop is open_loop else {}

    with pytest.raises(WorldError, match=f"nothing answers on 127.0.0.1:{port}") as caught:
        asyncio.run(loop(Target(f"http://127.0.0.1:{port}/"), **options))

    assert "groundwork serve" in caught.value.hint


def test_a_server_that_goes_away_is_a_failure_of_the_requests_after_it():
    async def main():
        target = None

        async def handle(reader, writer):
            await reader.readuntil(b"\r\n\r\n")
            listener.close()
            writer.close()

        listener = await asyncio.start_server(handle, "127.0.0.1", 0)
        target = Target(f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}/")
        return await closed_loop(target, connections=1, duration_s=0.3, warm_up_s=0.0)

    load = asyncio.run(main())

    assert 1 == load.failures["connection lost"]
    assert load.failures["cannot connect"] > 1


@pytest.mark.parametrize("url", ["127.0.0.1:8000", "ftp://host/", "http://", "http://host:port/", "http://[::1"])
def test_what_is_no_address_is_refused(url):
    with pytest.raises(ConfigurationError, match="no address of a server"):
        asyncio.run(closed_loop(Target(url)))


@pytest.mark.parametrize("options", [{"connections": 0}, {"duration_s": 0.0}])
def test_numbers_that_cannot_work_are_refused(options):
    with pytest.raises(ConfigurationError, match="must be more than 0"):
        asyncio.run(closed_loop(Target("http://127.0.0.1:1/"), **options))


def test_the_port_is_that_of_the_scheme_where_none_is_named():
    assert [("host", 80), ("host", 443)] == [Target(f"{scheme}://host/x").address for scheme in ("http", "https")]


def test_tls_is_spoken_where_the_address_says_so_and_checked_unless_told_otherwise():
    plain, checked, unchecked = Target("http://h"), Target("https://h"), Target("https://h", verify=False)

    assert plain.tls is None
    assert checked.tls.check_hostname
    assert not unchecked.tls.check_hostname
