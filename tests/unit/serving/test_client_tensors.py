"""Arrays as infer requests and back."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from groundwork.errors import InvalidDataError, WorldError
from groundwork.serving._client_tensors import HEAD_LENGTH, decode_infer, encode_infer

DTYPES = ["?", "u1", "<u2", "<u4", "<u8", "i1", "<i2", "<i4", "<i8", "<f2", "<f4", "<f8"]


def echoed(body, headers):
    """Return the answer of a server that gives its inputs back as its outputs."""
    size = headers.get(HEAD_LENGTH)
    end = len(body) if size is None else int(size)
    head = json.dumps({"outputs": json.loads(body[:end])["inputs"]}).encode()
    return head + body[end:], None if size is None else str(len(head))


@settings(deadline=None, max_examples=50)
@given(st.sampled_from(DTYPES).flatmap(lambda dtype: arrays.arrays(dtype, arrays.array_shapes())), st.booleans())
def test_an_array_of_numbers_comes_back_the_same(array, binary):
    if not binary and array.dtype.kind == "f":
        array = np.nan_to_num(array, nan=0.0, posinf=1.0, neginf=-1.0)

    found = decode_infer(*echoed(*encode_infer({"x": array}, binary=binary)))["x"]

    np.testing.assert_array_equal(array, found)
    assert array.dtype == found.dtype


@settings(deadline=None, max_examples=50)
@given(st.lists(st.text(), min_size=1, max_size=5), st.booleans())
def test_texts_come_back_the_same(texts, binary):
    array = np.array(texts, dtype=object)

    found = decode_infer(*echoed(*encode_infer({"x": array, "y": np.zeros(2)}, binary=binary)))

    assert texts == found["x"].tolist()
    assert [0.0, 0.0] == found["y"].tolist()


def test_bytes_that_are_no_text_stay_bytes():
    array = np.array([b"\xff\x00", "text", b"ascii"], dtype=object)

    found = decode_infer(*echoed(*encode_infer({"x": array}, binary=True)))["x"]

    assert [b"\xff\x00", "text", "ascii"] == found.tolist()


def test_numbers_of_the_other_byte_order_are_turned():
    found = decode_infer(*echoed(*encode_infer({"x": np.array([1.5], dtype=">f8")}, binary=True)))["x"]

    assert [1.5] == found.tolist()


def test_lists_are_taken_as_numpy_takes_them_and_nested_texts_are_flattened():
    body, headers = encode_infer({"x": [[1, 2], [3, 4]]}, binary=False)
    nested = json.dumps({"outputs": [{"name": "y", "datatype": "BYTES", "shape": [2, 1], "data": [["a"], ["b"]]}]})

    assert [2, 2] == json.loads(body)["inputs"][0]["shape"]
    assert HEAD_LENGTH not in headers
    assert [["a"], ["b"]] == decode_infer(nested.encode(), None)["y"].tolist()


def test_a_kind_of_array_without_a_name_in_the_protocol_is_refused_with_what_to_do():
    for array in (np.array([1j]), np.array([object()]), np.array(["2026-01-01"], dtype="M8[D]")):
        with pytest.raises(InvalidDataError, match="cannot carry") as caught:
            encode_infer({"x": array}, binary=True)

        assert "astype" in caught.value.hint


@pytest.mark.parametrize(
    ("body", "size"),
    [
        (b"<html>", None),
        (b"[]", None),
        (b"{}", None),
        (b'{"outputs": [{"name": "y", "datatype": "FP32", "shape": [2], "data": [1]}]}', None),
        (b'{"outputs": [{"name": "y", "datatype": "WHAT", "shape": [1], "data": [1]}]}', None),
        (b'{"outputs": []}', "many"),
        (
            b'{"outputs":[{"name":"y","datatype":"BYTES","shape":[1],"parameters":{"binary_data_size":5}}]}\x09\0\0\0a',
            "94",
        ),
    ],
)
def test_what_is_no_answer_to_infer_is_told(body, size):
    with pytest.raises(WorldError, match="cannot be read"):
        decode_infer(body, size)
