"""The safetensors layout: read by the library and by us, and never beyond the file."""

import json
import struct
import sys

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from groundwork.errors import ConfigurationError, UsageError
from groundwork.storage import _tensors
from groundwork.storage._tensors import Layout, is_tensor, read_header, unpack

_DTYPES = st.sampled_from(
    ["?", "i1", "u1", "<i2", "<u2", "<i4", ">i4", "<u4", "<i8", "<u8", "<f2", "<f4", ">f8", "<f8"]
)
_ARRAYS = hnp.arrays(_DTYPES, hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=6))
_MODELS = st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=8), _ARRAYS, max_size=5)


def written(model: dict[str, np.ndarray]) -> bytes:
    return b"".join(Layout(model).chunks())


def same(expected: dict[str, np.ndarray], actual: dict[str, np.ndarray]) -> bool:
    return expected.keys() == actual.keys() and all(
        (each.shape, each.dtype.newbyteorder("="), each.tolist())
        == (actual[name].shape, actual[name].dtype, actual[name].tolist())
        for name, each in expected.items()
    )


def file_of(header: object, data: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def entry(dtype: object = "F32", shape: object = (1,), offsets: object = (0, 4)) -> dict[str, object]:
    return {"dtype": dtype, "shape": shape, "data_offsets": offsets}


def without_nan(model: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name: np.asarray(np.nan_to_num(each)) if each.dtype.kind == "f" else each for name, each in model.items()}


@settings(deadline=None, max_examples=50)
@given(model=_MODELS)
def test_what_is_written_is_read_by_us_and_by_the_library(model):
    model = without_nan(model)

    data = written(model)

    assert same(model, unpack(bytearray(data)))
    assert same(model, safetensors.numpy.load(data))


@settings(deadline=None, max_examples=50)
@given(model=_MODELS)
def test_what_the_library_writes_is_read(model):
    model = {name: np.asarray(each.astype(each.dtype.newbyteorder("="))) for name, each in without_nan(model).items()}

    data = safetensors.numpy.save(model)

    assert same(model, unpack(data))


@settings(deadline=None, max_examples=50)
@given(data=st.data())
def test_a_file_cut_or_changed_anywhere_is_read_within_its_bounds_or_refused(data):
    content = bytearray(written({"w": np.arange(6.0).reshape(2, 3), "b": np.ones(3, np.int8)}))
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    del content[data.draw(st.integers(place, len(content))) :]

    try:
        model = unpack(content)
    except ValueError:
        return

    assert sum(each.nbytes for each in model.values()) <= len(content)


@pytest.mark.parametrize(
    "array",
    [
        np.arange(3_000_000.0).reshape(1000, 3000).T,
        np.arange(4_000_000.0)[::2],
        np.ones(1_500_000, ">f4"),
        np.arange(3_000_000.0),
    ],
    ids=["transposed", "sliced", "big-endian", "contiguous"],
)
def test_a_large_array_of_any_layout_is_written_in_pieces(array):
    pieces = list(Layout({"w": array, "b": np.ones(3)}).chunks())

    assert max(len(piece) for piece in pieces) <= 4 << 20
    assert np.array_equal(array, unpack(b"".join(pieces))["w"])


def test_a_contiguous_array_is_not_copied():
    array = np.zeros(1_000_000)

    views = [piece for piece in Layout({"w": array}).chunks() if isinstance(piece, memoryview)]

    assert array.nbytes == sum(len(view) for view in views)
    assert all(np.shares_memory(array, np.frombuffer(view, np.uint8)) for view in views)


def test_many_small_arrays_become_few_pieces():
    model = {str(number): np.full(2_000, number) for number in range(1_000)}

    pieces = list(Layout(model).chunks())

    assert len(pieces) < 10
    assert same(model, unpack(b"".join(pieces)))


def test_tensors_lie_aligned_and_the_bytes_do_not_depend_on_the_order():
    model = {"a": np.ones(3, np.int8), "b": np.ones(2), "c": np.ones(1, np.float16)}

    data = written(model)
    start, entries = read_header(memoryview(data))

    assert written(dict(reversed(model.items()))) == data
    assert (start % 64, list(entries)) == (0, ["b", "c", "a"])


def test_views_of_a_writable_buffer_are_writable():
    buffer = bytearray(written({"w": np.zeros(4)}))

    unpack(buffer)["w"][:] = 7

    assert [7] * 4 == unpack(buffer)["w"].tolist()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no safetensors file"),
        (b"1234567", "no safetensors file"),
        (struct.pack("<Q", 1 << 40) + b"{}", "claims"),
        (struct.pack("<Q", 2**64 - 1) + b"{}", "claims"),
        (struct.pack("<Q", 3) + b"{}", "claims"),
        (file_of(b"\xff\xfe"), "utf-8"),
        (file_of(b"{"), "line 1"),
        (file_of(b"[" * 100_000), "deep"),
        (file_of([]), "not an object"),
        (file_of(b'{"w": 1, "w": 2}'), "twice"),
        (file_of({"w": 1}), "lacks"),
        (file_of({"w": []}), "lacks"),
        (file_of({"w": {"dtype": "F32", "shape": [1]}}), "lacks"),
        (file_of({"w": entry(offsets=[0, 1, 2])}), "lacks"),
        (file_of({"w": entry("O")}), "type"),
        (file_of({"w": entry(["F32"])}), "type"),
        (file_of({"w": entry(shape=[True])}), "shape"),
        (file_of({"w": entry(shape=[1.0])}), "shape"),
        (file_of({"w": entry(shape="1")}), "shape"),
        (file_of({"w": entry(shape=[-1])}), "shape"),
        (file_of({"w": entry(shape=[1] * 65)}, b"1234"), "shape"),
        (file_of({"w": entry(shape=[1 << 63])}), r"shape .* at \[0, 4\]"),
        (file_of({"w": entry(shape=[0, 1 << 40, 1 << 40], offsets=[0, 0])}), "address"),
        (file_of({"w": entry(shape=[2])}, b"1234"), "4 bytes"),
        (file_of({"w": entry(offsets=[4, 0])}, b"1234"), "bytes"),
        (file_of({"w": entry(offsets=[4, 8])}, b"12345678"), "begins at byte 4"),
        (file_of({"w": entry(), "v": entry()}, b"1234"), "begins at byte 0"),
        (file_of({"w": entry()}, b"123"), "end at byte 4"),
        (file_of({"w": entry()}, b"12345"), "end at byte 4"),
        (file_of({}, b"1"), "end at byte 0"),
    ],
)
def test_a_header_that_does_not_tile_its_file_is_refused(content, words):
    with pytest.raises(ValueError, match=words):
        unpack(content)


