import pytest
from sklearn.linear_model import LogisticRegression

from groundwork.serving import Versions


def body_of(document, path):
    return document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]


def describe(ask, models, query="", **options):
    return ask(models, lambda client: client.get(f"/openapi.json{query}"), **options).json


def anything(batch):
    return batch


def test_it_holds_the_models_own_schema_and_example(ask, model):
    document = describe(ask, {"m": model}, max_instances=9)

    body = body_of(document, "/predict")
    assert document["openapi"] == "3.1.0"
    assert body["properties"]["instances"]["items"] == model.input_schema()
    assert body["properties"]["instances"]["maxItems"] == 9
    assert body["examples"] == [{"instances": [{"x": 1.5}]}]


def test_of_several_models_it_admits_the_instances_of_each(ask, model):
    document = describe(ask, {"m": model, "n": anything})

    assert len(body_of(document, "/predict")["properties"]["instances"]["items"]["anyOf"]) == 2


def test_of_one_model_it_admits_the_instances_of_that_one(ask, model):
    document = describe(ask, {"n": anything, "m": Versions({"1": model, "2": model})}, "?model=m")

    model_parameter, version_parameter, *_ = document["paths"]["/predict"]["post"]["parameters"]
    assert body_of(document, "/predict")["properties"]["instances"]["items"] == model.input_schema()
    assert model_parameter["schema"]["enum"] == ["m"]
    assert version_parameter["schema"]["enum"] == ["1", "2"]
    assert "/v2/models/m/versions/2/infer" in document["paths"]
    assert not any(path.startswith("/v2/models/n") for path in document["paths"])


def test_of_a_model_that_there_is_not_it_is_404(ask, model):
    answer = ask({"m": model}, lambda client: client.get("/openapi.json?model=n"))

    assert (answer.status, answer.json["code"]) == (404, "model_not_found")


def test_every_path_is_there(ask, model):
    async def talk(client):
        paths = (await client.get("/openapi.json")).json["paths"]
        return {
            (await client.request(method.upper(), path)).status
            for path, operations in paths.items()
            for method in operations
        }

    # 400 where a body is wanted.
    assert ask({"m m": model}, talk) == {200, 400}


def test_infer_has_an_example_where_a_row_goes_into_tensors(ask, model):
    fitted = LogisticRegression().fit([[0, 0], [1, 1]], [0, 1])
    document = describe(ask, {"m": fitted, "n": model, "o": anything})

    def inputs(name):
        return [example["inputs"] for example in body_of(document, f"/v2/models/{name}/infer").get("examples", [])]

    assert inputs("m") == [[{"name": "instances", "datatype": "FP64", "shape": [1, 2], "data": [[0.0, 0.0]]}]]
    assert inputs("n") == [[{"name": "x", "datatype": "FP64", "shape": [1], "data": [1.5]}]]
    assert inputs("o") == []


@pytest.mark.parametrize("keys", [None, ["k"]])
def test_it_says_where_a_key_is_needed(ask, model, keys):
    async def talk(client):
        return (await client.request("GET", "/openapi.json", headers=[("x-api-key", "k")])).json

    document = ask({"m": model}, talk, api_keys=keys)

    predict = document["paths"]["/predict"]["post"]
    live = document["paths"]["/v2/health/live"]["get"]
    assert ("security" in document, "401" in predict["responses"]) == (bool(keys), bool(keys))
    assert (live.get("security"), "401" in live["responses"]) == ([] if keys else None, False)
    assert list(document["components"].get("securitySchemes", {})) == (["bearer", "key", "basic"] if keys else [])


def test_what_is_to_be_tried_again_says_when(ask, model):
    responses = describe(ask, {"m": model})["paths"]["/predict"]["post"]["responses"]

    assert {status for status, response in responses.items() if "Retry-After" in response["headers"]} == {"429", "503"}
