"""read and write: by suffix, atomic, the same bytes each time, damage told apart."""

import datetime as dt
import errno
import os
import re
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.errors import InvalidDataError, StorageError, UnsupportedFormatError, UsageError
from groundwork.storage import _bounds, _formats, read, register_format, sha256, write

FRAME = pl.DataFrame({"n": [1, 2, None], "s": ["x", "é", "z"]})
ARRAYS = {"w": np.arange(6.0).reshape(2, 3), "b": np.array([True, False])}
VALUES: dict[str, Any] = {
    "json": {"a": [1, "é", None, 1e-4]},
    "jsonl": [{"a": 1}, 2, "x"],
    "ndjson": [{"a": "line\nbreak\u2028"}],
    "yaml": {"a": "1e-4", "b": "no", "c": [0.0001, None, {"d": " x: #y"}]},
    "yml": [1, "two"],
    "toml": {"a": "1e-4", "b": {"c": [1, 2.5, True], "d": dt.date(2013, 1, 1)}},
    "csv": FRAME,
    "parquet": FRAME,
    "npy": ARRAYS["w"],
    "npz": ARRAYS,
    "safetensors": ARRAYS,
}
STRUCTURED = ["json", "parquet", "npy", "npz", "safetensors"]

text = st.text(max_size=5)
packings = st.sampled_from(["", ".gz", ".zst"])
toml_scalars = (
    st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | text
    | st.dates()
    | st.times()
    | st.datetimes(timezones=st.none() | st.just(dt.UTC))
)
LOOP: list[Any] = []
LOOP.append(LOOP)
plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


def same(first: Any, second: Any) -> bool:
    if isinstance(first, pl.DataFrame):
        return first.equals(second)
    if isinstance(first, dict):
        return first.keys() == second.keys() and all(same(first[name], second[name]) for name in first)
    if isinstance(first, np.ndarray):
        return first.dtype == second.dtype and np.array_equal(first, second)
    return bool(first == second)


@pytest.mark.parametrize("packed", ["", ".gz", ".zst"])
@pytest.mark.parametrize("suffix", VALUES)
def test_a_value_comes_back_and_the_same_value_gives_the_same_bytes(tmp_path, suffix, packed):
    first, second = tmp_path / f"a.{suffix}{packed}", tmp_path / f"B.{suffix.upper()}{packed}"

    write(first, VALUES[suffix])
    write(second, VALUES[suffix], durable=False)

    assert same(VALUES[suffix], read(first))
    assert sha256(first) == sha256(second)


@pytest.mark.parametrize("suffix", ["json", "jsonl", "yaml"])
@settings(deadline=None, max_examples=50)
@given(value=plain, packed=packings)
def test_any_plain_value_comes_back(tmp_path_factory, suffix, value, packed):
    path = tmp_path_factory.mktemp("plain") / f"f.{suffix}{packed}"
    value = [value, value] if suffix == "jsonl" else value

    write(path, value, durable=False)

    assert value == read(path)


@pytest.mark.parametrize("packed", [".gz", ".zst"])
@settings(deadline=None, max_examples=25)
@given(text=st.text(max_size=300), cut=st.floats(0, 1, exclude_max=True))
def test_a_compressed_file_cut_anywhere_is_never_read(tmp_path_factory, packed, text, cut):
    path = tmp_path_factory.mktemp("cut") / f"f.jsonl{packed}"
    write(path, [text], durable=False)
    content = path.read_bytes()
    path.write_bytes(content[: int(cut * len(content))])

    with pytest.raises(InvalidDataError, match="truncated or damaged") as caught:
        read(path)

    assert str(path) in caught.value.message


@pytest.mark.parametrize("packed", [".gz", ".zst"])
def test_a_flipped_bit_in_a_compressed_file_is_found(tmp_path, packed):
    path = tmp_path / f"f.json{packed}"
    write(path, list(range(100)))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    path.write_bytes(content)

    with pytest.raises(InvalidDataError):
        read(path)


