import json


def double(batch):
    return [2 * row for row in batch]


def test_a_function_gets_the_rows_of_its_one_input_as_predict_gives_them(ask):
    async def talk(client):
        told = (await client.get("/v2/models/m")).json["inputs"]
        inputs = [{"name": "instances", "datatype": "FP64", "shape": [2], "data": [1.0, 2.0]}]
        answer = await client.request("POST", "/v2/models/m/infer", body=json.dumps({"inputs": inputs}).encode())
        return told, answer.json["outputs"][0]["data"]

    told, data = ask({"m": double}, talk)

    assert told == [{"name": "instances", "datatype": "FP64", "shape": [-1]}]
    assert data == [2.0, 4.0]


def test_a_compressed_body_is_415_on_predict_too(ask):
    answer = ask({"m": double}, lambda client: client.predict([1], headers=[("content-encoding", "gzip")]))

    assert (answer.status, answer.json["code"]) == (415, "unsupported_encoding")
