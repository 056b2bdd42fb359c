import asyncio
import contextlib
import json
import tracemalloc

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from groundwork.serving import create_app
from groundwork.serving._block import Tensor
from groundwork.serving._infer_wire import InferRequest, read_request, write_answer
from groundwork.serving._problem import Problem
from groundwork.serving._tensors import MAX_TEXTS, to_binary
from groundwork.serving._versions import Versions

INFER = "/v2/models/m/infer"


def head_of(*inputs, **more):
    return json.dumps({"inputs": list(inputs), **more}).encode()


def column(data, name="x", datatype="FP64", shape=None, **more):
    return {"name": name, "datatype": datatype, "shape": [len(data)] if shape is None else shape, "data": data, **more}


def sized(size, name="x", datatype="FP64", shape=(1,)):
    return {"name": name, "datatype": datatype, "shape": list(shape), "parameters": {"binary_data_size": size}}


def post(head, raw=b"", path=INFER, length=None, headers=()):
    """Return a talk that sends an infer request; its head's length is told where there is more, or as given."""
    told = [("inference-header-content-length", str(len(head) if length is None else length))]
    sent = [*headers, *(told if raw or length is not None else [])]
    return lambda client: client.request("POST", path, body=head + raw, headers=sent)


def outputs_in(answer):
    return {output["name"]: output for output in answer.json["outputs"]}


def test_json_goes_in_and_comes_out(ask, model):
    answer = ask({"m": model}, post(head_of(column([1.5, 2]), id="a7")))

    assert answer.headers["content-type"] == "application/json"
    assert answer.json == {
        "model_name": "m",
        "model_version": "7",
        "outputs": [{"name": "prediction", "datatype": "FP64", "shape": [2], "data": [3.0, 4.0]}],
        "id": "a7",
    }


def test_bytes_go_in_and_come_out_behind_a_head_of_the_length_told(ask, model):
    raw = np.array([1.5, 2.0]).tobytes()

    answer = ask({"m": model}, post(head_of(sized(16, shape=[2]), parameters={"binary_data_output": True}), raw))

    length = int(answer.headers["inference-header-content-length"])
    assert answer.headers["content-type"] == "application/octet-stream"
    assert length % 8 == 0
    assert json.loads(answer.body[:length])["outputs"] == [
        {"name": "prediction", "datatype": "FP64", "shape": [2], "parameters": {"binary_data_size": 16}}
    ]
    assert np.frombuffer(answer.body[length:]).tolist() == [3.0, 4.0]


def test_each_output_says_how_it_is_wanted(ask):
    class Both:
        def predict(self, batch):
            return [{"a": row["x"], "b": str(row["x"]), "c": 0} for row in batch]

    outputs = [{"name": "b", "parameters": {"binary_data": True}}, {"name": "a"}]
    answer = ask({"m": Both()}, post(head_of(column([1.5]), outputs=outputs)))

    length = int(answer.headers["inference-header-content-length"])
    assert json.loads(answer.body[:length])["outputs"] == [
        {"name": "b", "datatype": "BYTES", "shape": [1], "parameters": {"binary_data_size": 7}},
        {"name": "a", "datatype": "FP64", "shape": [1], "data": [1.5]},
    ]
    assert answer.body[length:] == b"\3\0\0\0" + b"1.5"


def test_a_number_that_is_missing_is_nan_in_a_tensor_and_null_in_json(ask):
    class Echo:
        def predict(self, batch):
            return [row["x"] for row in batch]

    raw = np.array([1.5, np.nan], np.float32).tobytes()
    by_bytes = ask({"m": Echo()}, post(head_of(sized(8, datatype="FP32", shape=[2])), raw))
    by_json = ask({"m": Echo()}, post(head_of(column([1.5, None]))))

    assert outputs_in(by_bytes)["predictions"]["data"] == [1.5, None]
    assert outputs_in(by_json)["predictions"]["data"] == [1.5, None]


