import json
import re

from groundwork.serving._describe import package_version


def test_a_percent_sign_in_a_name_is_decoded_once(ask, model):
    answer = ask({"a%20b": model}, lambda client: client.get("/v2/models/a%2520b"))

    assert answer.json["name"] == "a%20b"


def test_metadata_says_what_a_model_is_and_takes(ask, model):
    answer = ask({"m m": model}, lambda client: client.get("/v2/models/m%20m"))

    assert answer.json == {
        "name": "m m",
        "versions": ["7"],
        "platform": "groundwork",
        "inputs": [{"name": "x", "datatype": "FP64", "shape": [-1]}],
        "outputs": [{"name": "prediction", "datatype": "FP64", "shape": [-1]}],
        "schema": {"type": "object", "properties": {"x": {"type": "number"}}, "examples": [{"x": 1.5}]},
        "example": {"x": 1.5},
    }


def test_metadata_of_an_unknown_model_is_404(ask, model):
    answer = ask({"m": model}, lambda client: client.get("/v2/models/n"))

    assert (answer.status, answer.json["code"]) == (404, "model_not_found")


def test_openapi_holds_the_models_own_schema_and_example(ask, model):
    document = ask({"m": model}, lambda client: client.get("/openapi.json")).json

    body = document["paths"]["/predict"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert document["openapi"] == "3.1.0"
    assert body["properties"]["instances"]["items"] == model.input_schema()
    assert body["examples"] == [{"instances": [{"x": 1.5}]}]


def test_openapi_of_several_models_admits_the_instances_of_each(ask, model):
    class Anything:
        def predict(self, batch):
            return batch

        def input_schema(self):
            return {"type": "object", "properties": {"odd": {"type": "unheard"}}}

    document = ask({"m": model, "n": Anything()}, lambda client: client.get("/openapi.json")).json

    body = document["paths"]["/predict"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert len(body["properties"]["instances"]["items"]["anyOf"]) == 2


def test_every_path_of_the_description_is_there(ask, model):
    async def talk(client):
        paths = (await client.get("/openapi.json")).json["paths"]
        return [
            (await client.request(method.upper(), path.replace("{name}", "m"))).status
            for path, operations in paths.items()
            for method in operations
            if method != "parameters"
        ]

    assert 404 not in ask({"m": model}, talk)


def test_the_page_is_filled_in_and_fetches_nothing_from_elsewhere(ask, model):
    answer = ask({"m": model}, lambda client: client.get("/"), title="<flights>")

    html = answer.body.decode()
    examples = re.search(r'<script type="application/json" id="examples">(.*?)</script>', html).group(1)
    assert json.loads(examples) == {"m": {"x": 1.5}}
    assert "&lt;flights&gt;" in html
    assert "http" not in html
    assert answer.headers["content-type"] == "text/html; charset=utf-8"


def test_an_example_cannot_close_its_element(ask, model):
    model.input_schema = lambda: {"type": "object", "examples": [{"x": "</script><script>alert(1)</script>"}]}

    html = ask({"m": model}, lambda client: client.get("/")).body.decode()

    assert "alert(1)</script>" not in html


def test_a_source_folder_that_was_never_installed_haspackage_version_0(monkeypatch):
    from groundwork.serving import _describe

    def missing(name):
        raise _describe.PackageNotFoundError(name)

    monkeypatch.setattr(_describe, "version", missing)
    unknown = package_version()
    monkeypatch.setattr(_describe, "version", lambda name: "1.2")

    assert (unknown, package_version()) == ("0", "1.2")


def test_a_type_unheard_of_is_text(ask):
    class Odd:
        def predict(self, batch):
            return batch

        def input_schema(self):
            return {"type": "object", "properties": {"odd": {"type": "unheard"}, "free": {}}}

    answer = ask({"m": Odd()}, lambda client: client.get("/v2/models/m"))

    assert [column["datatype"] for column in answer.json["inputs"]] == ["BYTES", "BYTES"]
