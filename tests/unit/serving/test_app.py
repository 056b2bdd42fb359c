import asyncio
import json

import pytest

from groundwork.errors import ConfigurationError, Overloaded
from groundwork.serving import Versions, create_app
from groundwork.serving._options import AppOptions


def test_predictions_come_in_the_order_of_the_instances(ask, model):
    answer = ask({"m": model}, lambda client: client.predict([{"x": 1}, {"x": 2}]))

    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.json == {"predictions": [{"prediction": 2}, {"prediction": 4}], "model": "m", "version": "7"}


def test_the_first_model_answers_unless_the_query_names_another(ask, model):
    class Other:
        def predict(self, batch):
            return ["other" for _ in batch]

    async def talk(client):
        return [
            (await client.predict([{"x": 1}], query)).json["model"] for query in ("", "?model=b", "?model=a", "?x=1")
        ]

    assert ask({"a": model, "b": Other()}, talk) == ["a", "b", "a", "a"]


def test_an_unknown_model_is_404_and_names_those_there_are(ask, model):
    answer = ask({"m": model}, lambda client: client.predict([{"x": 1}], "?model=n"))

    assert (answer.status, answer.json["code"]) == (404, "model_not_found")
    assert answer.json["detail"] == "there is no model 'n'; there are: m"


def test_concurrent_requests_share_a_batch(ask, model):
    async def talk(client):
        model.hold()
        first = asyncio.create_task(client.predict([{"x": 0}]))
        await model.entered()
        rest = [asyncio.create_task(client.predict([{"x": number}])) for number in (1, 2, 3)]
        await asyncio.sleep(0)
        model.let_go()
        return [answer.json["predictions"][0]["prediction"] for answer in await asyncio.gather(first, *rest)]

    assert ask({"m": model}, talk) == [0, 2, 4, 6]
    assert model.batches == [[0], [1, 2, 3]]


def test_a_request_of_more_rows_than_a_batch_is_split(ask, model):
    async def talk(client):
        model.batches.clear()
        return await client.predict([{"x": number} for number in range(10)])

    answer = ask({"m": model}, talk, max_batch_rows=4)

    assert [len(batch) for batch in model.batches] == [4, 4, 2]
    assert [row["prediction"] for row in answer.json["predictions"]] == list(range(0, 20, 2))


def test_a_row_that_breaks_the_model_fails_its_own_request_only(ask, model, caplog):
    async def talk(client):
        model.hold()
        first = asyncio.create_task(client.predict([{"x": 0}]))
        await model.entered()
        rest = [asyncio.create_task(client.predict([{"x": 5}, {"x": number}])) for number in (1, 666, 3)]
        await asyncio.sleep(0)
        model.let_go()
        return await asyncio.gather(first, *rest)

    answers = ask({"m": model}, talk)

    assert [answer.status for answer in answers] == [200, 200, 500, 200]
    assert answers[2].json["code"] == "prediction_failed"
    assert answers[2].json["detail"] == "the model failed on instances[1]; the server's log says why"
    assert b"secret" not in answers[2].body
    assert "ZeroDivisionError" in caplog.text


def test_every_row_with_a_mistake_is_named_though_parse_stops_at_the_first(ask, model):
    answer = ask({"m": model}, lambda client: client.predict([{"x": 1}, {"x": "abc"}, {"y": 2}]))

    assert answer.status == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json == {
        "type": "urn:groundwork:problem:invalid_data",
        "title": "The request breaks the schema",
        "status": 422,
        "detail": "instances[1].x: 'abc' is not a number (and 1 more)",
        "code": "invalid_data",
        "error": "instances[1].x: 'abc' is not a number (and 1 more)",
        "errors": [
            {"pointer": "#/instances/1/x", "detail": "instances[1].x: 'abc' is not a number"},
            {"pointer": "#/instances/2/x", "detail": "instances[2].x: None is not a number"},
        ],
    }


def test_no_more_than_twenty_mistakes_are_listed_but_all_are_counted(ask, model):
    answer = ask({"m": model}, lambda client: client.predict([{}] * 50))

    assert len(answer.json["errors"]) == 20
    assert answer.json["detail"].endswith("(and 49 more)")


@pytest.mark.parametrize("instance", [1, "text", None, [1], True])
def test_an_instance_that_is_no_object_is_named(ask, model, instance):
    answer = ask({"m": model}, lambda client: client.predict([{"x": 1}, instance]))

    assert answer.status == 422
    assert answer.json["detail"].startswith("instances[1]: an object of columns is needed, not ")


