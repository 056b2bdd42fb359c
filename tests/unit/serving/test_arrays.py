import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.errors import InvalidDataError
from groundwork.serving._arrays import DTYPES, ArrayReader
from groundwork.serving._block import Tensor, TensorSpec

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.just(10**400) | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b"]), inner, max_size=2),
    max_leaves=8,
)


def reader(datatype, *shape, name="x"):
    return ArrayReader([TensorSpec(name, datatype, (-1, *shape))])


instances_of_anything = st.lists(anything, min_size=1, max_size=3)


def read(made, instances):
    """Return the block and the rows that are refused; one of them is empty."""
    try:
        return made.parse(instances), []
    except InvalidDataError as error:
        return None, [each["row"] for each in error.context["mistakes"]]


@settings(deadline=None, max_examples=50)
@given(st.sampled_from(list(DTYPES)), st.sampled_from([(), (1,), (2,), (-1, 2)]), instances_of_anything)
def test_whatever_comes_becomes_the_models_type_or_is_refused_by_row(datatype, shape, instances):
    block, refused = read(reader(datatype, *shape), instances)

    assert (block is None) == bool(refused)
    assert set(refused) <= set(range(len(instances)))
    if block is not None:
        array = block.data["x"]
        assert (block.rows, len(array), array.ndim) == (len(instances), len(instances), 1 + len(shape))
        assert array.dtype == DTYPES[datatype]


@settings(deadline=None, max_examples=50)
@given(instances_of_anything)
def test_objects_of_inputs_are_read_or_refused(instances):
    both = ArrayReader([TensorSpec("a", "FP32", (-1, 1)), TensorSpec("b", "INT64", (-1, 2))])

    block, refused = read(both, instances)

    assert (block is None) == bool(refused)
    assert block is None or block.data["a"].shape == (len(instances), 1)


@pytest.mark.parametrize(
    ("datatype", "good", "bad"),
    [
        ("FP32", [1, 2.5, None], [True]),
        ("INT8", [-128, 127], [128]),
        ("UINT8", [0, 255], [-1]),
        ("UINT64", [2**64 - 1], [2**64]),
        ("INT64", [2**63 - 1, -(2**63)], [2**63]),
        ("BOOL", [True, False], [1]),
        ("BYTES", ["a", ""], [10**5000]),
        ("FP64", [10**20], [10**400]),
    ],
)
def test_a_type_takes_what_it_can_hold(datatype, good, bad):
    array = reader(datatype).parse(good).data["x"]

    assert [value if value == value else None for value in array.tolist()] == good
    with pytest.raises(InvalidDataError) as raised:
        reader(datatype).parse([*good, *bad])
    assert [each["row"] for each in raised.value.context["mistakes"]] == [len(good)]


def test_the_schema_says_the_shape():
    both = ArrayReader([TensorSpec("a", "FP32", (-1, 1)), TensorSpec("b", "INT64", (-1, 2, -1))])

    assert reader("FP32", 2).schema() == {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}
    assert both.schema()["properties"] == {
        "a": {"type": "number"},
        "b": {
            "type": "array",
            "items": {"type": "array", "items": {"type": "integer"}},
            "minItems": 2,
            "maxItems": 2,
        },
    }


def test_the_example_of_a_schema_is_read():
    from groundwork.serving._example import example

    for datatype in DTYPES:
        for shape in ((), (1,), (2, 3)):
            made = reader(datatype, *shape)
            assert made.parse([json.loads(json.dumps(example(made.schema())))]).rows == 1


def test_a_tensor_keeps_its_values_or_is_refused():
    whole = reader("INT64", 2)

    block = whole.tensors({"x": Tensor("FP64", (1, 2), np.array([[1.0, 2.0]]))})

    assert block.data["x"].tolist() == [[1, 2]]
    with pytest.raises(InvalidDataError, match="values that are no INT64"):
        whole.tensors({"x": Tensor("FP64", (1, 2), np.array([[1.5, 2.0]]))})
    with pytest.raises(InvalidDataError, match="at least one"):
        whole.tensors({"x": Tensor("INT64", (0, 2), [])})
