"""Torch modules; where torch is not installed only what is said then."""

import json
import sys

import pytest

from groundwork.errors import ConfigurationError, InvalidDataError, ModelNotFoundError, UnsafeCheckpoint
from groundwork.serving._adapters import load
from groundwork.serving._block import Tensor, predictions


def ask(adapter, *instances):
    (answer,) = adapter.predict([adapter.decode(json.dumps({"instances": instances}).encode(), max_instances=100)])
    if isinstance(answer, Exception):
        raise answer
    return predictions(answer)


@pytest.fixture
def torch():
    return pytest.importorskip("torch", reason="the extra torch is not installed")


@pytest.fixture
def linear(torch):
    layer = torch.nn.Linear(2, 1)
    with torch.no_grad():
        layer.weight[:] = torch.tensor([[1.0, 2.0]])
        layer.bias[:] = 0.5
    return torch.nn.Sequential(layer, torch.nn.Dropout(0.9))


def test_a_module_predicts_in_evaluation_mode(linear):
    adapter = load("m", linear)

    assert ask(adapter, [1, 1], [0.0, 0.5]) == [[3.5], [1.5]]
    assert (adapter.inputs[0].shape, adapter.input_schema()["maxItems"]) == ((-1, 2), 2)


def test_a_row_of_another_shape_is_named(linear):
    with pytest.raises(InvalidDataError) as raised:
        ask(load("m", linear), [1, 1], [1])

    assert [each["row"] for each in raised.value.context["mistakes"]] == [1]


def test_a_tensor_of_any_name_is_taken(linear):
    adapter = load("m", linear)

    (answer,) = adapter.predict([adapter.tensors({"x": Tensor("FP32", (1, 2), [1.0, 1.0])})])

    assert answer.tolist() == [[3.5]]


def test_a_module_that_fails_on_a_row_answers_the_others(torch):
    class Fails(torch.nn.Module):
        input_shape = (1,)

        def forward(self, x):
            if (x > 5).any():
                raise RuntimeError("too large")
            return {"twice": x * 2, "half": (x / 2).to(torch.bfloat16)}

    adapter = load("m", Fails())
    blocks = [adapter.parse([[1]]), adapter.parse([[2], [9]]), adapter.parse([[3]])]

    first, second, third = adapter.predict(blocks)

    assert predictions(first) == [{"twice": [2.0], "half": [0.5]}]
    assert "instances[1]" in second.message
    assert predictions(third) == [{"twice": [6.0], "half": [1.5]}]


def test_a_module_of_unknown_shape_takes_what_comes_and_tells_its_outputs_apart(torch):
    class Both(torch.nn.Module):
        def forward(self, x):
            return x.sum(dim=(1, 2)), x

    adapter = load("m", Both())

    assert adapter.input_schema() == {}
    assert ask(adapter, [[1, 2], [3, 4]]) == [{"output_0": 10.0, "output_1": [[1.0, 2.0], [3.0, 4.0]]}]


def test_an_exported_file_is_loaded_where_it_is_trusted(torch, linear, tmp_path):
    path = tmp_path / "model.pt2"
    rows = torch.export.Dim("rows", min=1, max=4096)
    torch.export.save(torch.export.export(linear.eval(), (torch.zeros(3, 2),), dynamic_shapes=({0: rows},)), path)

    adapter = load("m", path, trust=True)

    assert ask(adapter, [1, 1]) == [[3.5]]
    assert ask(adapter, *[[1, 1]] * 4) == [[3.5]] * 4
    with pytest.raises(UnsafeCheckpoint, match="may run code of its own"):
        load("m", path)


def test_a_torn_file_says_so(torch, tmp_path):
    path = tmp_path / "torn.pt2"
    path.write_bytes(b"torn")

    with pytest.raises(ModelNotFoundError, match=r"torn\.pt2 cannot be loaded"):
        load("m", path, trust=True)


def test_without_torch_the_extra_is_named(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "torch", None)
    path = tmp_path / "m.pt"

    with pytest.raises(ConfigurationError, match="torch is not installed"):
        load("m", path, trust=True)
