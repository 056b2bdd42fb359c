"""The clients against real sockets: a server that answers what a test says, and groundwork's own."""

import asyncio
import datetime
import json
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager

import numpy as np
import polars as pl
import pytest

from groundwork.errors import (
    ConfigurationError,
    DeadlineExceeded,
    InvalidDataError,
    MLException,
    ModelNotFoundError,
    ModelNotReadyError,
    Overloaded,
    PredictionError,
    RateLimited,
    RetryExhausted,
    TransientError,
    UsageError,
    WorldError,
)
from groundwork.resilience import Backoff, Retry, RetryBudget, deadline
from groundwork.serving import AsyncClient, Client
from groundwork.testing import Reply, flaky_server

pytestmark = pytest.mark.integration

QUICK = Retry(backoff=Backoff(initial_s=0.001, cap_s=0.002))
ONCE = Retry(attempts=1)
OPENAPI = {"paths": {"/predict": {"post": {"parameters": [{"name": "model", "schema": {"enum": ["m"]}}]}}}}


def doubles(asked):
    """Answer as a model that doubles ``x``."""
    if asked.path == "/openapi.json":
        return Reply(document=OPENAPI)
    rows = asked.json["instances"]
    return Reply(document={"predictions": [2 * row["x"] for row in rows], "model": "m", "version": "3"})


def problem(status, code, detail="it is so", **more):
    return Reply(status, {"title": "t", "status": status, "detail": detail, "code": code, **more})


def failure_of(answer, **options):
    with flaky_server(answer) as server, Client(server.url, **{"retry": ONCE, **options}) as client:
        with pytest.raises(MLException) as caught:
            client.predict([{"x": 1}])
        return caught.value, server


def test_predictions_are_a_list_that_says_who_predicted():
    with flaky_server(doubles) as server, Client(server.url) as client:
        found = client.predict([{"x": 1}, {"x": 2}])

    assert [2, 4] == found
    assert ("m", "3") == (found.model, found.version)
    assert server.url == client.url


def test_model_version_key_and_headers_are_sent():
    with (
        flaky_server(doubles) as server,
        Client(server.url + "/", model="a b", version="1", api_key="k", headers={"X-Team": "t"}) as client,
    ):
        client.predict([{"x": 1}])

    asked = server.asked[0]
    assert "/predict?model=a%20b&version=1" == asked.path
    assert ("Bearer k", "t") == (asked.headers["authorization"], asked.headers["x-team"])


def test_one_connection_is_kept_for_many_calls():
    with flaky_server(doubles) as server, Client(server.url) as client:
        for _ in range(5):
            client.predict([{"x": 1}])

    assert 1 == server.connections


def test_tables_go_as_rows():
    day = datetime.date(2026, 1, 2)
    frame = pl.DataFrame({"x": [1.5, None], "day": [day, day]})

    with (
        flaky_server(lambda asked: Reply(document={"predictions": asked.json["instances"]})) as server,
        Client(server.url) as client,
    ):
        sent = [client.predict(frame), client.predict(frame.lazy())]

    assert [[{"x": 1.5, "day": "2026-01-02"}, {"x": None, "day": "2026-01-02"}]] * 2 == sent


def test_no_rows_ask_nobody():
    with flaky_server(doubles) as server, Client(server.url) as client:
        found = client.predict([])

    assert [] == found
    assert [] == server.asked


def test_what_is_no_list_of_rows_or_no_json_is_refused_before_it_is_sent():
    with flaky_server(doubles) as server, Client(server.url) as client:
        for wrong in ({"x": 1}, "x", 5, np.array(3), [object()]):
            with pytest.raises(InvalidDataError, match="instances"):
                client.predict(wrong)

    assert [] == server.asked


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "invalid_json", UsageError),
        (401, "unauthorized", ConfigurationError),
        (404, "model_not_found", ModelNotFoundError),
        (404, "not_found", UsageError),
        (408, "body_timeout", TransientError),
        (413, "body_too_large", UsageError),
        (422, "invalid_data", InvalidDataError),
        (429, "rate_limited", RateLimited),
        (500, "prediction_failed", PredictionError),
        (501, "odd", WorldError),
        (502, "gateway", TransientError),
        (503, "overloaded", Overloaded),
        (503, "not_ready", ModelNotReadyError),
        (504, "deadline_exceeded", DeadlineExceeded),
    ],
)
def test_a_problem_document_is_the_error_that_it_names(status, code, kind):
    error, _ = failure_of(lambda asked: problem(status, code))

    assert kind is type(error)
    assert code == error.code
    assert "it is so" in error.message
    assert status == error.context["status"]


