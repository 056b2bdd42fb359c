"""ONNX models, made by skl2onnx as users make them, and by hand."""

import json
import os

import numpy as np
import polars as pl
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from groundwork.errors import ConfigurationError, InvalidDataError, ModelNotFoundError
from groundwork.serving._adapters import load
from groundwork.serving._block import Tensor, predictions

if not os.environ.get("CI"):
    pytest.importorskip("onnxruntime", reason="the extra onnx is not installed")
    pytest.importorskip("skl2onnx", reason="tests/clients.lock is not installed")


def body_of(*instances):
    return json.dumps({"instances": instances}).encode()


def ask(adapter, *instances):
    (answer,) = adapter.predict([adapter.decode(body_of(*instances), max_instances=100)])
    if isinstance(answer, Exception):
        raise answer
    return predictions(answer)


def details(call):
    with pytest.raises(InvalidDataError) as raised:
        call()
    return [(each["row"], each["column"], each["message"]) for each in raised.value.context["mistakes"]]


@pytest.fixture(scope="module")
def features():
    return np.random.default_rng(0).normal(size=(200, 3))


@pytest.fixture(scope="module")
def classifier(features):
    return make_pipeline(StandardScaler(), LogisticRegression()).fit(features, features[:, 0] > 0)


@pytest.fixture(scope="module")
def converted(tmp_path_factory):
    """Return the path of a converted estimator."""
    from skl2onnx import to_onnx

    folder = tmp_path_factory.mktemp("onnx")

    def convert(name, model, **arguments):
        path = folder / f"{name}.onnx"
        path.write_bytes(to_onnx(model, **arguments).SerializeToString())
        return path

    return convert


@pytest.fixture(scope="module")
def bare(converted, classifier, features):
    path = converted("bare", classifier, X=features[:1].astype(np.float32), options={"zipmap": False})
    return load("m", path)


def test_lists_of_numbers_are_predicted_as_the_estimator_does(bare, classifier, features):
    rows = features[:20].astype(np.float32).tolist()

    answers = ask(bare, *rows)

    assert [answer["label"] for answer in answers] == classifier.predict(features[:20]).astype(int).tolist()
    assert np.allclose(
        [answer["probabilities"] for answer in answers], classifier.predict_proba(features[:20]), atol=1e-4
    )
    assert [(spec.name, spec.datatype) for spec in bare.inputs] == [("X", "FP32")]
    assert bare.input_schema()["maxItems"] == 3


@pytest.mark.parametrize(("said", "version"), [(7, "7"), (0, "1"), (None, "1")])
def test_a_version_is_what_the_file_says_or_else_1(classifier, features, tmp_path, said, version):
    from skl2onnx import to_onnx

    model = to_onnx(classifier, X=features[:1].astype(np.float32))
    if said is None:
        model.ClearField("model_version")  # as other exporters leave it
    else:
        model.model_version = said
    path = tmp_path / "model.onnx"
    path.write_bytes(model.SerializeToString())

    assert version == load("m", path).version


def test_blocks_of_several_callers_go_in_one_run(bare, features):
    blocks = [bare.decode(body_of(*features[at : at + 2].tolist()), max_instances=9) for at in (0, 2)]
    blocks.append(bare.tensors({"anything": Tensor("FP64", (1, 3), features[4:5])}))

    answers = bare.predict(blocks)

    together = [row for answer in answers for row in predictions(answer)]
    assert [row["label"] for row in together] == [row["label"] for row in ask(bare, *features[:5].tolist())]


def test_mistakes_are_named_by_row_and_column(bare):
    found = details(lambda: ask(bare, [1, 2, 3], [1, "x", 3], [1]))

    assert found == [(1, 1, "'x' is not a number"), (2, None, "has 1 values; the model takes 3")]


def test_a_number_too_large_for_its_type_is_infinite(bare):
    block = bare.decode(body_of([1e300, None, 0]), max_instances=1)

    assert [np.isinf(block.data[0, 0]), np.isnan(block.data[0, 1])] == [True, True]


def test_probabilities_as_maps_are_told_as_they_are(converted, classifier, features):
    adapter = load("m", converted("maps", classifier, X=features[:1].astype(np.float32)))

    (answer,) = ask(adapter, [0.5, 0.5, 0.5])

    assert answer["output_label"] == 1
    assert sum(answer["output_probability"].values()) == pytest.approx(1.0, abs=1e-5)


@pytest.fixture(scope="module")
def columns(converted):
    from skl2onnx.common.data_types import FloatTensorType, StringTensorType

    frame = pl.DataFrame({"carrier": ["UA", "AA", "UA", "AA"], "hour": [1.0, 2.0, 3.0, 4.0]})
    encoder = ColumnTransformer(
        [("text", OneHotEncoder(handle_unknown="ignore"), ["carrier"])], remainder="passthrough"
    )
    model = make_pipeline(encoder, LogisticRegression()).fit(frame, [1, 0, 1, 0])
    types = [("carrier", StringTensorType([None, 1])), ("hour", FloatTensorType([None, 1]))]
    return load("m", converted("columns", model, initial_types=types, options={"zipmap": False}))


def test_several_inputs_are_an_object_of_them(columns):
    answers = ask(columns, {"carrier": ["UA"], "hour": [1.0]}, {"carrier": "AA", "hour": 2})

    assert [answer["label"] for answer in answers] == [1, 0]
    assert columns.input_schema()["required"] == ["carrier", "hour"]


