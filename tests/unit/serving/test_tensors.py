import struct
import tracemalloc

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from groundwork.errors import InvalidDataError, PredictionError
from groundwork.serving._arrays import ArrayReader
from groundwork.serving._block import Tensor, TensorSpec
from groundwork.serving._datatypes import DTYPES, datatype_of
from groundwork.serving._matrix import MatrixReader
from groundwork.serving._problem import Problem
from groundwork.serving._tensors import from_binary, from_json, to_binary, to_json

SHAPES = hnp.array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=4)


def arrays():
    return st.sampled_from(sorted(DTYPES)).flatmap(lambda name: hnp.arrays(DTYPES[name], SHAPES))


def problem_of(call, *given):
    with pytest.raises(Problem) as caught:
        call("inputs[0] 'x'", *given)
    assert (caught.value.status, caught.value.code) == (400, "invalid_tensor")
    assert caught.value.detail.startswith("inputs[0] 'x': ")
    return caught.value.detail.removeprefix("inputs[0] 'x': ")


@settings(deadline=None, max_examples=50)
@given(arrays())
def test_numbers_come_back_from_bytes_as_they_went(array):
    datatype = datatype_of(array.dtype)

    raw = to_binary(Tensor(datatype, array.shape, array))
    back = from_binary("x", datatype, array.shape, raw)

    assert (back.datatype, back.shape, back.data.dtype) == (datatype, array.shape, array.dtype)
    np.testing.assert_array_equal(back.data, array)


@settings(deadline=None, max_examples=50)
@given(arrays().filter(lambda array: array.dtype.kind != "f" or np.isfinite(array).all()), st.booleans())
def test_numbers_come_back_from_json_as_they_went_flat_or_nested(array, nested):
    datatype = datatype_of(array.dtype)
    tensor = Tensor(datatype, array.shape, array)

    data = msgspec.json.encode(array.tolist() if nested else to_json("x", tensor))
    back = from_json("x", datatype, array.shape, data)

    assert back.data.dtype == array.dtype
    np.testing.assert_array_equal(back.data, array)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.binary(max_size=9) | st.text(max_size=9), max_size=6))
def test_bytes_come_back_as_they_went(items):
    raw = to_binary(Tensor("BYTES", (len(items),), items))

    back = from_binary("x", "BYTES", [len(items)], raw)

    assert back.data == [item.encode() if isinstance(item, str) else item for item in items]


@settings(deadline=None, max_examples=50)
@given(st.lists(st.text(max_size=9), max_size=6))
def test_texts_come_back_from_json_as_they_went(items):
    tensor = Tensor("BYTES", (len(items),), items)

    back = from_json("x", "BYTES", [len(items)], msgspec.json.encode(to_json("x", tensor)))

    assert back == tensor


def test_numbers_are_a_view_of_the_body():
    body = bytes(24)

    tensor = from_binary("x", "FP64", [3], memoryview(body)[:24])

    assert np.shares_memory(tensor.data, np.frombuffer(body, np.uint8))


def test_numbers_that_begin_at_an_odd_address_are_aligned():
    body = b"x" + np.array([1.5, -2.0]).tobytes()

    tensor = from_binary("x", "FP64", [2], memoryview(body)[1:])

    assert tensor.data.flags.aligned
    assert tensor.data.tolist() == [1.5, -2.0]


def test_null_is_a_missing_number():
    tensor = from_json("x", "FP32", [2], b"[null, 2]")

    np.testing.assert_array_equal(tensor.data, np.array([np.nan, 2], np.float32))


def test_big_endian_numbers_are_written_little_endian():
    tensor = Tensor("INT16", (2,), np.array([1, 2], ">i2"))

    assert datatype_of(tensor.data.dtype) == "INT16"
    assert to_binary(tensor) == b"\1\0\2\0"


@pytest.mark.parametrize(
    ("datatype", "shape", "raw", "told"),
    [
        ("FP32", [2, 3], b"a" * 23, "FP32 of the shape [2, 3] takes 24 bytes, not 23"),
        ("FP32", [2, 3], b"a" * 25, "FP32 of the shape [2, 3] takes 24 bytes, not 25"),
        ("INT8", [2**30, 2**30, 2**30], b"abc", f"takes {2**90} bytes, not 3"),
        ("INT8", [-1, -1], b"a", "no tensor has the shape [-1, -1]"),
        ("INT8", [0, 2**31], b"", "no tensor has the shape"),
        ("INT8", [1] * 17, b"a", "no tensor has the shape"),
        ("BF16", [1], b"ab", "there is no datatype 'BF16' here; there are: BOOL, UINT8"),
        ("A" * 5000, [1], b"ab", "'AAAA"),
        ("BOOL", [3], b"\0\1\2", "a BOOL is a byte 0 or 1"),
        ("BYTES", [1], b"", "1 BYTES take at least 4 bytes, not 0"),
        ("BYTES", [2**30], b"abcd", f"{2**30} BYTES take at least {2**32} bytes, not 4"),
        ("BYTES", [1], struct.pack("<I", 2**32 - 1), f"element 0 says that it has {2**32 - 1} bytes; 0 are left"),
        ("BYTES", [2], struct.pack("<I", 4) + b"abcd", "element 1 of 2 begins after the end of its 8 bytes"),
        ("BYTES", [1], struct.pack("<I", 1) + b"abcd", "3 bytes are left after the last of 1 elements"),
        ("BYTES", [0], b"a", "1 bytes are left after the last of 0 elements"),
    ],
)
def test_bytes_that_contradict_their_size_are_refused_with_both(datatype, shape, raw, told):
    detail = problem_of(from_binary, datatype, shape, raw)

    assert told in detail
    assert len(detail) < 300