@pytest.mark.parametrize(
    "model",
    [
        {"w": [1, 2]},
        {1: np.ones(2)},
        {"__metadata__": np.ones(2)},
        {"\ud800": np.ones(2)},
        {"w": np.array(["text"])},
        {"w": np.array([object()])},
        {"w": np.ones(2, np.longdouble)},
        {"w": np.ma.masked_array([1.0, 2.0], [True, False])},
        {"w": np.float64(1)},
        {"w": {"nested": np.ones(2)}},
    ],
)
def test_what_cannot_be_stored_is_refused_before_anything_is_written(model):
    with pytest.raises(UsageError) as caught:
        Layout(model)

    assert caught.value.hint


def test_a_header_longer_than_readers_take_is_refused(monkeypatch):
    monkeypatch.setattr(_tensors, "_HEADER_BYTES", 100)

    with pytest.raises(UsageError, match="1 tensors take"):
        Layout({"w" * 100: np.ones(1)})


def test_no_array_at_all_is_a_file_too():
    assert unpack(written({})) == safetensors.numpy.load(written({})) == {}


def test_a_type_that_numpy_lacks_needs_ml_dtypes(monkeypatch):
    monkeypatch.setitem(sys.modules, "ml_dtypes", None)

    with pytest.raises(ConfigurationError, match="no bfloat16"):
        unpack(file_of({"w": entry("BF16", [2])}, b"1234"))


def test_a_type_that_numpy_lacks_comes_from_ml_dtypes(monkeypatch):
    import types

    module = types.ModuleType("ml_dtypes")
    module.bfloat16 = np.uint16  # stands in for the real one, of the same width
    monkeypatch.setitem(sys.modules, "ml_dtypes", module)

    assert [1, 2] == unpack(file_of({"w": entry("BF16", [2])}, b"\x01\0\x02\0"))["w"].tolist()


def test_torch_tensors_without_torch_are_an_error_that_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)

    with pytest.raises(ConfigurationError, match="torch is not installed"):
        unpack(written({"w": np.ones(1)}), framework="torch")
    assert not is_tensor(np.ones(1))


def states(torch):
    return {
        "bf16": torch.randn(3, 5).T.to(torch.bfloat16),
        "parameter": torch.nn.Parameter(torch.randn(4)),
        "f8": torch.randn(5).to(torch.float8_e4m3fn),
        "scalar": torch.tensor(3),
        "empty": torch.zeros(0, 4),
        "bool": torch.tensor([True, False]),
        "conjugate": torch.randn(3, dtype=torch.complex64).conj(),
        "u16": torch.ones(3, dtype=torch.uint16),
        "large": torch.randn(1500, 1000).T,
    }


def bits(tensor):
    return (
        tensor.detach().resolve_conj().contiguous().numpy(force=True).tobytes()
        if tensor.dtype.itemsize > 2
        else (tensor.detach().contiguous().reshape(-1).view(pytest.importorskip("torch").uint8).numpy().tobytes())
    )


def test_torch_state_is_read_by_us_and_by_the_library():
    torch = pytest.importorskip("torch")
    from safetensors.torch import load

    model = states(torch)
    layout = Layout(model)
    data = b"".join(layout.chunks())

    assert layout.framework == "torch"
    for found in (unpack(bytearray(data), framework="torch"), load(data)):
        assert {name: (each.dtype, each.shape, bits(each)) for name, each in model.items()} == {
            name: (each.dtype, each.shape, bits(each)) for name, each in found.items()
        }


def test_sparse_meta_and_mixed_tensors_are_refused():
    torch = pytest.importorskip("torch")

    for model in (
        {"w": torch.ones(2).to_sparse()},
        {"w": torch.ones(2, device="meta")},
        {"w": torch.ones(2), "v": np.ones(2)},
        {"w": torch.ones(2, dtype=torch.complex128)},
    ):
        with pytest.raises(UsageError):
            Layout(model)