def test_a_shadow_is_asked_by_tensors_too(ask, model):
    class Shadow:
        seen = ()

        def predict(self, batch):
            self.seen = (*self.seen, *batch)
            return batch

    shadow = Shadow()

    async def talk(client):
        answer = await post(head_of(column([1.5])))(client)
        while len(shadow.seen) < 2:  # its example, and the copy
            await asyncio.sleep(0)
        return answer

    answer = ask({"m": Versions({"1": model, "2": shadow}, shadow="2")}, talk)

    assert answer.json["model_version"] == "1"
    assert shadow.seen[-1] == {"x": 1.5}


def test_an_object_gets_the_rows_of_a_matrix_as_lists(ask):
    class Echo:
        def predict(self, batch):
            return [json.dumps(row) for row in batch]

    numbers = ask({"m": Echo()}, post(head_of(column([[1, 2], [3, 4]], datatype="INT8", shape=[2, 2]))))
    texts = ask({"m": Echo()}, post(head_of(column(["a", "b"], datatype="BYTES", shape=[1, 2]))))

    assert outputs_in(numbers)["predictions"]["data"] == ["[1, 2]", "[3, 4]"]
    assert outputs_in(texts)["predictions"]["data"] == ['["a", "b"]']


@pytest.mark.parametrize(
    ("tensors", "told"),
    [
        ([column([1], shape=[])], "input 'x' has the shape []; a column has [rows]"),
        ([column([1, 2], shape=[1, 2]), column([1], name="y")], "input 'x' has the shape [1, 2]; a column has [rows]"),
        ([column([1, 2]), column([1], name="y")], "the same number of rows, at least one; there are 'x' [2], 'y' [1]"),
    ],
)
def test_tensors_that_are_no_columns_are_refused_by_name(ask, tensors, told):
    class Echo:
        def predict(self, batch):
            return batch

    answer = ask({"m": Echo()}, post(head_of(*tensors)))

    assert answer.status == 422
    assert told in answer.json["error"]


def test_a_version_can_be_named(ask, model):
    async def talk(client):
        paths = (f"/v2/models/m/versions/{version}/infer" for version in ("7", "8"))
        return [await post(head_of(column([1])), path=path)(client) for path in paths]

    known, unknown = ask({"m": model}, talk)

    assert (known.status, unknown.status) == (200, 404)
    assert unknown.json["error"] == "there is no version '8' of model 'm'; there are: 7"


def test_rows_share_batches_with_those_of_predict(ask, model):
    async def talk(client):
        model.hold()
        first = asyncio.create_task(client.predict([{"x": 0}]))
        await model.entered()
        rest = [
            asyncio.create_task(post(head_of(column([1, 2])))(client)),
            asyncio.create_task(client.predict([{"x": 3}])),
        ]
        await asyncio.sleep(0)
        model.let_go()
        return await asyncio.gather(first, *rest)

    answers = ask({"m": model}, talk)

    assert [answer.status for answer in answers] == [200, 200, 200]
    assert model.batches == [[0], [1, 2, 3]]


def test_more_rows_than_a_batch_are_split(ask, model):
    async def talk(client):
        model.batches.clear()
        return await post(head_of(column(list(range(10)))))(client)

    answer = ask({"m": model}, talk, max_batch_rows=4)

    assert [len(batch) for batch in model.batches] == [4, 4, 2]
    assert outputs_in(answer)["prediction"]["data"] == list(range(0, 20, 2))


def test_a_row_that_the_model_fails_on_is_named(ask, model, caplog):
    answer = ask({"m": model}, post(head_of(column([1, 666]))))

    assert (answer.status, answer.json["code"]) == (500, "prediction_failed")
    assert answer.json["error"] == "the model failed on instances[1]; the server's log says why"


def test_no_more_rows_than_there_may_be_are_read(ask, model):
    many = ask({"m": model}, post(head_of(column([1] * 9))), max_instances=8)
    none = ask({"m": model}, post(head_of(column([], shape=[0]))))

    assert (many.status, none.status) == (422, 422)
    assert many.json["detail"] == "instances: has 9; send at most 8 at a time"
    assert none.json["detail"] == "instances: is empty; send at least one instance"