def test_mistakes_come_with_their_places():
    errors = [{"pointer": "#/instances/0/x", "detail": "instances[0].x: is missing"}]

    error, _ = failure_of(lambda asked: problem(422, "invalid_data", errors=errors))

    assert errors == error.context["errors"]
    assert "#/instances/0/x" in error.hint


def test_an_error_that_is_no_document_is_shown_as_it_is():
    error, _ = failure_of(lambda asked: Reply(503, body=b"<html>busy</html>", headers={"Retry-After": "Wed, 01 Jan"}))

    assert Overloaded is type(error)
    assert "<html>busy" in error.message
    assert error.retry_after_s is None


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"predictions": 3}'])
def test_a_success_that_is_no_prediction_is_told(body):
    error, server = failure_of(lambda asked: Reply(body=body))

    assert WorldError is type(error)
    assert server.url in error.message


def test_what_passes_is_tried_again_and_succeeds():
    with (
        flaky_server(lambda asked: doubles(asked) if asked.number == 2 else problem(503, "overloaded")) as server,
        Client(server.url, retry=QUICK) as client,
    ):
        found = client.predict([{"x": 4}])

    assert [8] == found
    assert 3 == len(server.asked)


def test_what_stays_is_raised_after_the_last_attempt_with_how_many_there_were():
    error, server = failure_of(lambda asked: problem(503, "overloaded"), retry=QUICK)

    assert Overloaded is type(error)
    assert 3 == len(server.asked)
    assert "after 3 attempts" in error.__notes__[0]


@pytest.mark.parametrize(("status", "code"), [(422, "invalid_data"), (500, "prediction_failed"), (504, "x")])
def test_what_will_not_pass_is_not_tried_again(status, code):
    _, server = failure_of(lambda asked: problem(status, code), retry=QUICK)

    assert 1 == len(server.asked)


def test_the_time_that_a_server_asks_for_is_waited():
    class Waits:
        def __init__(self):
            self.waited = []

        def monotonic(self):
            return 0.0

        def sleep(self, seconds):
            raise AssertionError

        async def sleep_async(self, seconds):
            self.waited.append(seconds)

    clock = Waits()
    answer = Reply(429, {"code": "rate_limited", "detail": "d"}, headers={"Retry-After": "7"})

    error, _ = failure_of(lambda asked: answer, retry=Retry(attempts=2, clock=clock))

    assert 7.0 == error.retry_after_s
    assert len(clock.waited) == 1
    assert clock.waited[0] >= 7.0


def test_all_calls_of_a_client_share_one_budget_of_retries():
    budget = RetryBudget(ratio=0.0, min_per_s=0.0)

    _, server = failure_of(lambda asked: problem(503, "overloaded"), retry=Retry(budget=budget))

    assert 1 == len(server.asked)


def test_the_time_left_goes_with_each_request():
    with flaky_server(doubles) as server, Client(server.url, timeout_s=9.0) as client:
        client.predict([{"x": 1}])
        with deadline(3.0):
            client.predict([{"x": 1}])

    own, around = (int(asked.headers["x-request-timeout-ms"]) for asked in server.asked)
    assert 3000 < own <= 9000
    assert 0 < around <= 3000


def test_a_server_that_does_not_answer_is_left_when_the_time_is_over():
    async def never(asked):
        await asyncio.sleep(60)

    error, _ = failure_of(never, timeout_s=0.1)

    assert DeadlineExceeded is type(error)


def test_nothing_that_listens_is_told_with_what_to_do():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    with Client(f"http://127.0.0.1:{port}", retry=QUICK) as client:
        assert [False, False] == [client.live(), client.ready()]
        with pytest.raises(TransientError, match="nothing answers") as caught:
            client.predict([1])

    assert "unreachable" == caught.value.code
    assert "groundwork serve" in caught.value.hint


def test_a_lost_connection_is_tried_again():
    with (
        flaky_server(lambda asked: None if asked.number == 0 else doubles(asked)) as server,
        Client(server.url, retry=QUICK) as client,
    ):
        assert [2] == client.predict([{"x": 1}])

    error, _ = failure_of(lambda asked: None)
    assert "connection_lost" == error.code


def test_what_is_no_http_is_the_worlds_fault():
    error, _ = failure_of(lambda asked: b"SSH-2.0-OpenSSH\r\n\r\n")

    assert isinstance(error, WorldError)


def test_a_retry_that_ends_for_a_reason_of_its_own_says_so():
    policy = Retry(on=lambda error: True, attempts=1)

    class Foreign(Exception):
        pass

    async def main():
        client = AsyncClient("http://127.0.0.1:1", retry=policy)

        async def breaks(*_):
            raise Foreign

        client._session._send = breaks
        async with client:
            await client.predict([1])

    with pytest.raises(RetryExhausted):
        asyncio.run(main())


