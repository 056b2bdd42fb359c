import numpy as np
import pytest

from groundwork.errors import PredictionError
from groundwork.serving._outputs import outputs_of, specs_of


def plain(outputs):
    """Return outputs as what can be compared: datatype, shape and values by name."""
    return {name: (tensor.datatype, tuple(tensor.shape), flat(tensor.data)) for name, tensor in outputs.items()}


def flat(data):
    return data if isinstance(data, list) else np.ravel(data).tolist()


@pytest.mark.parametrize(
    ("answer", "datatype", "values"),
    [
        ([1, 2], "INT64", [1, 2]),
        ([1.5, 2], "FP64", [1.5, 2.0]),
        ([True, False], "BOOL", [True, False]),
        (["a", b"b"], "BYTES", ["a", b"b"]),
        ([True, 1], "BYTES", [b"true", b"1"]),
        (["1", 1], "BYTES", [b'"1"', b"1"]),
        ([2**64, 1], "BYTES", [b"18446744073709551616", b"1"]),
        ([None, "a"], "BYTES", [b"null", b'"a"']),
        ([[1], [1, 2]], "BYTES", [b"[1]", b"[1,2]"]),
        ([["a"], ["b"]], "BYTES", [b'["a"]', b'["b"]']),
        ([{"a": 1}, {"b": 2}], "BYTES", [b'{"a":1}', b'{"b":2}']),
        ([{}, {}], "BYTES", [b"{}", b"{}"]),
        ([np.float32(1.5), np.float32(2)], "FP32", [1.5, 2.0]),
        ([{"a": np.float64(1)}, 3], "BYTES", [b'{"a":1.0}', b"3"]),
    ],
)
def test_values_alike_keep_their_type_and_others_become_json(answer, datatype, values):
    outputs = outputs_of(answer)

    assert plain(outputs) == {"predictions": (datatype, (2,), values)}


def test_a_missing_number_is_nan():
    (tensor,) = outputs_of([1.5, None]).values()

    np.testing.assert_array_equal(tensor.data, [1.5, np.nan])


def test_rows_of_numbers_are_a_matrix():
    assert plain(outputs_of([[1, 2], [3, 4]])) == {"predictions": ("INT64", (2, 2), [1, 2, 3, 4])}


def test_objects_alike_are_one_output_for_each_member():
    outputs = outputs_of([{"prediction": 1, "probability": 0.5}, {"prediction": 0, "probability": 0.25}])

    assert plain(outputs) == {"prediction": ("INT64", (2,), [1, 0]), "probability": ("FP64", (2,), [0.5, 0.25])}


def test_arrays_keep_their_names_types_and_shapes():
    outputs = outputs_of({"label": np.array([1, 0], np.int32), "scores": np.ones((2, 3), np.float16)})

    assert plain(outputs) == {"label": ("INT32", (2,), [1, 0]), "scores": ("FP16", (2, 3), [1.0] * 6)}


@pytest.mark.parametrize(
    ("array", "datatype", "values"),
    [
        (np.array(["a", "b"]), "BYTES", ["a", "b"]),
        (np.array([1.5, 2.5], np.longdouble), "FP64", [1.5, 2.5]),
        (np.array([None, 1], object), "BYTES", [b"null", b"1"]),
        (np.array([1, 2], ">i4"), "INT32", [1, 2]),
    ],
)
def test_arrays_of_other_kinds_are_written_as_they_can_be(array, datatype, values):
    assert plain(outputs_of(array)) == {"predictions": (datatype, (2,), values)}


def test_what_json_cannot_hold_is_the_models_failure():
    with pytest.raises(PredictionError, match="the model gave what JSON cannot hold: a object"):
        outputs_of([object(), 1])


def test_an_example_tells_what_outputs_are_like():
    outputs = outputs_of({"label": np.array([1]), "scores": np.ones((1, 3), np.float32)})

    assert specs_of(outputs) == (("label", "INT64", (-1,)), ("scores", "FP32", (-1, 3)))
