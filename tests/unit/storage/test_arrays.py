"""npy and npz: what numpy writes and reads, minus what a hostile header could do."""

import io
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from groundwork.errors import InvalidDataError, UsageError
from groundwork.storage import read, sha256, write

DTYPES = (
    hnp.boolean_dtypes()
    | hnp.integer_dtypes(endianness="?")
    | hnp.floating_dtypes(endianness="?")
    | hnp.complex_number_dtypes()
    | hnp.unicode_string_dtypes(max_len=4)
    | hnp.byte_string_dtypes(max_len=4)
    | hnp.datetime64_dtypes(max_period="s", min_period="s")
)
SHAPES = hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)
ARRAYS = DTYPES.flatmap(lambda dtype: hnp.arrays(dtype, SHAPES))
NUMBERS = (hnp.boolean_dtypes() | hnp.integer_dtypes(endianness="=") | hnp.floating_dtypes(endianness="=")).flatmap(
    lambda dtype: hnp.arrays(dtype, SHAPES)
)
NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="/\\:.\0"), min_size=1, max_size=6)
PACKED = st.sampled_from(["", ".gz", ".zst"])


def identical(first, second):
    return (first.dtype, first.shape, first.tobytes("A")) == (second.dtype, second.shape, second.tobytes("A"))


def npy(header, data=b"", version=1):
    text = header.encode() + b"\n"
    width = "<H" if version == 1 else "<I"
    return b"\x93NUMPY" + bytes([version, 0]) + struct.pack(width, len(text)) + text + data


def described(descr="'<f8'", shape="(2,)", order="False"):
    return f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}}}"


@settings(deadline=None, max_examples=50)
@given(array=ARRAYS, transposed=st.booleans(), packed=PACKED)
def test_any_array_comes_back_and_numpy_reads_it_too(tmp_path_factory, array, transposed, packed):
    path = tmp_path_factory.mktemp("npy") / f"a.npy{packed}"
    array = array.T if transposed else array

    write(path, array, durable=False)

    assert identical(array, read(path))
    if not packed:
        assert identical(array, np.load(path))


@settings(deadline=None, max_examples=50)
@given(arrays=st.dictionaries(NAMES, ARRAYS, max_size=3), packed=PACKED)
def test_any_archive_of_arrays_comes_back(tmp_path_factory, arrays, packed):
    path = tmp_path_factory.mktemp("npz") / f"a.npz{packed}"

    write(path, arrays, durable=False)
    loaded = read(path)

    assert list(arrays) == list(loaded)
    assert all(identical(array, loaded[name]) for name, array in arrays.items())


@settings(deadline=None, max_examples=50)
@given(arrays=st.dictionaries(NAMES, NUMBERS, max_size=3), packed=PACKED)
def test_any_tensors_come_back(tmp_path_factory, arrays, packed):
    path = tmp_path_factory.mktemp("safetensors") / f"a.safetensors{packed}"

    write(path, arrays, durable=False)
    loaded = read(path)

    assert arrays.keys() == loaded.keys()
    assert all(identical(array, loaded[name]) for name, array in arrays.items())


@settings(deadline=None, max_examples=50)
@given(array=ARRAYS)
def test_what_numpy_saves_is_read(tmp_path_factory, array):
    path = tmp_path_factory.mktemp("npy") / "a.npy"
    np.save(path, array)

    loaded = read(path)

    assert identical(array, loaded)
    assert loaded.flags.writeable


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_what_numpy_saves_as_an_archive_is_read(tmp_path, save):
    save(tmp_path / "a.npz", np.arange(3), **{"layer/0": np.eye(2), "kernel:0": np.float32(7)})

    loaded = read(tmp_path / "a.npz")

    assert {"arr_0": [0, 1, 2], "layer/0": [[1, 0], [0, 1]], "kernel:0": 7} == {
        name: array.tolist() for name, array in loaded.items()
    }


@pytest.mark.parametrize("name", ["file", "allow_pickle", "a.npy", "é", "layer/0", "kernel:0", " "])
def test_names_that_are_odd_but_harmless_come_back(tmp_path, name):
    write(tmp_path / "a.npz", {name: np.arange(2)})

    assert [name] == list(read(tmp_path / "a.npz")) == list(np.load(tmp_path / "a.npz"))