def test_health_is_what_the_server_says():
    with (
        flaky_server(lambda asked: Reply(503 if asked.path.endswith("ready") else 200, {})) as server,
        Client(server.url) as client,
    ):
        assert [True, False] == [client.live(), client.ready()]

    assert ["/v2/health/live", "/v2/health/ready"] == [asked.path for asked in server.asked]


def test_a_stream_of_any_length_keeps_its_order_and_is_read_no_faster_than_it_is_taken():
    drawn = []

    def source():
        for x in range(1000):
            drawn.append(x)
            yield {"x": x}

    with flaky_server(doubles) as server, Client(server.url) as client:
        stream = client.predict_stream(source(), batch_rows=10, concurrency=3)
        first = next(stream)
        drawn_by_then = len(drawn)
        rest = list(stream)

    assert 0 == first
    assert drawn_by_then <= 40
    assert [2 * x for x in range(1, 1000)] == rest
    assert 100 == len(server.asked)


def test_a_stream_that_is_left_or_fails_leaves_nothing_under_way():
    with (
        flaky_server(lambda asked: problem(422, "invalid_data") if asked.number == 3 else doubles(asked)) as server,
        Client(server.url) as client,
    ):
        with pytest.raises(InvalidDataError):
            list(client.predict_stream(({"x": x} for x in range(100)), batch_rows=1, concurrency=4))
        stream = client.predict_stream(({"x": x} for x in range(100)), batch_rows=1, concurrency=4)
        next(stream)
        stream.close()
        with pytest.raises(ConfigurationError, match="at least 1"):
            next(client.predict_stream([], batch_rows=0))

    assert len(server.asked) < 30


def test_an_asynchronous_stream_takes_rows_from_either_kind_of_source():
    async def rows():
        for x in range(25):
            yield {"x": x}

    async def main(url):
        async with AsyncClient(url) as client:
            one = [found async for found in client.predict_stream(rows(), batch_rows=10, concurrency=2)]
            other = [found async for found in client.predict_stream([{"x": x} for x in range(20)], batch_rows=10)]
            return one, other

    with flaky_server(doubles) as server:
        one, other = asyncio.run(main(server.url))

    assert [2 * x for x in range(25)] == one
    assert [2 * x for x in range(20)] == other


def test_an_asynchronous_stream_that_fails_cancels_the_rest():
    async def main(url):
        async with AsyncClient(url, retry=ONCE) as client:
            with pytest.raises(Overloaded):
                async for _ in client.predict_stream([{"x": x} for x in range(50)], batch_rows=1, concurrency=4):
                    pass
            return len(asyncio.all_tasks())

    with flaky_server(lambda asked: problem(503, "overloaded")) as server:
        assert 1 == asyncio.run(main(server.url))