@pytest.mark.parametrize(
    ("body", "position"),
    [
        (b"", "(byte 0)"),
        (b'{"instances":[1,', "(byte 16)"),
        (b'{"instances":[1,]}', "trailing comma in array (byte 16)"),
        (b'{"instances":["\xff"]}', "invalid start byte in UTF-8 (byte 15)"),
        (b'{"instances":' + b"[" * 100_000, "nested too deeply"),
        (b'{"instances":[NaN]}', "(byte 14)"),
    ],
)
def test_what_is_not_json_is_400_with_its_position(ask, model, body, position):
    answer = ask({"m": model}, lambda client: client.request("POST", "/predict", body=body))

    assert (answer.status, answer.json["code"]) == (400, "invalid_json")
    assert answer.json["detail"].endswith(position)


@pytest.mark.parametrize(
    "body", [b"[]", b"{}", b'{"instances":3}', b'{"instances":[],"more":1}', b'{"instances":[1e999]}']
)
def test_json_of_another_shape_is_422(ask, model, body):
    answer = ask({"m": model}, lambda client: client.request("POST", "/predict", body=body))

    assert (answer.status, answer.json["code"]) == (422, "invalid_request")


@pytest.mark.parametrize(
    ("instances", "detail"),
    [
        ([], "instances: is empty; send at least one instance"),
        ([{"x": 1}] * 4, "instances: has 4; send at most 3 at a time"),
    ],
)
def test_too_few_and_too_many_instances_are_refused(ask, model, instances, detail):
    answer = ask({"m": model}, lambda client: client.predict(instances), max_instances=3)

    assert answer.status == 422
    assert answer.json["detail"] == detail


def test_a_declared_body_beyond_the_bound_is_refused_unread(ask, model):
    headers = [("content-length", "101")]

    answer = ask(
        {"m": model}, lambda client: client.request("POST", "/predict", headers=headers, parts=[]), max_body_bytes=100
    )

    assert (answer.status, answer.json["code"]) == (413, "body_too_large")
    assert "100 bytes" in answer.json["detail"]
    assert answer.headers["connection"] == "close"


def test_an_undeclared_body_beyond_the_bound_is_refused(ask, model):
    parts = [b" " * 60, b" " * 60]

    answer = ask({"m": model}, lambda client: client.request("POST", "/predict", parts=parts), max_body_bytes=100)

    assert answer.status == 413


def test_a_body_may_come_in_parts(ask, model):
    parts = [b'{"instances":', b'[{"x":', b"4}]}"]

    answer = ask({"m": model}, lambda client: client.request("POST", "/predict", parts=parts))

    assert answer.json["predictions"] == [{"prediction": 8}]


def test_a_body_that_never_ends_is_408(ask, model):
    async def talk(client):
        return await client.request("POST", "/predict", parts=[b"{", asyncio.Event().wait()])

    answer = ask({"m": model}, talk, body_timeout_s=0.001)

    assert (answer.status, answer.json["code"]) == (408, "body_timeout")


def test_unknown_routes_are_404(ask, model):
    async def talk(client):
        return [(await client.get(path)).status for path in ("/nope", "/v2/models/", "/v2/models/m/n", "/predict/")]

    assert ask({"m": model}, talk) == [404] * 4


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [("GET", "/predict", "POST"), ("POST", "/metrics", "GET, HEAD"), ("PUT", "/", "GET, HEAD")],
)
def test_a_wrong_method_is_405_and_says_which_fit(ask, model, method, path, allowed):
    answer = ask({"m": model}, lambda client: client.request(method, path))

    assert answer.status == 405
    assert answer.headers["allow"] == allowed


def test_head_has_the_headers_of_get_and_no_body(ask, model):
    answer = ask({"m": model}, lambda client: client.request("HEAD", "/v2/health/live"))

    assert (answer.status, answer.body, answer.headers["content-length"]) == (200, b"", "13")


def test_a_deadline_that_passes_is_504_and_its_rows_never_reach_the_model(ask, model):
    async def talk(client):
        model.hold()
        first = asyncio.create_task(client.predict([{"x": 0}]))
        await model.entered()
        client.app.models.pick("m", None, None).batcher.wait_s = lambda: 0.0
        late = await client.predict([{"x": 1}], headers=[("x-request-timeout-ms", "1")])
        model.let_go()
        await first
        return late

    answer = ask({"m": model}, talk)

    assert (answer.status, answer.json["code"]) == (504, "deadline_exceeded")
    assert model.batches == [[0]]


