"""The flaky server and the model server against real clients."""

import http.client
import socket
import urllib.error
import urllib.request

import pytest
from sklearn.linear_model import LinearRegression

from groundwork.errors import ConfigurationError, MLException, UsageError
from groundwork.resilience import Retry
from groundwork.serving import Client
from groundwork.testing import FakeModel, Reply, assert_no_leaks, flaky_server, model_server

pytestmark = pytest.mark.integration

PATIENCE_S = 60


def ask(url, timeout_s=PATIENCE_S, body=None):
    with urllib.request.urlopen(urllib.request.Request(f"{url}/x", body), timeout=timeout_s) as answer:
        return answer.status, answer.read()


def test_scripted_answers_come_in_order_and_the_last_again():
    with flaky_server([Reply(503, headers={"Retry-After": "7"}), Reply(body=b"ok")]) as server:
        with pytest.raises(urllib.error.HTTPError) as caught:
            ask(server.url, body=b'{"n": 1}')

        assert (503, "7") == (caught.value.code, caught.value.headers["Retry-After"])
        assert [(200, b"ok")] * 2 == [ask(server.url), ask(server.url)]
    assert ("POST", "/x", {"n": 1}) == (server.asked[0].method, server.asked[0].path, server.asked[0].json)
    assert [0, 1, 2] == [asked.number for asked in server.asked]


def test_a_connection_is_reset():
    with flaky_server([Reply(reset=True)]) as server, pytest.raises(ConnectionResetError):
        ask(server.url)


def test_a_connection_ends_without_an_answer():
    with flaky_server([None]) as server, pytest.raises(http.client.RemoteDisconnected):
        ask(server.url)


def test_an_answer_is_cut_short():
    with (
        flaky_server([Reply(body=b"0123456789", cut_after=4)]) as server,
        pytest.raises(http.client.IncompleteRead) as caught,
    ):
        ask(server.url)

    assert b"0123" == caught.value.partial


def test_an_answer_that_lets_wait_is_broken_off_at_the_end():
    with flaky_server([Reply(delay_s=3600)]) as server, pytest.raises(TimeoutError):
        ask(server.url, timeout_s=0.05)


def test_an_answer_comes_late_and_then_comes():
    with flaky_server([Reply(body=b"late", delay_s=0.01)]) as server:
        assert (200, b"late") == ask(server.url)


def test_bytes_are_sent_as_they_are():
    with flaky_server([b"SSH-2.0-OpenSSH\r\n\r\n"]) as server, pytest.raises(http.client.BadStatusLine):
        ask(server.url)


def test_a_function_sees_the_request_and_a_connection_is_kept_or_closed():
    with flaky_server(lambda asked: Reply(document=asked.path, close=asked.path == "/b")) as server:
        connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=PATIENCE_S)
        answers = []
        for path in ("/a", "/b", "/c"):
            connection.request("GET", path)
            answers.append(connection.getresponse().read())
        connection.close()

    assert ([b'"/a"', b'"/b"', b'"/c"'], 2) == (answers, server.connections)


def test_a_script_without_answers_is_refused():
    with pytest.raises(UsageError, match="at least one answer"), flaky_server([]):
        pass


def test_without_a_port_it_says_so(monkeypatch):
    async def refused(*arguments):
        raise OSError("no port")

    monkeypatch.setattr("asyncio.start_server", refused)

    with pytest.raises(OSError, match="no port"), flaky_server():
        pass


def test_it_leaves_nothing_behind():
    with assert_no_leaks(), flaky_server([Reply()]) as server:
        ask(server.url)


def test_a_client_asks_a_real_server_of_any_model():
    model = FakeModel(lambda row: row["x"] + 1)

    with model_server(model) as url, Client(url) as client:
        assert [2, 3] == list(client.predict([{"x": 1}, {"x": 2}]))

    assert {"x": 2} in model.rows


def test_the_server_is_gone_when_the_block_ends_and_another_may_follow():
    for _ in range(2):
        with model_server(FakeModel()) as url:
            assert 200 == urllib.request.urlopen(f"{url}/v2/health/ready", timeout=PATIENCE_S).status

        host, port = url.removeprefix("http://").split(":")
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((host, int(port)), timeout=PATIENCE_S)


def test_a_model_that_fails_fails_the_request():
    model = FakeModel()

    with model_server(model) as url, Client(url, retry=Retry(attempts=1)) as client:
        model.fail_next(*[RuntimeError("broken")] * 2)
        with pytest.raises(MLException):
            client.predict([{"x": 1}])


def test_what_cannot_be_served_is_raised_at_once():
    with pytest.raises(ConfigurationError, match="no predict"), model_server(object()):
        pass
    with pytest.raises(ConfigurationError), model_server(LinearRegression()):  # not fitted
        pass