@settings(deadline=None, max_examples=50)
@given(
    names=st.lists(
        st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("./\\:\0"), max_size=6), max_size=3
    )
)
def test_any_name_comes_back_or_is_refused_when_written(tmp_path_factory, names):
    path = tmp_path_factory.mktemp("npz") / "a.npz"
    arrays = {name: np.full(2, place) for place, name in enumerate(names)}

    try:
        write(path, arrays, durable=False)
    except UsageError:
        assert not path.exists()
        return

    assert {name: array.tolist() for name, array in arrays.items()} == {
        name: array.tolist() for name, array in read(path).items()
    }


@pytest.mark.parametrize("name", ["", "../a", "a/../../b", "/a", "a\\b", "C:a", "a\0b", "\ud800", "x" * 70_000])
def test_a_name_that_leads_out_or_fits_no_archive_is_refused_when_written(tmp_path, name):
    with pytest.raises(UsageError, match="cannot name an array"):
        write(tmp_path / "a.npz", {name: np.arange(2)})

    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize("suffix", ["npz", "safetensors"])
def test_a_name_that_is_no_text_is_refused(tmp_path, suffix):
    with pytest.raises(UsageError, match="text names, not 1"):
        write(tmp_path / f"a.{suffix}", {1: np.arange(2)})


@pytest.mark.parametrize(
    ("value", "words"),
    [(np.ma.masked_array([1, 2], [True, False]), "lose its mask"), ([[1], [1, 2]], "no array"), ([object()], "pickle")],
)
def test_what_would_not_come_back_whole_is_refused(tmp_path, value, words):
    for name, wrapped in (("a.npy", value), ("a.npz", {"w": value})):
        with pytest.raises(UsageError, match=words):
            write(tmp_path / name, wrapped)

    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize("array", [np.zeros(3, "i4,f8"), np.arange(12).reshape(3, 4)[:, ::2], np.eye(3).T[1:]])
def test_arrays_of_any_layout_come_back(tmp_path, array):
    write(tmp_path / "a.npy", array)

    assert array.tolist() == read(tmp_path / "a.npy").tolist() == np.load(tmp_path / "a.npy").tolist()


def test_a_name_given_twice_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("w.npy", npy(described(), np.full(2, 1.0).tobytes()))
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("w.npy", npy(described(), np.full(2, 2.0).tobytes()))

    with pytest.raises(InvalidDataError, match=r"w\.npy.*twice"):
        read(tmp_path / "a.npz")


def test_a_member_that_is_no_array_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("readme.txt", "hello")

    with pytest.raises(InvalidDataError, match=r"readme\.txt"):
        read(tmp_path / "a.npz")


def test_the_same_arrays_give_the_same_bytes_at_another_time(tmp_path, monkeypatch):
    write(tmp_path / "a.npz", {"w": np.arange(2)})
    monkeypatch.setattr("time.time", lambda: 2_000_000_000.0)

    write(tmp_path / "b.npz", {"w": np.arange(2)})

    assert sha256(tmp_path / "a.npz") == sha256(tmp_path / "b.npz")


