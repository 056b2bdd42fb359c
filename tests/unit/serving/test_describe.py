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
