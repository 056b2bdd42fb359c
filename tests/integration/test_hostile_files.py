"""Files made to harm: nothing in them runs, nothing is written outside, memory stays bounded, each is named."""

import gzip
import io
import json
import os
import pickle
import struct
import subprocess
import sys
import zipfile
import zlib

import numpy as np
import polars as pl
import pytest
import zstandard

from groundwork.errors import InvalidDataError, MLException, UsageError
from groundwork.storage import dump_yaml, load_yaml, read, stream, write

pytestmark = pytest.mark.integration

SUFFIXES = ["json", "jsonl", "ndjson", "yaml", "yml", "toml", "csv", "parquet", "npy", "npz", "safetensors"]
PACK = {"": bytes, "gz": gzip.compress, "zst": zstandard.ZstdCompressor().compress}
VALUES = {
    "parquet": pl.DataFrame({"n": range(3000), "s": ["x"] * 3000}),
    "npy": np.arange(3000.0),
    "npz": {"w": np.arange(3000.0)},
    "safetensors": {"w": np.arange(3000.0)},
}
MIB = 1 << 20


class Bait:
    """Leaves a marker where it is unpickled."""

    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return os.mkdir, (str(self.marker),)


@pytest.fixture
def marker(tmp_path_factory):
    """A path that must not exist after the test, in a folder where nothing else may appear either."""
    path = tmp_path_factory.mktemp("outside") / "executed"
    yield path
    assert [] == list(path.parent.iterdir())


def folder_of(path, content):
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    return path


def refused(path, **options):
    """Read a file that must be refused, and tell with which words; its folder must be as it was."""
    before = sorted(path.parent.rglob("*"))

    with pytest.raises(MLException) as caught:
        read(path, **options)

    assert path.name in caught.value.message
    assert before == sorted(path.parent.rglob("*"))
    return caught.value.message


def pickles(marker):
    bait = Bait(marker)
    objects = np.empty(2, object)
    objects[:] = [bait, bait]
    array, archive = io.BytesIO(), io.BytesIO()
    np.save(array, objects, allow_pickle=True)
    np.savez(archive, w=objects, allow_pickle=True)
    yield "pickle", pickle.dumps(bait)
    yield "pickle in text", pickle.dumps(bait, 0)
    yield "object array", array.getvalue()
    yield "archive of object arrays", archive.getvalue()


KINDS = ["pickle", "pickle in text", "object array", "archive of object arrays"]


def test_the_bait_works(tmp_path):
    for kind, content in pickles(tmp_path / "executed"):
        if kind.startswith("pickle"):
            pickle.loads(content)
        else:
            loaded = np.load(io.BytesIO(content), allow_pickle=True)
            assert loaded["w"] is not None if kind.startswith("archive") else loaded is not None

        (tmp_path / "executed").rmdir()


@pytest.mark.parametrize("packed", PACK)
@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_pickle_under_any_suffix_runs_nothing(tmp_path, marker, kind, suffix, packed):
    content = dict(pickles(marker))[kind]
    path = folder_of(tmp_path / "in" / f"f.{suffix}{'.' * bool(packed)}{packed}", PACK[packed](content))

    if kind == "pickle in text" and suffix in ("csv", "yaml", "yml"):
        assert isinstance(read(path), pl.DataFrame | str)  # any text is a table of text, and a text of YAML
    else:
        assert refused(path)


def npz(members, packing=zipfile.ZIP_STORED):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", packing) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data, packing)
    return content.getvalue()


def npy(array):
    content = io.BytesIO()
    np.save(content, array)
    return content.getvalue()


@pytest.mark.parametrize(
    "name", ["../evil", "../../evil", "a/../../evil", "/tmp/evil", "..\\evil", "C:\\evil", "C:evil"]
)
def test_names_in_an_archive_that_lead_out_of_a_folder_are_refused(tmp_path, marker, name):
    path = folder_of(tmp_path / "in" / "f.npz", npz({f"{name}.npy": npy(np.arange(2))}))

    assert "leads out of a folder" in refused(path)