@pytest.mark.parametrize("version", [1, 2, 3])
def test_each_version_of_the_header_is_read(tmp_path, version):
    name = "é" if version == 3 else "e"
    (tmp_path / "a.npy").write_bytes(npy(described(f"[('{name}', '<f8')]"), np.arange(2.0).tobytes(), version))

    if version == 3:
        content = npy(described(), np.arange(2.0).tobytes(), 3)
        (tmp_path / "b.npy").write_bytes(content)
        assert [0.0, 1.0] == read(tmp_path / "b.npy").tolist()

    assert [0.0, 1.0] == read(tmp_path / "a.npy")[name].tolist()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "does not begin as an NPY"),
        (b"\x93NUMPY\x04\x00", "does not begin as an NPY"),
        (b"\x93NUMPY\x01\x00\x10", "unpack requires"),
        (npy(described(), bytes(15)), r"\(2,\) of float64, 16 bytes; the file has 15"),
        (npy(described(), bytes(17)), "16 bytes; the file has 17"),
        (npy(described(shape="(10**15,)"), bytes(16)), "malformed"),
        (npy(described(shape="(1000000000000000,)"), bytes(16)), "8,000,000,000,000,000 bytes; the file has 16"),
        (npy(described(shape="(-2,)"), bytes(16)), r"the shape \(-2,\)"),
        (npy(described(shape="(-2, -1)"), bytes(16)), "the shape"),
        (npy(described(shape="(True,)"), bytes(8)), "the shape"),
        (npy(described(shape="2"), bytes(16)), "the shape 2"),
        (npy(described("'|O'"), bytes(16)), "allow_pickle"),
        (npy(described("[('a', '|O')]"), bytes(16)), "allow_pickle"),
        (npy(described("'nonsense'"), bytes(16)), "nonsense"),
        (npy("{'descr': '<f8'}"), "does not describe an array"),
        (npy("[]"), "does not describe an array"),
        (npy("__import__('os').system('true')"), "malformed"),
        (npy("-" * 60_000 + "1"), "cannot be parsed"),
        (npy("(" * 60_000), "cannot be parsed"),
        (b"\x93NUMPY\x02\x00\xff\xff\xff\xff", "header claims 4,294,967,295 bytes"),
    ],
)
def test_a_header_that_does_not_fit_its_file_is_damage(tmp_path, content, words):
    (tmp_path / "a.npy").write_bytes(content)

    with pytest.raises(InvalidDataError, match=f"a\\.npy: not valid NPY: .*{words}"):
        read(tmp_path / "a.npy")


def test_no_memory_is_asked_for_before_the_shape_is_checked(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(np, "empty", lambda *args, **kwargs: asked.append(args))
    monkeypatch.setattr(np, "ndarray", lambda *args, **kwargs: asked.append(args))
    content = npy(described(shape="(1000000000,)"), bytes(16))
    (tmp_path / "a.npy").write_bytes(content)
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("w.npy", content)

    for name in ("a.npy", "a.npz"):
        with pytest.raises(InvalidDataError, match="8,000,000,000 bytes"):
            read(tmp_path / name)

    assert [] == asked


def test_a_member_whose_checksum_differs_is_damage(tmp_path):
    write(tmp_path / "a.npz", {"w": np.arange(100.0)})
    content = bytearray((tmp_path / "a.npz").read_bytes())
    content[content.index(np.float64(50).tobytes())] ^= 1
    (tmp_path / "a.npz").write_bytes(content)

    with pytest.raises(InvalidDataError, match="CRC"):
        read(tmp_path / "a.npz")


def test_a_member_shorter_than_the_archive_says_is_damage(tmp_path):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("w.npy", npy(described(shape="(100,)"), bytes(800)))
    content = packed.getvalue()
    size = len(npy(described(shape="(100,)"), bytes(800)))
    longer = content.replace(struct.pack("<I", size), struct.pack("<I", size + 8))
    (tmp_path / "a.npz").write_bytes(longer)

    with pytest.raises(InvalidDataError):
        read(tmp_path / "a.npz")


def test_arrays_that_unpack_to_more_than_is_allowed_are_refused(tmp_path):
    np.savez_compressed(tmp_path / "a.npz", w=np.zeros(100_000), v=np.zeros(100_000))

    with pytest.raises(InvalidDataError, match="max_bytes=1,000,000") as caught:
        read(tmp_path / "a.npz", max_bytes=1_000_000)

    assert ("larger max_bytes" in (caught.value.hint or ""), 2) == (
        True,
        len(read(tmp_path / "a.npz", max_bytes=2_000_000)),
    )


def test_arrays_at_the_usual_bound_are_refused_only_if_they_have_grown(tmp_path, monkeypatch):
    monkeypatch.setattr("groundwork.storage._bounds._SMALL_BYTES", 1_000)
    np.savez_compressed(tmp_path / "grown.npz", w=np.zeros(100_000))
    np.savez(tmp_path / "plain.npz", w=np.zeros(100_000))

    with pytest.raises(InvalidDataError, match="max_bytes"):
        read(tmp_path / "grown.npz")

    assert 100_000 == len(read(Path(tmp_path / "plain.npz"))["w"])