@pytest.mark.parametrize("value", ["", "soon", "-1", "1.5", "9" * 20])
def test_a_deadline_that_is_no_number_is_400(ask, model, value):
    answer = ask({"m": model}, lambda client: client.predict([{"x": 1}], headers=[("x-request-timeout-ms", value)]))

    assert (answer.status, answer.json["code"]) == (400, "invalid_header")


def test_a_full_queue_is_503_with_a_time_to_come_again(ask, model):
    async def talk(client):
        model.hold()
        tasks = [asyncio.create_task(client.predict([{"x": 0}]))]
        await model.entered()
        tasks.append(asyncio.create_task(client.predict([{"x": 1}, {"x": 2}])))
        await asyncio.sleep(0)
        refused = await client.predict([{"x": 3}])
        model.let_go()
        await asyncio.gather(*tasks)
        return refused

    answer = ask({"m": model}, talk, max_queue_rows=2, max_instances=2)

    assert (answer.status, answer.json["code"]) == (503, "overloaded")
    assert int(answer.headers["retry-after"]) >= 1


def test_a_client_that_leaves_is_dropped_before_the_model(ask, model):
    async def talk(client):
        model.hold()
        first = asyncio.create_task(client.predict([{"x": 0}]))
        await model.entered()
        gone = asyncio.Event()
        leaver = asyncio.create_task(client.predict([{"x": 1}], gone=gone))
        stayer = asyncio.create_task(client.predict([{"x": 2}]))
        await asyncio.sleep(0)
        gone.set()
        nothing = await leaver
        model.let_go()
        return nothing, (await first).status, (await stayer).status, (await client.get("/metrics")).body.decode()

    nothing, first, stayer, metrics = ask({"m": model}, talk, watch_after_s=0.0)

    assert nothing is None
    assert (first, stayer) == (200, 200)
    assert model.batches == [[0], [2]]
    assert 'groundwork_requests_total{route="/predict",status="499"} 1.0' in metrics


def test_a_client_that_leaves_in_mid_body_is_dropped(ask, model):
    async def talk(client):
        gone = asyncio.Event()
        gone.set()
        return await client.request("POST", "/predict", parts=[], gone=gone)

    assert ask({"m": model}, talk) is None


def test_a_request_cancelled_by_the_server_stays_cancelled(ask, model):
    async def talk(client):
        model.hold()
        request = asyncio.create_task(client.predict([{"x": 1}]))
        await model.entered()
        request.cancel()
        await asyncio.wait([request])
        model.let_go()
        return request.cancelled()

    assert ask({"m": model}, talk)


def test_answers_that_are_no_finite_number_are_null(ask):
    class Model:
        def predict(self, batch):
            return [float("nan"), float("inf"), 1.5][: len(batch)]

    answer = ask({"m": Model()}, lambda client: client.predict([1, 2, 3]))

    assert answer.json["predictions"] == [None, None, 1.5]


def test_numpy_answers_become_plain_json(ask):
    import numpy as np

    class Model:
        def predict(self, batch):
            return [{"p": np.float32(0.5), "k": np.int64(3), "all": np.arange(2)} for _ in batch]

    answer = ask({"m": Model()}, lambda client: client.predict([1]))

    assert answer.json["predictions"] == [{"p": 0.5, "k": 3, "all": [0, 1]}]


def test_an_array_of_answers_is_taken_apart(ask):
    import numpy as np

    class Model:
        def predict(self, batch):
            return np.array(batch) * 2

    answer = ask({"m": Model()}, lambda client: client.predict([1, 2]))

    assert answer.json["predictions"] == [2, 4]


@pytest.mark.parametrize("result", [object(), {(1, 2): 3}, "\ud800"])
def test_an_answer_that_json_cannot_hold_is_the_models_failure(ask, result):
    class Model:
        def predict(self, batch):
            return [result for _ in batch]

    answer = ask({"m": Model()}, lambda client: client.predict([1]))

    assert (answer.status, answer.json["code"], answer.json["detail"]) == (500, "prediction_failed", "the model failed")


def test_a_wrong_number_of_answers_is_500(ask):
    class Model:
        def predict(self, batch):
            return []

    assert ask({"m": Model()}, lambda client: client.predict([1])).status == 500


def test_a_bug_in_a_models_parse_is_500_and_the_connection_lives(ask):
    class Model:
        def parse(self, instances):
            raise RuntimeError("secret")

        def predict(self, batch):
            return batch

    answer = ask({"m": Model()}, lambda client: client.predict([1]))

    assert (answer.status, answer.json["code"]) == (500, "internal")
    assert b"secret" not in answer.body