def test_threads_share_a_client():
    found = {}

    with flaky_server(doubles) as server, Client(server.url) as client:

        def ask(x):
            found[x] = client.predict([{"x": x}])

        threads = [threading.Thread(target=ask, args=(x,)) for x in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert {x: [2 * x] for x in range(8)} == found


def test_a_closed_client_says_so_and_leaves_no_thread():
    with flaky_server(doubles) as server:
        client = Client(server.url)
        client.predict([{"x": 1}])
        client.close()
        client.close()
        names = [thread.name for thread in threading.enumerate()]

        with pytest.raises(UsageError, match="closed"):
            client.predict([{"x": 1}])

    assert "groundwork-client" not in names


@pytest.mark.parametrize(
    "options", [{"url": "localhost:8000"}, {"url": "http://h:x"}, {"timeout_s": 0.0}, {"connections": 0}]
)
def test_what_cannot_work_is_refused_at_once(options):
    with pytest.raises(ConfigurationError):
        Client(**options)


class V2:
    """Answers infer by JSON or the binary extension, as the protocol has it; the output is the input's row sums."""

    def __init__(self, *, binary=True, inputs=({"name": "instances", "datatype": "FP64", "shape": [-1, 30]},)):
        self.binary, self.inputs, self.kinds = binary, list(inputs), []

    def __call__(self, asked):
        if asked.path == "/openapi.json":
            return Reply(document=OPENAPI)
        if asked.path == "/v2":
            return Reply(document={"extensions": ["binary_tensor_data"]}) if self.binary else problem(404, "not_found")
        if asked.path.startswith("/v2/models/m") and asked.method == "GET":
            return Reply(document={"name": "m", "inputs": self.inputs, "example": [0.0]})
        if asked.path == "/predict":
            self.kinds.append("rows")
            return Reply(document={"predictions": [sum(row) for row in asked.json["instances"]]})
        return self.infer(asked)

    def infer(self, asked):
        size = asked.headers.get("inference-header-content-length")
        if size is None:
            self.kinds.append("json")
            tensor = asked.json["inputs"][0]
            array = np.array(tensor["data"], dtype="f8").reshape(tensor["shape"])
            output = {"name": "sum", "datatype": "FP64", "shape": [len(array)], "data": array.sum(axis=1).tolist()}
            return Reply(document={"model_name": "m", "outputs": [output]})
        self.kinds.append("binary")
        tensor = json.loads(asked.body[: int(size)])["inputs"][0]
        dtype = {"FP32": "<f4", "FP64": "<f8"}[tensor["datatype"]]
        array = np.frombuffer(asked.body[int(size) :], dtype=dtype).reshape(tensor["shape"])
        raw = array.sum(axis=1).tobytes()
        output = {"name": "sum", "datatype": tensor["datatype"], "shape": [len(array)]}
        head = json.dumps({"outputs": [{**output, "parameters": {"binary_data_size": len(raw)}}]}).encode()
        return Reply(body=head + raw, headers={"Inference-Header-Content-Length": str(len(head))})


def test_a_large_array_of_floats_goes_as_binary_and_a_small_one_as_rows():
    small, large = np.ones((2, 30)), np.ones((50, 30), dtype=np.float32)
    v2 = V2()

    with flaky_server(v2) as server, Client(server.url) as client:
        found = [client.predict(small), client.predict(large)]

    assert [[30.0] * 2, [30.0] * 50] == found
    assert ["rows", "binary"] == v2.kinds


def test_arrays_go_as_rows_where_the_server_knows_no_binary_or_the_caller_wants_none():
    large = np.ones((50, 30))
    without, with_it = V2(binary=False), V2()

    with flaky_server(without) as server, Client(server.url) as client:
        client.predict(large)
        client.predict(large)
        client.infer({"instances": large})
    with flaky_server(with_it) as server, Client(server.url, binary=False) as client:
        client.predict(large)
        client.infer({"instances": large})
    with (
        flaky_server(V2(inputs=[{"name": name, "datatype": "FP64"} for name in "ab"])) as server,
        Client(server.url) as client,
    ):
        assert [30.0] * 50 == client.predict(large)

    assert ["rows", "rows", "json"] == without.kinds
    assert ["rows", "json"] == with_it.kinds
    assert 1 == sum(asked.path == "/v2" for asked in server.asked)


def test_binary_can_be_demanded():
    v2 = V2()

    with flaky_server(v2) as server, Client(server.url, binary=True, model="m", version="7") as client:
        client.predict(np.ones((1, 30)))
        outputs = client.infer({"instances": np.ones((1, 30))})
        client.infer({"instances": np.ones((1, 30))}, binary=False)

    assert ["binary", "binary", "json"] == v2.kinds
    assert {"sum": [30.0]} == {name: array.tolist() for name, array in outputs.items()}
    assert "/v2/models/m/versions/7/infer" == server.asked[-1].path


def test_a_server_that_names_no_model_wants_one_named():
    with (
        flaky_server(lambda asked: Reply(document={"paths": {}})) as server,
        Client(server.url) as client,
        pytest.raises(ConfigurationError, match="which models"),
    ):
        client.metadata()
    with (
        flaky_server(lambda asked: Reply(body=b"<html>")) as server,
        Client(server.url) as client,
        pytest.raises(WorldError, match="no such server"),
    ):
        client.metadata()


OWN = """
from sklearn.linear_model import LinearRegression
from groundwork.serving import serve
model = LinearRegression().fit([[0.0, 0.0], [1.0, 1.0], [1.0, 3.0]], [0.0, 2.0, 4.0])
serve({"line": model}, port=0, on_ready=lambda url: print(url, flush=True))
"""


@contextmanager
def own_server():
    process = subprocess.Popen([sys.executable, "-c", OWN], stdout=subprocess.PIPE, text=True)
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


def test_groundworks_own_server_is_asked_by_rows_tables_and_streams():
    rows = [[2.0, 3.0], [0.0, 0.0]]

    with own_server() as url, Client(url) as client:
        assert [True, True] == [client.live(), client.ready()]
        assert "line" == client.metadata()["name"]
        assert [5.0, 0.0] == pytest.approx(client.predict(rows), abs=1e-6)
        assert [5.0, 0.0] == pytest.approx(client.predict(np.array(rows)), abs=1e-6)
        assert [5.0] * 500 == pytest.approx(list(client.predict_stream([rows[0]] * 500)))
        with pytest.raises(InvalidDataError, match=r"instances\[0\]"):
            client.predict([[1.0]])