@pytest.mark.parametrize("shape", [[0, *[2**31 - 1] * 15], [2**30, 0], [0, 2**16 + 1]])
@pytest.mark.parametrize("datatype", ["FP32", "BYTES"])
def test_nothing_in_more_places_than_could_be_filled_is_refused(datatype, shape):
    told = "no empty tensor has the shape"

    assert told in problem_of(from_binary, datatype, shape, b"")
    assert told in problem_of(from_json, datatype, shape, b"[]")


def test_nothing_in_a_few_places_is_a_tensor():
    assert from_binary("x", "FP32", [0, 2**16], b"").data.shape == (0, 2**16)


@pytest.mark.parametrize(
    ("datatype", "shape", "data", "told"),
    [
        ("FP32", [2], b"[1]", "the shape [2] takes 2 elements; data has 1"),
        ("FP32", [1], b"[1, 2]", "the shape [1] takes 1 elements; data has 2"),
        ("FP32", [2, 2], b"[[1, 2], [3]]", "data is nested to 1 in dimension 1; the shape says 2"),
        ("FP32", [2, 2], b"[[1, 2], 3]", "Expected `array`, got `int` - at `data[1]`"),
        ("FP32", [2], b"[[1, 2]]", "got `array` - at `data[0]`"),
        ("FP32", [1], b'["1"]', "Expected `float | null`, got `str` - at `data[0]`"),
        ("FP32", [1], b"1", "Expected `array`, got `int`"),
        ("FP32", [1], b"null", "Expected `array`, got `null`"),
        ("FP32", [1], b"[1e39]", "data holds a number that is too large for FP32"),
        ("FP16", [1], b"[70000]", "data holds a number that is too large for FP16"),
        ("FP64", [1], b"[1e999]", "out of range"),
        ("INT8", [1], b"[128]", "Expected `int` <= 127 - at `data[0]`"),
        ("INT8", [1], b"[1.5]", "Expected `int`, got `float` - at `data[0]`"),
        ("INT64", [1], b"[9223372036854775808]", "Expected `int` <= 9223372036854775807"),
        ("UINT64", [1], b"[18446744073709551616]", "data holds a number that is too large for UINT64"),
        ("UINT32", [1], b"[-1]", "Expected `int` >= 0 - at `data[0]`"),
        ("BOOL", [1], b"[1]", "Expected `bool`, got `int` - at `data[0]`"),
        ("BYTES", [1], b"[1]", "Expected `str`, got `int` - at `data[0]`"),
        ("BYTES", [1], b'["\xff"]', "data cannot be read"),
        ("FP32", [1] * 16, b"[" * 5000, "data"),
        ("BF16", [1], b"[1]", "there is no datatype"),
    ],
)
def test_json_that_contradicts_its_tensor_is_refused_with_the_place(datatype, shape, data, told):
    assert told in problem_of(from_json, datatype, shape, data)


def test_bytes_that_are_no_text_cannot_go_as_json():
    with pytest.raises(PredictionError, match="output 'y' holds bytes that are no UTF-8 text") as caught:
        to_json("y", Tensor("BYTES", (1,), [b"\xff"]))

    assert caught.value.hint == "Ask for it as binary_data."


@pytest.mark.parametrize("datatype", [*DTYPES, "BYTES"])
@pytest.mark.parametrize("shape", [[2**31 - 1] * 16, [2**20, 2**20], [0] * 16, [0, 2**31 - 1]])
def test_no_shape_makes_more_than_its_bytes(datatype, shape):
    tracemalloc.start()
    for read, given_data in ((from_binary, b"abcd" * 1000), (from_binary, b""), (from_json, b"[]")):
        try:
            tensor = read("x", datatype, shape, given_data)
        except Problem:
            continue
        assert np.size(tensor.data) == 0
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 2**20


READERS = [
    MatrixReader(2, np.float32),
    MatrixReader(2, np.float64),
    *(ArrayReader([TensorSpec("x", name, shape)]) for name in (*DTYPES, "BYTES") for shape in ((-1,), (-1, 2))),
    ArrayReader([TensorSpec("x", "FP32", (-1, 1)), TensorSpec("y", "BYTES", (-1,))]),
]


@st.composite
def tensors(draw):
    if draw(st.booleans()):
        array = draw(arrays())
        return Tensor(datatype_of(array.dtype), array.shape, array)
    items = draw(st.lists(st.binary(max_size=2), max_size=4))
    return Tensor("BYTES", (len(items),), items)


@settings(deadline=None, max_examples=50)
@given(st.dictionaries(st.sampled_from(["x", "y"]), tensors()))
def test_every_reader_takes_a_tensor_or_refuses_it_without_a_warning(inputs):
    for reader in READERS:
        try:
            rows = reader.tensors(inputs).rows
        except InvalidDataError:
            rows = 1

        assert rows > 0


def test_numbers_too_large_for_a_model_are_infinite_or_refused():
    numbers = Tensor("FP64", (1, 2), np.array([[1e300, np.nan]]))

    matrix = MatrixReader(2, np.float32).tensors({"x": numbers}).data

    np.testing.assert_array_equal(matrix, np.array([[np.inf, np.nan]], np.float32))
    with pytest.raises(InvalidDataError, match="input 'x' holds values that are no INT64"):
        ArrayReader([TensorSpec("x", "INT64", (-1, 2))]).tensors({"x": numbers})