def test_what_an_object_lacks_or_has_wrong_is_named(columns):
    good = {"carrier": ["UA"], "hour": [1.0]}

    assert details(lambda: ask(columns, good, {"carrier": ["UA"]}))[0][:2] == (1, None)
    assert details(lambda: ask(columns, good, {**good, "hour": ["x"]}, {**good, "hour": [1, 2]})) == [
        (1, "hour", "must be numbers of shape [1], not ['x']"),
        (2, "hour", "must be numbers of shape [1], not [1, 2]"),
    ]
    assert details(lambda: ask(columns, {**good, "carrier": [1]})) == [
        (0, "carrier", "must be text of shape [1], not [1]")
    ]


def test_tensors_by_name_are_taken(columns):
    inputs = {"carrier": Tensor("BYTES", (2, 1), [b"UA", b"AA"]), "hour": Tensor("FP32", (2, 1), [1.0, 2.0])}

    (answer,) = columns.predict([columns.tensors(inputs)])

    assert answer["label"].tolist() == [1, 0]


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"hour": Tensor("FP32", (1, 1), [1.0])}, "takes the inputs carrier, hour"),
        ({"hour": Tensor("FP32", (1, 2), [1.0, 2.0])}, "has the shape"),
        ({"hour": Tensor("BYTES", (1, 1), ["a"])}, "'hour' is BYTES; the model takes FP32"),
        ({"carrier": Tensor("BYTES", (1, 1), [b"\xff"])}, "no UTF-8"),
        ({"hour": Tensor("FP32", (2, 1), [1.0, 2.0])}, "the same number of rows"),
    ],
)
def test_tensors_that_do_not_fit_are_refused(columns, inputs, message):
    if len(inputs) == 1 and "takes the inputs" not in message:
        inputs = {"carrier": Tensor("BYTES", (1, 1), ["a"]), "hour": Tensor("FP32", (1, 1), [1.0]), **inputs}

    with pytest.raises(InvalidDataError, match=message):
        columns.tensors(inputs)


@pytest.fixture
def by_hand(tmp_path):
    """Return the path of a model of one node: output = op(input)."""
    from onnx import TensorProto, helper, save

    def make(shape, kind=TensorProto.INT64, op="Neg"):
        graph = helper.make_graph(
            [helper.make_node(op, ["x"], ["y"])],
            "g",
            [helper.make_tensor_value_info("x", kind, shape)],
            [helper.make_tensor_value_info("y", kind, shape)],
        )
        path = tmp_path / "hand.onnx"
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
        model.ir_version = 8
        save(model, path)
        return path

    return make


def test_nested_lists_of_whole_numbers_keep_their_shape(by_hand):
    adapter = load("m", by_hand([None, 2, None]))

    assert ask(adapter, [[1, 2], [3, 4]], [[5, 6], [7, 8]]) == [[[-1, -2], [-3, -4]], [[-5, -6], [-7, -8]]]
    assert details(lambda: ask(adapter, [[1, 2], [3, 4]], [[1.5], [2]])) == [
        (1, None, "must be whole numbers of shape [2, -1], not [[1.5], [2]]")
    ]
    assert details(lambda: ask(adapter, [[1, 2], [3, 4]], [[1], [2]])) == [
        (1, None, "must be whole numbers of shape [2, -1], the same for all rows of a request")
    ]


def test_a_block_too_large_is_cut_and_the_pieces_are_predicted(by_hand):
    adapter = load("m", by_hand([None, 1]))
    block = adapter.parse([[1], [2], [3]])

    pieces = adapter.split(block, 2)

    assert [piece.rows for piece in pieces] == [2, 1]
    assert [answer.tolist() for answer in adapter.predict(pieces)] == [[[-1], [-2]], [[-3]]]


def test_a_model_of_one_row_at_a_time_is_asked_row_by_row(by_hand):
    adapter = load("m", by_hand([1, 2]))

    assert ask(adapter, [1, 2], [3, 4]) == [[-1, -2], [-3, -4]]


def test_a_fixed_batch_and_a_scalar_are_refused(by_hand):
    with pytest.raises(ConfigurationError, match="batches of 3 rows only"):
        load("m", by_hand([3, 2]))
    with pytest.raises(ConfigurationError, match="its input 'x' is a tensor"):
        load("m", by_hand([]))


def test_what_is_no_model_says_so(tmp_path):
    path = tmp_path / "torn.onnx"
    path.write_bytes(b"torn")

    with pytest.raises(ModelNotFoundError, match=r"torn\.onnx cannot be loaded"):
        load("m", path)


def test_without_onnxruntime_the_extra_is_named(monkeypatch, tmp_path):
    import sys

    monkeypatch.setitem(sys.modules, "onnxruntime", None)

    with pytest.raises(ConfigurationError, match="onnxruntime is not installed") as raised:
        load("m", tmp_path / "m.onnx")
    assert "groundwork[onnx]" in raised.value.hint


def test_a_model_file_is_served(bare, converted, classifier, features, ask_server):
    path = converted("served", classifier, X=features[:1].astype(np.float32), options={"zipmap": False})

    async def talk(client):
        return await client.predict([[0.5, 0.5, 0.5]]), await client.predict([[0.5]])

    good, bad = ask_server({"m": path}, talk)

    assert (good.status, good.json["predictions"][0]["label"]) == (200, 1)
    assert (bad.status, bad.json["detail"]) == (422, "instances[0]: has 1 values; the model takes 3")


@pytest.fixture
def ask_server(request):
    return request.getfixturevalue("ask")