@pytest.mark.parametrize("suffix", STRUCTURED)
@pytest.mark.parametrize("part", [0, 0.5, 0.99])
def test_a_truncated_file_is_named(tmp_path, suffix, part):
    path = tmp_path / f"f.{suffix}"
    write(path, VALUES[suffix])
    content = path.read_bytes()
    path.write_bytes(content[: min(int(part * len(content)), len(content) - 2)])

    with pytest.raises(InvalidDataError) as caught:
        read(path)

    assert (str(path), True) == (caught.value.context["file"], str(path) in caught.value.message)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("f.json", '{"a": 1,\n"b": }', r"f\.json, line 2: not valid JSON: Expecting value"),
        ("f.jsonl", '{"a": 1}\n\n{"b": }\n', r"f\.jsonl, line 3: not valid JSON lines: Expecting value"),
        ("f.toml", "a = 1\nb =\n", r"f\.toml: not valid TOML: .*line 2"),
        ("f.yaml", "a: [1\nb: 2", r"f\.yaml"),
    ],
)
def test_a_text_that_breaks_its_format_is_named_with_the_line(tmp_path, name, text, words):
    path = tmp_path / name
    path.write_text(text)

    with pytest.raises(InvalidDataError, match=words):
        read(path)


@pytest.mark.parametrize("name", ["f.json", "f.yaml", "f.jsonl"])
def test_a_text_that_is_not_utf8_is_named(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b'"\xff"\n')

    with pytest.raises(InvalidDataError, match="utf-8"):
        read(path)


@settings(deadline=None, max_examples=50)
@given(
    value=st.dictionaries(
        text, st.recursive(toml_scalars, lambda inner: st.lists(inner) | st.dictionaries(text, inner), max_leaves=6)
    ),
    packed=packings,
)
def test_any_table_of_toml_comes_back(tmp_path_factory, value, packed):
    path = tmp_path_factory.mktemp("toml") / f"f.toml{packed}"

    write(path, value, durable=False)

    assert value == read(path)


def test_toml_keeps_its_order_and_names():
    path = Path("pipeline.toml")

    assert "b = 1\n\n[a]\nd = [\n    1,\n    2,\n]\n" == written(path, {"b": 1, "a": {"d": [1, 2]}})


def written(name, value):
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder) / name, value)
        return (Path(folder) / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["f.xyz", "f", "f.gz", ".json.lock"])
@pytest.mark.parametrize("call", [read, lambda path: write(path, 1)])
def test_an_unknown_suffix_names_the_known_ones(tmp_path, name, call):
    with pytest.raises(UnsupportedFormatError, match="no format is known") as caught:
        call(tmp_path / name)

    assert ".json, .jsonl" in (caught.value.hint or "")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(StorageError, match=r"gone\.json: cannot read: No such file"):
        read(tmp_path / "gone.json")


@pytest.mark.parametrize("packed", ["", ".gz", ".zst"])
@pytest.mark.parametrize("suffix", VALUES)
def test_a_full_disk_is_told_as_such_by_every_format_and_keeps_the_old_file(tmp_path, arm, suffix, packed):
    path = tmp_path / f"f.{suffix}{packed}"
    path.write_bytes(b"old")
    arm("storage.atomic_write.write", errno.ENOSPC)

    with pytest.raises(StorageError, match="No space left"):
        write(path, VALUES[suffix])

    assert ([path.name], b"old") == (os.listdir(tmp_path), path.read_bytes())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("f.json", {"a": float("nan")}),
        ("f.json", object()),
        ("f.jsonl", [{1, 2}]),
        ("f.json", "\ud800"),
        ("f.json", LOOP),
        ("f.yaml", object()),
        ("f.toml", [1]),
        ("f.toml", {"a": None}),
        ("f.toml", {1: 2}),
        ("f.toml", {"a": "\ud800"}),
        ("f.toml", {"a": LOOP}),
        ("f.toml", {"a": dt.time(1, tzinfo=dt.UTC)}),
        ("f.csv", [[1]]),
        ("f.parquet", {"a": [1]}),
        ("f.npy", [object()]),
        ("f.npz", [1]),
        ("f.safetensors", {"a": ["x"]}),
    ],
)
def test_a_value_that_does_not_fit_its_format_is_refused_and_nothing_written(tmp_path, name, value):
    with pytest.raises(UsageError, match=name) as caught:
        write(tmp_path / name, value)

    assert (os.listdir(tmp_path), bool(caught.value.hint)) == ([], True)


@pytest.mark.parametrize(
    ("name", "value", "hint"),
    [
        ("f.json", {1: 2, "1": 3}, "str"),
        ("f.jsonl", [{None: 2}], "str"),
        ("f.json", float("nan"), "None"),
        ("f.json", np.int64(1), "item"),
        ("f.toml", {"a": None}, "leave the key out"),
    ],
)
def test_a_refused_value_gets_a_hint_of_its_own(tmp_path, name, value, hint):
    with pytest.raises(UsageError) as caught:
        write(tmp_path / name, value)

    assert (hint in caught.value.hint, "NaN" in caught.value.hint) == (True, value != value)


