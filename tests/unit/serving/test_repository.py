import asyncio

from groundwork.serving import create_app


class Echo:
    version = "3"

    def predict(self, batch):
        return batch


class Late(Echo):
    """Takes as long to answer its example as the test wants."""

    def __init__(self, loop):
        self._loop = loop
        self.gate = asyncio.Event()

    def predict(self, batch):
        asyncio.run_coroutine_threadsafe(self.gate.wait(), self._loop).result()
        return batch


def test_the_server_says_what_it_is_and_which_extensions_it_has(ask):
    answer = ask({"m": Echo()}, lambda client: client.get("/v2"))

    assert answer.json["name"] == "groundwork"
    assert answer.json["extensions"] == ["binary_tensor_data", "model_repository"]
    assert "version" in answer.json


def test_a_model_is_ready_once_it_has_answered_its_example(served):
    async def main():
        model = Late(asyncio.get_running_loop())
        async with served({"m": model}, wait=False, executor="thread") as client:
            before = await client.get("/v2/models/m/ready")
            index = (await client.request("POST", "/v2/repository/index")).json
            model.gate.set()
            await client.app.loaded.wait()
            after = [await client.get(f"/v2/models/m{version}/ready") for version in ("", "/versions/3")]
            return before, index, after

    before, index, after = asyncio.run(main())

    assert (before.status, before.json["code"]) == (503, "model_not_ready")
    assert index == [{"name": "m", "version": "", "state": "UNAVAILABLE", "reason": "still loading"}]
    assert [answer.status for answer in after] == [200, 200]
    assert after[0].json == {"name": "m", "ready": True}


def test_an_unknown_model_or_version_is_not_ready_but_404(ask):
    async def talk(client):
        return [await client.get(path) for path in ("/v2/models/n/ready", "/v2/models/m/versions/9/ready")]

    answers = ask({"m": Echo()}, talk)

    assert [answer.status for answer in answers] == [404, 404]
    assert answers[0].json["error"] == "there is no model 'n'; there are: m"


def test_the_index_lists_each_version(ask):
    answer = ask({"m": Echo(), "n": Echo()}, lambda client: client.request("POST", "/v2/repository/index"))

    assert [(model["name"], model["version"], model["state"]) for model in answer.json] == [
        ("m", "3", "READY"),
        ("n", "3", "READY"),
    ]


def test_metadata_tells_the_outputs_as_the_example_was_answered(ask):
    class Model(Echo):
        def input_schema(self):
            return {"type": "array", "maxItems": 2, "examples": [[1.0, 2.0]]}

        def predict(self, batch):
            return [{"label": "a", "scores": [0.25, 0.75]} for _ in batch]

    document = ask({"m": Model()}, lambda client: client.get("/v2/models/m")).json

    assert document["inputs"] == [{"name": "instances", "datatype": "FP64", "shape": [-1, 2]}]
    assert document["outputs"] == [
        {"name": "label", "datatype": "BYTES", "shape": [-1]},
        {"name": "scores", "datatype": "FP64", "shape": [-1, 2]},
    ]


def test_what_the_protocol_has_and_we_have_not_is_404_in_its_own_words(ask):
    answer = ask({"m": Echo()}, lambda client: client.get("/v2/models/m/config"))

    assert (answer.status, answer.json["code"]) == (404, "not_found")
    assert answer.json["error"] == "there is no /v2/models/m/config; see /openapi.json for what there is"


def test_readiness_asks_for_a_key_where_there_are_keys():
    app = create_app({"m": Echo()}, api_keys=["k"])

    assert not app.core.model_routes["ready"].open