def test_bytes_that_are_no_text_can_be_had_as_bytes_only(ask, caplog):
    class Raw:
        def predict(self, batch):
            return [b"\xff" for _ in batch]

    as_json = ask({"m": Raw()}, post(head_of(column([1]))))
    as_bytes = ask({"m": Raw()}, post(head_of(column([1]), parameters={"binary_data_output": True})))

    assert (as_json.status, as_bytes.status) == (500, 200)
    assert as_bytes.body.endswith(b"\1\0\0\0\xff")


@pytest.mark.parametrize(
    ("head", "raw", "length", "status", "told"),
    [
        (b"", b"", None, 400, "the body is not JSON"),
        (b"{", b"", None, 400, "the body is not JSON"),
        (b"[" * 50_000, b"", None, 400, "Expected `object`, got `array`"),
        (b'{"inputs": ' + b"[" * 50_000, b"", None, 400, "Expected `object`, got `array`"),
        (b'{"inputs": [], "free": ' + b"[" * 50_000, b"", None, 400, "the body is not JSON"),
        (b"{}", b"", None, 400, "Object missing required field `inputs`"),
        (b'{"inputs": {}}', b"", None, 400, "Expected `array`, got `object` - at `$.inputs`"),
        (head_of(), b"", None, 422, "the request has no inputs"),
        (head_of({"name": "x"}), b"", None, 400, "missing required field `datatype` - at `$.inputs[0]`"),
        (head_of(column([1], shape=[-1])), b"", None, 400, "Expected `int` >= 0 - at `$.inputs[0].shape[0]`"),
        (head_of(column([1], shape=[2**31])), b"", None, 400, "at `$.inputs[0].shape[0]`"),
        (head_of(column([1], shape=[1] * 17)), b"", None, 400, "`array` of length <= 16 - at `$.inputs[0].shape`"),
        (head_of(column([1], shape=["1"])), b"", None, 400, "at `$.inputs[0].shape[0]`"),
        (head_of(column([1]), column([1])), b"", None, 400, "inputs[1] 'x': another input has this name too"),
        (head_of({"name": "x", "datatype": "FP64", "shape": [1]}), b"", None, 400, "neither data nor binary_data_size"),
        (head_of(column([1], parameters={"a": [1]})), b"", None, 400, "at `$.inputs[0].parameters"),
        (head_of(column([1], parameters={"shared_memory_region": "r"})), b"", None, 400, "is not supported here"),
        (head_of(column([1]), outputs=[{"name": "q"}]), b"", None, 400, "there is no 'q'; there are: prediction"),
        (
            head_of(column([1]), outputs=[{"name": "q", "parameters": {"classification": 1}}]),
            b"",
            None,
            400,
            "outputs[0] 'q': classification is not supported here",
        ),
        (head_of(sized(8)), b"a" * 7, None, 400, "inputs[0] 'x': binary_data_size is 8; 7 bytes are left in the body"),
        (head_of(sized(8)), b"a" * 9, None, 400, "1 bytes are left after the last input"),
        (head_of(sized(9)), b"a" * 9, None, 400, "FP64 of the shape [1] takes 8 bytes, not 9"),
        (head_of(sized(2**70)), b"a" * 8, None, 400, "bytes are left in the body"),
        (head_of(sized(-8)), b"a" * 8, None, 400, "must be a whole number, 0 or more"),
        (head_of(sized(True)), b"a", None, 400, "must be a whole number, 0 or more"),
        (head_of(sized("8")), b"a" * 8, None, 400, "must be a whole number, 0 or more"),
        (head_of({**sized(8), "data": [1]}), b"a" * 8, None, 400, "stand without data"),
        (head_of(column([1])), b"", 10**6, 400, "Inference-Header-Content-Length is '1000000'; the body has"),
        (head_of(column([1])), b"", "-1", 400, "Inference-Header-Content-Length is '-1'"),
        (head_of(column([1])), b"", "9" * 40, 400, "Inference-Header-Content-Length is '9999"),
        (head_of(column([1])), b"", 5, 400, "the body is not JSON"),
        (head_of(sized(8)) + b"a" * 8, b"", None, 400, "need the header Inference-Header-Content-Length"),
    ],
)
def test_what_contradicts_itself_is_refused_with_the_place(ask, model, head, raw, length, status, told):
    answer = ask({"m": model}, post(head, raw, length=length))

    assert answer.status == status
    assert told in answer.json["detail"]
    assert answer.json["error"] == answer.json["detail"]
    assert len(answer.body) < 2000


