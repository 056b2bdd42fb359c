import asyncio
import json
import logging


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


def test_a_batch_that_fails_is_told_of_once_by_model_and_version_with_one_traceback(ask, caplog):
    class Broken:
        version = "3"

        def predict(self, batch):
            raise ZeroDivisionError("inside")

    async def talk(client):
        many = [client.predict([1] * 8) for _ in range(5)]
        return [answer.status for answer in await asyncio.gather(*many)]

    with caplog.at_level(logging.ERROR, "groundwork.serving"):
        statuses = ask({"m": Broken()}, talk, max_wait_s=0.2, max_batch_rows=40)

    assert statuses == [500] * 5
    assert [record.getMessage() for record in caplog.records] == ["POST /predict of model 'm', version 3 failed"]
    assert caplog.text.count("Traceback") == 1