def test_a_column_that_a_plain_parse_looks_for_in_vain_is_the_clients_mistake(ask):
    class Model:
        def parse(self, instances):
            return [instance["x"] for instance in instances]

        def predict(self, batch):
            return batch

    answer = ask({"m": Model()}, lambda client: client.predict([{"x": 1}, {"y": 2}]))

    assert (answer.status, answer.json["errors"][0]["pointer"]) == (422, "#/instances/1")
    assert "'x'" in answer.json["detail"]


def test_an_exit_that_the_model_asks_for_is_not_swallowed(asgi_client):
    class Model:
        asked = 0

        def predict(self, batch):
            self.asked += 1
            if self.asked > 1:
                raise SystemExit(3)
            return batch

    async def main():
        app = create_app({"m": Model()})
        app.start()
        await app.loaded.wait()
        await asgi_client(app).predict([1])

    with pytest.raises(SystemExit) as raised:
        asyncio.run(main())

    assert raised.value.code == 3


def test_without_a_model_there_is_no_app():
    with pytest.raises(ConfigurationError, match="no model to serve"):
        create_app({})


@pytest.mark.parametrize("name", ["a/b", ""])
def test_a_name_that_no_path_can_hold_is_refused(name):
    with pytest.raises(ConfigurationError, match=f"a model is named {name!r}, which no path below /v2/models/ can"):
        create_app({name: list})
    with pytest.raises(ConfigurationError, match=f"a version is named {name!r}"):
        create_app({"m": Versions({name: list})})


def test_keys_are_not_shown_with_the_options():
    assert "secret" not in repr(AppOptions(api_keys=["secret"]))


def test_a_websocket_is_closed():
    sent = []

    async def send(message):
        sent.append(message)

    asyncio.run(create_app({"m": object})({"type": "websocket"}, None, send))

    assert sent == [{"type": "websocket.close", "code": 1000}]


def test_two_apps_in_one_process_do_not_mix_their_metrics(ask, model):
    async def talk(client):
        await client.predict([{"x": 1}])
        return (await client.get("/metrics")).body

    first, second = ask({"m": model}, talk), ask({"m": model}, talk)

    assert b'route="/predict",status="200"} 1.0' in first
    assert b'route="/predict",status="200"} 1.0' in second


def test_metrics_count_batches_queues_and_requests(ask, model):
    async def talk(client):
        model.hold()
        tasks = [asyncio.create_task(client.predict([{"x": 0}]))]
        await model.entered()
        tasks += [asyncio.create_task(client.predict([{"x": 1}, {"x": 2}]))]
        await asyncio.sleep(0)
        meanwhile = (await client.get("/metrics")).body.decode()
        model.let_go()
        await asyncio.gather(*tasks)
        return meanwhile, (await client.get("/metrics")).body.decode()

    meanwhile, after = ask({"m": model}, talk)

    assert 'groundwork_queue_rows{model="m"} 2.0' in meanwhile
    assert "groundwork_requests_in_flight 3.0" in meanwhile
    assert 'groundwork_queue_rows{model="m"} 0.0' in after
    assert 'groundwork_batch_rows_sum{model="m"} 4.0' in after
    assert 'groundwork_batch_rows_count{model="m"} 3.0' in after
    assert 'groundwork_request_seconds_count{route="/predict"} 2.0' in after


def test_what_a_client_sends_never_becomes_a_label(ask, model):
    async def talk(client):
        await client.get("/made/up")
        await client.get("/v2/models/made-up")
        return (await client.get("/metrics")).body.decode()

    metrics = ask({"m": model}, talk)

    assert "made" not in metrics
    assert 'route="other",status="404"' in metrics


def test_a_model_that_is_overloaded_itself_says_so(ask):
    class Model:
        def parse(self, instances):
            raise Overloaded("no room", retry_after_s=2.5)

        def predict(self, batch):
            return batch

    answer = ask({"m": Model()}, lambda client: client.predict([1]))

    assert (answer.status, answer.headers["retry-after"]) == (503, "3")


def test_instances_and_answers_keep_their_unicode(ask):
    class Echo:
        def predict(self, batch):
            return batch

    async def talk(client):
        return await client.request("POST", "/predict", body=json.dumps({"instances": ["né à Zürich 🛫"]}).encode())

    assert ask({"m": Echo()}, talk).json["predictions"] == ["né à Zürich 🛫"]