def test_a_body_that_is_compressed_is_refused(ask, model):
    answer = ask({"m": model}, post(head_of(column([1])), headers=[("content-encoding", "gzip")]))

    assert (answer.status, answer.json["code"]) == (415, "unsupported_encoding")


def test_an_output_that_the_model_has_not_is_refused_by_name():
    outputs = {"a": Tensor("INT64", (1,), np.array([1]))}

    with pytest.raises(Problem, match="there is no 'b'; there are: a"):
        write_answer("m", "1", outputs, InferRequest({}, outputs={"b": True}))


# Whatever comes is answered, and is no fault of ours.

VALID = head_of(
    sized(8, shape=[1, 2], datatype="FP32"),
    column(["a"], name="t", datatype="BYTES"),
    sized(5, name="b", datatype="BYTES"),
    parameters={"binary_data_output": True},
)
RAW = np.array([1, 2], np.float32).tobytes() + b"\1\0\0\0a"

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)
datatypes = st.sampled_from(["FP16", "FP32", "FP64", "INT8", "INT64", "UINT64", "BOOL", "BYTES", "BF16", ""])
shapes = st.lists(st.integers(-2, 4) | st.integers(2**30, 2**64), max_size=4)
sizes = st.integers(-1, 20) | st.integers(2**31, 2**64)
inputs = st.fixed_dictionaries(
    {"name": st.sampled_from(["x", "y", ""]), "datatype": datatypes, "shape": shapes},
    optional={"data": json_values, "parameters": st.fixed_dictionaries({}, optional={"binary_data_size": sizes})},
)
heads = st.fixed_dictionaries(
    {"inputs": st.lists(inputs, max_size=3)},
    optional={"id": st.text(max_size=3), "outputs": json_values, "parameters": json_values},
)


@st.composite
def bodies(draw):
    """A valid request cut, joined or changed anywhere; one that is built at random; or nothing of the kind."""
    kind = draw(st.integers(0, 2))
    if kind == 0:
        body = bytearray(VALID + RAW)
        for _ in range(draw(st.integers(0, 4))):
            at = draw(st.integers(0, len(body) - 1))
            body[at : at + draw(st.integers(0, 3))] = draw(st.binary(max_size=3))
        return bytes(body[: draw(st.none() | st.integers(0, len(body)))]), len(VALID)
    if kind == 1:
        head = json.dumps(draw(heads)).encode()
        return head + draw(st.binary(max_size=40)), len(head)
    body = draw(st.binary(max_size=60))
    return body, draw(st.integers(0, 80))


@settings(deadline=None, max_examples=50)
@given(bodies(), st.booleans())
def test_a_reader_of_anything_returns_tensors_that_fit_or_a_problem(given_body, told):
    read_anything(given_body, told)


@pytest.mark.slow
@settings(deadline=None, max_examples=20_000)
@given(bodies(), st.booleans())
def test_a_reader_of_anything_holds_for_long(given_body, told):
    read_anything(given_body, told)


