import asyncio
import threading

import pytest

from groundwork.errors import CheckpointCorrupt, ConfigurationError
from groundwork.serving import _hosted, create_app


def test_ready_is_503_until_the_model_is_loaded_while_live_is_200(served, model, monkeypatch):
    gate = threading.Event()
    load = _hosted.load

    def slow(*args, **kwargs):
        assert gate.wait(30)
        return load(*args, **kwargs)

    monkeypatch.setattr(_hosted, "load", slow)

    async def main():
        async with served({"m": model}, wait=False) as client:
            paths = ("/v2/health/live", "/v2/health/ready", "/openapi.json", "/")
            before = [await client.get(path) for path in paths]
            early = await client.predict([{"x": 1}])
            gate.set()
            await client.app.loaded.wait()
            return before, early, await client.get("/v2/health/ready")

    before, early, after = asyncio.run(main())

    # The page is there before the models: it says what loads, and waits.
    assert [answer.status for answer in before] == [200, 503, 503, 200]
    assert before[1].json["detail"] == "still loading: m"
    assert before[1].headers["retry-after"] == "1"
    assert (early.status, early.json["code"], early.headers["retry-after"]) == (503, "model_not_ready", "1")
    assert (after.status, after.json) == (200, {"ready": True})


def test_ready_is_503_until_the_model_has_answered_an_example(served, model):
    model.hold()

    async def main():
        async with served({"m": model}, wait=False) as client:
            await model.entered()
            warming = [(await client.get("/v2/health/ready")).status, (await client.predict([{"x": 1}])).status]
            model.let_go()
            await client.app.loaded.wait()
            return warming, (await client.get("/v2/health/ready")).status

    assert asyncio.run(main()) == ([503, 503], 200)
    assert model.batches == [[1.5]]


def test_ready_is_503_at_once_when_draining_and_requests_are_still_answered(served, model):
    async def main():
        async with served({"m": model}) as client:
            client.app.drain()
            return await client.get("/v2/health/ready"), await client.predict([{"x": 1}])

    ready, predicted = asyncio.run(main())

    assert (ready.status, ready.json["detail"]) == (503, "the server is stopping")
    assert predicted.status == 200


def test_accepted_requests_are_answered_when_the_app_stops(served, model):
    async def main():
        async with served({"m": model}) as client:
            model.hold()
            accepted = [asyncio.create_task(client.predict([{"x": number}])) for number in (1, 2)]
            await model.entered()
            accepted.append(asyncio.create_task(client.predict([{"x": 3}])))
            await asyncio.sleep(0)
            model.let_go()
        return [answer.status for answer in await asyncio.gather(*accepted)]

    assert asyncio.run(main()) == [200, 200, 200]


def test_a_model_that_cannot_be_loaded_leaves_the_app_unready_with_the_reason(served, monkeypatch, caplog, tmp_path):
    def broken(*args, **kwargs):
        raise CheckpointCorrupt("sha256 differs")

    monkeypatch.setattr(_hosted, "load", broken)

    async def main():
        async with served({"m": tmp_path}) as client:
            return client.app.failure, (await client.get("/v2/health/ready")).status

    failure, status = asyncio.run(main())

    assert isinstance(failure, CheckpointCorrupt)
    assert status == 503
    assert "a model could not be loaded" in caplog.text


def test_an_example_that_the_model_refuses_does_not_keep_it_from_serving(served):
    class Picky:
        def input_schema(self):
            return {"type": "object", "examples": [{"x": 0}]}

        def predict(self, batch):
            return [1 / row["x"] for row in batch]

    async def main():
        async with served({"m": Picky()}) as client:
            return (await client.get("/v2/health/ready")).status, (await client.predict([{"x": 4}])).json["predictions"]

    assert asyncio.run(main()) == (200, [0.25])


def test_a_parse_that_refuses_the_example_does_not_keep_a_model_from_serving(served, model):
    model.input_schema = lambda: {"type": "object"}

    async def main():
        async with served({"m": model}) as client:
            return (await client.get("/v2/health/ready")).status

    assert asyncio.run(main()) == 200


def test_an_app_stopped_while_loading_ends(served, model, monkeypatch):
    gate = threading.Event()
    monkeypatch.setattr(_hosted, "load", lambda *args, **kwargs: gate.wait(30))

    async def main():
        async with served({"m": model}, wait=False) as client:
            await asyncio.sleep(0)
        gate.set()
        return client.app.loaded.is_set()

    assert asyncio.run(main())


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"max_batch_rows": 0}, "max_batch_rows is 0"),
        ({"max_wait_s": -1.0}, "max_wait_s is -1.0"),
        ({"request_timeout_s": 0.0}, "request_timeout_s is 0.0"),
        ({"max_instances": 2000}, "max_instances is 2000, more than the 1024 rows"),
        ({"max_batch_row": 1}, "unknown option 'max_batch_row'"),
        ({"zzz": 1}, "unknown option 'zzz'"),
    ],
)
def test_a_wrong_option_is_named(model, options, words):
    with pytest.raises(ConfigurationError, match=words):
        create_app({"m": model}, **options)