@pytest.mark.parametrize("name", ["f.npy", "f.npz"])
def test_nothing_is_unpickled(tmp_path, name):
    path = tmp_path / name
    objects = np.array([{"a": 1}], dtype=object)
    np.save(path, objects) if name == "f.npy" else np.savez(path, a=objects)

    with pytest.raises(InvalidDataError, match="allow_pickle"):
        read(path)


@pytest.mark.parametrize("packed", ["", ".gz", ".zst"])
@pytest.mark.parametrize("suffix", VALUES)
def test_content_of_more_bytes_than_allowed_is_refused(tmp_path, suffix, packed):
    path = tmp_path / f"f.{suffix}{packed}"
    write(path, VALUES[suffix])

    with pytest.raises(InvalidDataError, match=r"more than max_bytes=\d+ bytes") as caught:
        read(path, max_bytes=3)

    assert (str(path), True) == (caught.value.context["file"], "larger max_bytes" in (caught.value.hint or ""))
    assert same(VALUES[suffix], read(path, max_bytes=100_000))


@pytest.mark.parametrize("packed", [".gz", ".zst"])
def test_what_is_compressed_grows_to_the_usual_bound_unless_more_is_allowed(tmp_path, monkeypatch, packed):
    monkeypatch.setattr(_bounds, "_SMALL_BYTES", 50_000)
    path = tmp_path / f"f.json{packed}"
    write(path, "x" * 60_000)

    with pytest.raises(InvalidDataError, match="max_bytes=50,000"):
        read(path)

    assert 60_000 == len(read(path, max_bytes=70_000))


@pytest.mark.parametrize("bound", [0, -1])
def test_a_bound_that_lets_nothing_through_is_refused(tmp_path, bound):
    with pytest.raises(UsageError, match=f"max_bytes is {bound}"):
        read(tmp_path / "f.json", max_bytes=bound)


def test_the_smallest_bound_lets_a_single_byte_through(tmp_path):
    (tmp_path / "f.json").write_text("7")

    assert read(tmp_path / "f.json", max_bytes=1) == 7


@pytest.mark.parametrize(("name", "hint"), [("f.json", "none"), ("f.npz", "none")])
def test_an_option_that_no_one_knows_is_no_fault_of_the_file(tmp_path, name, hint):
    write(tmp_path / name, VALUES[name[2:]])

    with pytest.raises(UsageError, match="takes no option 'mmap'") as caught:
        read(tmp_path / name, mmap=True)
    with pytest.raises(UsageError, match="takes no option 'mmap'"):
        write(tmp_path / name, VALUES[name[2:]], mmap=True)

    assert (UsageError, f"options that it takes: {hint}") == (type(caught.value), caught.value.hint)


def test_an_option_that_polars_does_not_know_is_no_fault_of_the_file(tmp_path):
    write(tmp_path / "f.csv", FRAME)

    with pytest.raises(UsageError, match="seperator") as caught:
        read(tmp_path / "f.csv", seperator=";")

    assert UsageError is type(caught.value)


def test_a_torn_last_line_is_told_from_other_damage(tmp_path):
    (tmp_path / "f.jsonl").write_text('{"a": 1}\n{"a": ')

    with pytest.raises(InvalidDataError, match="line 2, the last, is cut off in the middle") as caught:
        read(tmp_path / "f.jsonl")

    assert (caught.value.context["torn"], "append" in caught.value.hint) == (True, True)


def test_a_last_line_cut_within_a_letter_is_torn_too(tmp_path):
    (tmp_path / "f.jsonl").write_bytes('{"a": 1}\n{"a": "ü'.encode()[:-1])

    with pytest.raises(InvalidDataError, match="line 2, the last, is cut off in the middle"):
        read(tmp_path / "f.jsonl")


def test_an_archive_of_arrays_is_not_a_single_array(tmp_path):
    np.save(tmp_path / "f.npy", np.ones(2))
    (tmp_path / "f.npy").rename(tmp_path / "f.npz")

    with pytest.raises(InvalidDataError, match="single array"):
        read(tmp_path / "f.npz")


def test_frames_of_zst_and_members_of_gz_may_follow_each_other(tmp_path):
    for packed in (".gz", ".zst"):
        path = tmp_path / f"f.jsonl{packed}"
        write(path, [1])
        path.write_bytes(path.read_bytes() * 3)

        assert read(path) == [1, 1, 1]