def read_anything(given_body, told):
    body, length = given_body

    try:
        request = read_request(body, str(length).encode() if told else None)
    except Problem as problem:
        status, tensors = problem.status, {}
    else:
        status, tensors = 400, request.inputs

    assert status == 400
    for tensor in tensors.values():
        assert np.size(tensor.data) == np.prod(tensor.shape, dtype=object)


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(bodies(), min_size=1, max_size=20), st.booleans())
def test_no_body_is_a_fault_of_ours(served, given_bodies, told):
    class Echo:
        def predict(self, batch):
            return batch

    matrix = LogisticRegression().fit([[0.0, 1.0], [1.0, 0.0]], [0, 1])
    columns = LogisticRegression().fit(pl.DataFrame({"x": [0.0, 1.0], "y": [1.0, 0.0]}), [0, 1])

    async def talk():
        async with served({"m": Echo(), "n": matrix, "o": columns}) as client:
            return [
                (await post(body, path=f"/v2/models/{name}/infer", length=length if told else None)(client)).status
                for body, length in given_bodies
                for name in ("m", "n", "o")
            ]

    statuses = asyncio.run(talk())

    assert set(statuses) <= {200, 400, 422}


@pytest.mark.parametrize(
    "body",
    [
        b'{"inputs": [' + b'{"name":"","datatype":"","shape":[]},' * 100_000 + b"1]}",
        b'{"inputs": [{"name": "x", "datatype": "FP32", "shape": [1], "data": [' + b"1," * 2_000_000 + b"1]}]}",
        b'{"inputs": [{"name": "x", "datatype": "FP32", "shape": [1, 1], "data": [' + b"[]," * 1_300_000 + b"1]}]}",
        b'{"inputs": [{"name": "x", "datatype": "BYTES", "shape": [1], "data": [' + b'"ab",' * 800_000 + b'""]}]}',
        b'{"inputs": [], "parameters": {' + b'"a":1,' * 600_000 + b'"a":1}}',
        b'{"inputs": [], "free": ' + b"[[]," * 1_000_000 + b"1",
        b'{"inputs": [], "id": "' + b"\\u0000" * 600_000 + b'"}',
    ],
)
def test_a_hostile_body_costs_no_more_memory_than_a_few_tens_of_times_its_own(body):
    tracemalloc.start()
    with contextlib.suppress(Problem):
        read_request(body, None)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 40 * len(body)


def test_one_long_text_among_many_empty_ones_costs_what_it_says(ask):
    class Lengths:
        def predict(self, batch):
            return [len(row["x"]) for row in batch]

    raw = to_binary(Tensor("BYTES", (1024,), [b"a" * 1_000_000, *[b"b\0"] * 1023]))
    tracemalloc.start()
    answer = ask({"m": Lengths()}, post(head_of(sized(len(raw), datatype="BYTES", shape=[1024])), raw))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert outputs_in(answer)["predictions"]["data"] == [1_000_000, *[2] * 1023]
    assert peak < 100_000_000


def test_what_is_wrong_is_told_in_few_words_however_long_the_request(ask):
    matrix = LogisticRegression().fit([[0.0, 1.0], [1.0, 0.0]], [0, 1])
    many = head_of(*(column([1], name=f"{number:0256d}") for number in range(2000)))
    long = head_of(column([1], name="a" * 257))

    answers = [ask({"m": matrix}, post(head)) for head in (many, long)]

    assert [answer.status for answer in answers] == [422, 400]
    assert all(len(answer.body) < 10_000 for answer in answers)
    assert "and 1992 more" in answers[0].json["error"]


def test_an_app_counts_infer_under_its_route():
    app = create_app({"m": LogisticRegression().fit([[0.0], [1.0]], [0, 1])})

    assert app.core.model_routes["infer"].name == "/v2/models/{name}/infer"


def test_more_texts_than_a_request_may_have_are_refused_before_one_is_made():
    def asked(count):
        half = sized(4 * count // 2, datatype="BYTES", shape=[count // 2])
        head = head_of(half, {**half, "name": "y"})
        return head + bytes(4 * count), str(len(head)).encode()

    request = read_request(*asked(MAX_TEXTS))
    with pytest.raises(Problem) as caught:
        read_request(*asked(MAX_TEXTS + 2))

    assert len(request.inputs["y"].data) == MAX_TEXTS // 2
    assert caught.value.status == 400
    told = f"inputs: there are {MAX_TEXTS + 2} elements of BYTES; send at most {MAX_TEXTS} at a time"
    assert caught.value.detail == told