@pytest.mark.parametrize("packed", PACK)
@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("seed", range(3))
def test_garbage_is_named(tmp_path, suffix, packed, seed):
    garbage = b"\xff\xfe" + np.random.default_rng(seed).bytes(5000)
    path = folder_of(tmp_path / f"f.{suffix}{'.' * bool(packed)}{packed}", PACK[packed](garbage))

    assert refused(path)


@pytest.mark.parametrize("suffix", [f"{suffix}.{packed}" for suffix in SUFFIXES for packed in ("gz", "zst")])
def test_garbage_is_not_taken_for_compressed(tmp_path, suffix):
    path = folder_of(tmp_path / f"f.{suffix}", np.random.default_rng(0).bytes(5000))

    assert "truncated or damaged" in refused(path)


@pytest.mark.parametrize("packed", PACK)
@pytest.mark.parametrize("suffix", VALUES)
def test_a_file_cut_short_anywhere_is_named(tmp_path, suffix, packed):
    path = tmp_path / f"f.{suffix}{'.' * bool(packed)}{packed}"
    write(path, VALUES[suffix], durable=False)
    content = path.read_bytes()
    cuts = {
        *range(0, 40, 7),
        *range(0, len(content), max(len(content) // 40, 1)),
        *range(len(content) - 9, len(content)),
    }

    for cut in sorted(cuts):
        path.write_bytes(content[:cut])
        assert refused(path)


@pytest.mark.parametrize(
    "text",
    [
        "!!python/object/apply:os.mkdir ['{marker}']",
        "!!python/object/new:os.mkdir ['{marker}']",
        "a: !!python/name:os.system",
        "a: !!python/module:os",
        "a: !!python/object/apply:subprocess.check_output [[mkdir, '{marker}']]",
        "!!python/tuple [1, 2]",
        "!<tag:yaml.org,2002:python/object/apply:os.mkdir> ['{marker}']",
        "%TAG ! tag:yaml.org,2002:python/\n---\n!object/apply:os.mkdir ['{marker}']",
        "!!binary aGVsbG8=",
        "!include /etc/passwd",
    ],
)
def test_a_tag_of_yaml_runs_nothing(tmp_path, marker, text):
    path = folder_of(tmp_path / "in" / "f.yaml", text.format(marker=marker).encode())

    assert "is not supported" in refused(path)


DEEP = {
    "json": "[" * 100_000 + "]" * 100_000,
    "jsonl": '{"a":' * 100_000 + "1" + "}" * 100_000,
    "yaml": "[" * 20_000 + "]" * 20_000,
    "toml": "a = " + "[" * 100_000 + "]" * 100_000,
}


@pytest.mark.parametrize("suffix", DEEP)
def test_a_text_nested_without_end_is_named(tmp_path, suffix):
    assert refused(folder_of(tmp_path / f"f.{suffix}", DEEP[suffix].encode()))


@pytest.mark.parametrize("suffix", DEEP)
def test_a_value_nested_without_end_is_not_written(tmp_path, suffix):
    value = {}
    value["a"] = value

    with pytest.raises(UsageError):
        write(tmp_path / f"f.{suffix}", [value] if suffix == "jsonl" else value)

    assert [] == os.listdir(tmp_path)


@pytest.mark.parametrize("suffix", ["json", "yaml", "toml"])
def test_a_number_of_too_many_digits_is_named(tmp_path, suffix):
    text = f"{'a = ' * (suffix == 'toml')}{'9' * 100_000}"

    assert refused(folder_of(tmp_path / f"f.{suffix}", text.encode()))


def test_aliases_that_multiply_take_no_memory():
    rows = ["a0: &a0 [" + ", ".join(["lol"] * 9) + "]"]
    rows += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]

    with pytest.raises(InvalidDataError, match="aliases repeat"):
        load_yaml("\n".join(rows))


def test_what_is_written_as_yaml_cannot_name_a_tag():
    text = "!!python/object/apply:os.mkdir ['x']"

    assert text == load_yaml(dump_yaml(text))


@pytest.fixture(scope="module")
def bombs():
    """Files of some KiB, by name, that become 128 MiB or claim to become far more."""
    return dict(made_bombs())


def made_bombs():
    nothing = bytes(128 * MIB)
    gz = zlib.compressobj(9, wbits=31)
    packed_gz = gz.compress(nothing) + gz.flush()
    packed_zst = zstandard.ZstdCompressor().compress(nothing)
    header = npy(np.zeros(1)).replace(b"(1,)", b"(16777216,)").replace(b" " * 7 + b"\n", b"\n")
    column = io.BytesIO()
    pl.select(z=pl.repeat(0, 16 * MIB, dtype=pl.Int64)).write_parquet(column)
    for suffix in ("json", "csv", "npy", "npz", "parquet", "safetensors"):
        yield f"f.{suffix}.gz", packed_gz
        yield f"f.{suffix}.zst", packed_zst
    yield "f.npz", npz({"w.npy": header + nothing}, zipfile.ZIP_DEFLATED)
    yield "many.npz", npz({f"w{n}.npy": npy(np.zeros(MIB // 4)) for n in range(20)}, zipfile.ZIP_DEFLATED)
    yield "f.parquet", column.getvalue()
    yield "twice.json.gz", packed_gz * 4
    yield "f.csv.gz.zst", zstandard.ZstdCompressor().compress(packed_gz)
    shape = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1099511627776,), }"
    yield "huge.npy", b"\x93NUMPY\x01\x00" + struct.pack("<H", len(shape)) + shape + bytes(800)
    tensors = json.dumps({"w": {"dtype": "F64", "shape": [1 << 40], "data_offsets": [0, 1 << 43]}}).encode()
    yield "huge.safetensors", struct.pack("<Q", len(tensors)) + tensors + bytes(800)
    yield "header.safetensors", struct.pack("<Q", 1 << 62) + bytes(800)


READ_ALL = """
import sys
from pathlib import Path
import numpy, polars, zstandard, safetensors.numpy
from groundwork.errors import MLException
from groundwork.storage import read

def peak_kib():  # of this program alone; getrusage counts the parent's, too
    return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])

polars.read_parquet(sys.argv[2])
before = peak_kib()
for path in sorted(Path(sys.argv[1]).iterdir()):
    try:
        read(path, max_bytes=8 << 20)
    except MLException as error:
        print(path.name, path.name in error.message, sep="\\t")
    else:
        print(path.name, "was read", sep="\\t")
print((peak_kib() - before) // 1024)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="measures with /proc")
def test_a_bomb_takes_no_more_memory_than_is_allowed(tmp_path, bombs):
    (tmp_path / "bombs").mkdir()
    for name, content in bombs.items():
        (tmp_path / "bombs" / name).write_bytes(content)
    write(tmp_path / "warm.parquet", pl.DataFrame({"a": [1]}))

    done = subprocess.run(
        [sys.executable, "-c", READ_ALL, tmp_path / "bombs", tmp_path / "warm.parquet"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    *verdicts, grown_mib = done.stdout.splitlines()
    assert [f"{name}\tTrue" for name in sorted(bombs)] == verdicts, done.stderr
    print(grown_mib)
    assert int(grown_mib) < 48


def test_a_bomb_streams_in_bounded_memory_or_is_refused(tmp_path):
    path = tmp_path / "f.csv.gz"
    path.write_bytes(gzip.compress(b"a,b\n" + b"1," + bytes(80 * MIB)))

    with pytest.raises(InvalidDataError, match=r"f\.csv\.gz"):
        list(stream(path))


@pytest.mark.parametrize("name", ["f.json.gz", "f.csv.zst", "f.npz"])
def test_a_compressed_file_is_bounded_though_nobody_asked(tmp_path, monkeypatch, bombs, name):
    monkeypatch.setattr("groundwork.storage._bounds._SMALL_BYTES", MIB)

    assert "max_bytes" in refused(folder_of(tmp_path / name, bombs[name]))


def test_a_link_leads_where_it_leads_and_a_folder_is_no_file(tmp_path):
    (tmp_path / "f.json").mkdir()
    (tmp_path / "loop.json").symlink_to("loop.json")

    assert refused(tmp_path / "f.json")
    assert refused(tmp_path / "loop.json")