def test_options_go_to_the_format(tmp_path):
    write(tmp_path / "f.csv", pl.DataFrame({"zip": ["02116"]}), separator=";")

    assert read(tmp_path / "f.csv", separator=";", infer_schema=False).item() == "02116"


@pytest.fixture
def formats(monkeypatch):
    monkeypatch.setattr(_formats, "_by_suffix", dict(_formats._by_suffix))


def test_a_registered_format_works_like_a_built_in_one(tmp_path, formats):
    register_format(
        "reversed",
        suffixes=[".rev"],
        read=lambda file: file.read()[::-1].decode(),
        write=lambda file, value: file.write(value.encode()[::-1]),
    )

    write(tmp_path / "f.rev.zst", "abc")

    assert read(tmp_path / "f.rev.zst") == "abc"


def test_a_format_that_can_only_write_cannot_be_read(tmp_path, formats):
    register_format("w", suffixes=[".w"], write=lambda file, value: file.write(value))
    write(tmp_path / "f.w", b"x")

    with pytest.raises(UnsupportedFormatError, match="no reader"):
        read(tmp_path / "f.w")


def test_a_format_that_can_only_read_cannot_be_written_and_is_not_proposed(tmp_path, formats):
    register_format("r", suffixes=[".r"], read=lambda file: file.read())

    with pytest.raises(UnsupportedFormatError, match="no writer") as caught:
        write(tmp_path / "f.r", b"x")

    assert (True, False) == (".json" in caught.value.hint, ".r" in re.findall(r"\.\w+", caught.value.hint))


@pytest.mark.parametrize("bound", [None, 5])
def test_a_format_that_compresses_inside_is_told_the_bound(tmp_path, formats, bound):
    register_format("inside", suffixes=[".in"], read=lambda file, *, max_bytes: [max_bytes], bounded=True)
    (tmp_path / "f.in").write_bytes(b"abc")

    assert [bound] == read(tmp_path / "f.in", max_bytes=bound)


def test_an_os_error_of_a_decoder_without_a_number_is_damage(tmp_path, formats):
    def stumble(file):
        raise OSError("odd bytes")

    register_format("odd", suffixes=[".odd"], read=stumble)
    (tmp_path / "f.odd").write_bytes(b"")

    with pytest.raises(InvalidDataError, match="odd bytes"):
        read(tmp_path / "f.odd")


@pytest.mark.parametrize("error", [MemoryError, KeyboardInterrupt])
def test_what_is_not_damage_passes_through(tmp_path, formats, error):
    def stumble(*args):
        raise error

    register_format("odd", suffixes=[".odd"], read=stumble, write=stumble)
    (tmp_path / "f.odd").write_bytes(b"old")

    with pytest.raises(error):
        read(tmp_path / "f.odd")
    with pytest.raises(error):
        write(tmp_path / "f.odd", 1)


def test_a_bug_in_a_writer_is_not_hidden(tmp_path, formats):
    def stumble(file, value):
        raise ZeroDivisionError

    register_format("odd", suffixes=[".odd"], write=stumble)

    with pytest.raises(ZeroDivisionError):
        write(Path(tmp_path / "f.odd"), 1)


@pytest.mark.parametrize(("suffixes", "how"), [(["odd"], {"read": print}), ([".gz"], {"read": print}), ([".odd"], {})])
def test_a_format_that_cannot_work_is_refused(formats, suffixes, how):
    with pytest.raises(UsageError) as caught:
        register_format("odd", suffixes=suffixes, **how)

    assert caught.value.hint


def test_a_library_that_wraps_what_a_write_raises_does_not_hide_it(tmp_path, formats, arm):
    def wrapping(file, value):
        try:
            file.write(b"x" * 1_000_000)
        except StorageError as error:
            raise ValueError("wrapped") from error

    register_format("odd", suffixes=[".odd"], write=wrapping)
    arm("storage.atomic_write.write", errno.EIO)

    with pytest.raises(StorageError, match="Input/output"):
        write(tmp_path / "f.odd", 1)


def test_a_file_that_cannot_be_looked_up_is_told_with_the_systems_words(tmp_path, formats):
    def stumble(file):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    register_format("odd", suffixes=[".odd"], read=stumble)
    (tmp_path / "f.odd").write_bytes(b"")

    with pytest.raises(StorageError, match="cannot read: Input/output"):
        read(tmp_path / "f.odd")
