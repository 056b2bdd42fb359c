"""Checkpoints that somebody made to do harm: nothing of them runs, nothing outside is read as a model or written.

Every one of them has a manifest whose hashes are right: who can write the folder can compute them.
"""

import copy
import hashlib
import io
import json
import os
import pickle
import re
import struct
import sys
import tracemalloc
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from groundwork.errors import CheckpointCorrupt, MLException, UnsafeCheckpoint, VersionSkew
from groundwork.storage import CheckpointSkippedWarning, CheckpointStore, load_checkpoint

pytestmark = pytest.mark.integration

BOMB_BYTES = 32 * 2**20


class Evil:
    """Pickled, it makes a file as soon as somebody unpickles it."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return (os.mkdir, (str(self.marker),))


@pytest.fixture
def marker(tmp_path):
    """What exists only if something of the checkpoint has run."""
    path = tmp_path / "it-ran"
    yield path
    assert not path.exists()


@pytest.fixture
def outside(tmp_path):
    """A folder beside the store, which must stay as it is."""
    folder = tmp_path / "outside"
    folder.mkdir()
    np.save(folder / "secret.npy", np.zeros(3))
    before = {path: path.read_bytes() for path in folder.iterdir()}
    yield folder
    assert before == {path: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def arrays(tmp_path):
    return CheckpointStore(tmp_path / "a").save({"w": np.arange(6.0)}, step=1, files={"notes": b"hello"}).path


@pytest.fixture
def estimator(tmp_path):
    x = np.eye(4)
    return CheckpointStore(tmp_path / "e").save(LogisticRegression().fit(x, [0, 1, 0, 1]), step=1).path


def edit(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change the manifest and seal it anew."""
    path = folder / "manifest.json"
    content = json.loads(path.read_text())
    del content["sha256"]
    change(content)
    content["sha256"] = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    path.write_text(json.dumps(content))


def replace_payload(folder: Path, data: bytes, kind: str | None = None) -> None:
    """Put other bytes in the place of the model, with their right hash."""

    def change(content: dict[str, Any]) -> None:
        (folder / content["payload"]).unlink()
        if kind is not None:
            content["format"], content["payload"] = kind, f"model.{kind}"
        (folder / content["payload"]).write_bytes(data)
        content["model"] = {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}

    edit(folder, change)


def ways_to_load(folder: Path, step: int = 1) -> list[Callable[[], Any]]:
    return [lambda: load_checkpoint(folder), lambda: CheckpointStore(folder.parent).load(step)]


def refused(folder: Path, *kinds: type[MLException], match: str | None = None) -> None:
    for load in ways_to_load(folder):
        with pytest.raises(kinds or MLException, match=match) as caught:
            load()
        assert str(folder) in caught.value.message


def test_the_seal_of_these_tests_is_the_real_one(arrays, estimator):
    replace_payload(arrays, (arrays / "model.safetensors").read_bytes())
    edit(estimator, lambda content: None)

    assert np.array_equal(load_checkpoint(arrays).model["w"], np.arange(6.0))
    assert load_checkpoint(estimator).model.n_features_in_ == 4


@pytest.mark.parametrize("kind", [None, "skops", "safetensors", "joblib", "pickle", "npz", "../x", "__import__"])
@pytest.mark.parametrize("what", ["arrays", "estimator"])
def test_a_pickle_in_the_place_of_a_model_is_never_unpickled(request, what, kind, marker):
    folder = request.getfixturevalue(what)
    if kind == "../x":
        edit(folder, lambda content: content.update(format=kind))
    else:
        replace_payload(folder, pickle.dumps(Evil(marker)), kind)

    refused(folder, CheckpointCorrupt, UnsafeCheckpoint, VersionSkew)


@pytest.mark.parametrize("kind", ["skops", "safetensors"])
def test_a_joblib_file_in_the_place_of_a_model_is_never_unpickled(estimator, marker, kind):
    joblib = pytest.importorskip("joblib")
    file = io.BytesIO()
    joblib.dump([Evil(marker), np.zeros(3)], file)
    replace_payload(estimator, file.getvalue(), kind)

    refused(estimator, CheckpointCorrupt, UnsafeCheckpoint, VersionSkew)


@pytest.mark.parametrize("what", ["payload", "manifest", "attachment", "attachments"])
def test_a_symbolic_link_in_a_checkpoint_is_not_followed(arrays, tmp_path, what):
    names = {
        "payload": "model.safetensors",
        "manifest": "manifest.json",
        "attachment": "files/notes",
        "attachments": "files",
    }
    inside = arrays / names[what]
    elsewhere = tmp_path / "elsewhere"
    inside.rename(elsewhere)
    inside.symlink_to(elsewhere)

    refused(arrays, CheckpointCorrupt, match=names[what].partition("/")[0])


def test_a_checkpoint_folder_may_be_reached_through_a_link(arrays, tmp_path):
    link = tmp_path / "latest"
    link.symlink_to(arrays)

    assert np.array_equal(load_checkpoint(link).model["w"], np.arange(6.0))


@pytest.mark.skipif(sys.platform == "win32", reason="pipes have names in file systems elsewhere only")
@pytest.mark.parametrize("name", ["model.safetensors", "manifest.json", "files/notes"])
def test_a_pipe_or_folder_in_the_place_of_a_file_is_refused_and_does_not_hang(arrays, name):
    for make in (os.mkfifo, os.mkdir):
        (arrays / name).unlink()
        make(arrays / name)
        refused(arrays)
        (arrays / name).rmdir() if make is os.mkdir else None


NAMES_OUTSIDE = ["../outside/secret.npy", "/etc/passwd", "..", ".", "", "a/../../x", "C:\\x", "x\0y", "..\\x"]


@pytest.mark.parametrize("name", NAMES_OUTSIDE)
def test_a_manifest_that_names_a_file_outside_is_corrupt(arrays, outside, name):
    data = (outside / "secret.npy").read_bytes()
    record = {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}

    edit(arrays, lambda content: content.update(payload=name, model=record))
    refused(arrays, CheckpointCorrupt, match="leads elsewhere")
    edit(arrays, lambda content: content.update(payload="model.safetensors", files={name: record}))
    refused(arrays, CheckpointCorrupt, match="leads elsewhere")


NONSENSE: dict[str, Callable[[dict[str, Any]], Any]] = {
    "a step of text": lambda content: content.update(step="latest"),
    "a step below zero": lambda content: content.update(step=-1),
    "a payload that is a number": lambda content: content.update(payload=5),
    "a payload that is the manifest": lambda content: content.update(payload="manifest.json"),
    "files that are a list": lambda content: content.update(files=[]),
    "a size of text": lambda content: content["model"].update(size="48"),
    "a size below zero": lambda content: content["model"].update(size=-1),
    "a hash that is a number": lambda content: content["model"].update(sha256=1),
    "metrics that are a list": lambda content: content.update(metrics=[1]),
    "metrics of text": lambda content: content.update(metrics={"auc": "high"}),
    "versions of numbers": lambda content: content.update(versions={"numpy": 2}),
    "an unknown field": lambda content: content.update(surprise=1),
    "a missing field": lambda content: content.pop("created"),
    "no format number": lambda content: content.pop("format_number"),
    "a format number of text": lambda content: content.update(format_number="1"),
}


@pytest.mark.parametrize("change", NONSENSE.values(), ids=NONSENSE.keys())
def test_a_sealed_manifest_of_nonsense_is_an_error_of_ours(arrays, change):
    edit(arrays, change)

    refused(arrays, CheckpointCorrupt, VersionSkew)
    assert CheckpointStore(arrays.parent).verify()[1] is not None
    with pytest.warns(CheckpointSkippedWarning), pytest.raises(CheckpointCorrupt):
        CheckpointStore(arrays.parent).load()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "1",
        '"x"',
        "{}",
        "[" * 100_000,
        '{"a":' * 100_000,
        "\ufeff{}",
        "{} {}",
        "NaN",
        '{"step": 1e999}',
    ],
    ids=lambda text: repr(text[:8]),
)
def test_a_manifest_that_is_none_is_corrupt(arrays, text):
    (arrays / "manifest.json").write_text(text)

    refused(arrays, CheckpointCorrupt)


def tensors(header: Any, data: bytes = b"", *, length: int | None = None) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def tensor(start: int, end: int, *, shape: list[Any] | None = None, dtype: Any = "F64") -> dict[str, Any]:
    return {"dtype": dtype, "shape": [1] if shape is None else shape, "data_offsets": [start, end]}


HEADERS = {
    "empty": b"",
    "seven bytes": b"1234567",
    "only a length": struct.pack("<Q", 0),
    "a length beyond the file": tensors({}, length=10_000),
    "the greatest length": tensors({}, length=2**64 - 1),
    "a length below zero, if it is read so": tensors({}, length=2**63),
    "not JSON": tensors(b"{" * 40),
    "not UTF-8": tensors(b"\xff\xfe{}"),
    "deep JSON": tensors(b"[" * 100_000),
    "a list": tensors([]),
    "an entry of null": tensors({"w": None}),
    "an end beyond the file": tensors({"w": tensor(0, 80, shape=[10])}, b"\0" * 8),
    "a start below zero": tensors({"w": tensor(-8, 0)}, b"\0" * 8),
    "an end before the start": tensors({"w": tensor(8, 0)}, b"\0" * 8),
    "overlapping": tensors({"a": tensor(0, 8), "b": tensor(0, 8)}, b"\0" * 8),
    "half overlapping": tensors({"a": tensor(0, 16, shape=[2]), "b": tensor(8, 24, shape=[2])}, b"\0" * 24),
    "a hole": tensors({"a": tensor(0, 8), "b": tensor(16, 24)}, b"\0" * 24),
    "bytes behind the last": tensors({"a": tensor(0, 8)}, b"\0" * 4000),
    "a shape of more than there is": tensors({"w": tensor(0, 8, shape=[2**40])}, b"\0" * 8),
    "a shape whose product wraps round": tensors({"w": tensor(0, 0, shape=[2**32, 2**32])}),
    "a shape whose product wraps round to the size": tensors({"w": tensor(0, 8, shape=[2**32, 2**32, 1])}, b"\0" * 8),
    "a shape below zero": tensors({"w": tensor(0, 8, shape=[-1, -1])}, b"\0" * 8),
    "a shape of text": tensors({"w": tensor(0, 8, shape=["1"])}, b"\0" * 8),
    "a shape of halves": tensors({"w": tensor(0, 8, shape=[1.0])}, b"\0" * 8),
    "a shape of true": tensors({"w": tensor(0, 8, shape=[True])}, b"\0" * 8),
    "offsets of true": tensors({"w": {**tensor(0, 1, dtype="U8"), "data_offsets": [False, True]}}, b"\0"),
    "a dtype of objects": tensors({"w": tensor(0, 8, dtype="O")}, b"\0" * 8),
    "a dtype that is a number": tensors({"w": tensor(0, 8, dtype=8)}, b"\0" * 8),
    "a dtype of a wrong size": tensors({"w": tensor(0, 8, dtype="F32")}, b"\0" * 8),
    "no offsets": tensors({"w": {"dtype": "F64", "shape": [1]}}, b"\0" * 8),
    "one offset": tensors({"w": {**tensor(0, 8), "data_offsets": [0]}}, b"\0" * 8),
    "a name twice": tensors(b'{"w":%s,"w":%s}' % ((json.dumps(tensor(0, 8)).encode(),) * 2), b"\0" * 8),
}


@pytest.mark.parametrize("data", HEADERS.values(), ids=HEADERS.keys())
def test_a_malformed_safetensors_file_is_refused(arrays, data):
    replace_payload(arrays, data)

    refused(arrays, CheckpointCorrupt, VersionSkew)


def rezipped(folder: Path, change: Callable[[dict[str, bytes]], Any], compression: int = zipfile.ZIP_STORED) -> None:
    """Change the members of a skops file."""
    with zipfile.ZipFile(folder / "model.skops") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    replace_payload(folder, file.getvalue())


def with_schema(change: Callable[[dict[str, Any]], Any]) -> Callable[[dict[str, bytes]], Any]:
    def act(members: dict[str, bytes]) -> None:
        schema = json.loads(members["schema.json"])
        change(schema)
        members["schema.json"] = json.dumps(schema).encode()

    return act


def node(loader: str, path: str, **state: Any) -> dict[str, Any]:
    module, _, name = path.rpartition(".")
    return {"__loader__": loader, "__module__": module, "__class__": name, **state}


def all_of(*nodes: dict[str, Any]) -> dict[str, Any]:
    return node("TupleNode", "builtins.tuple", content=list(nodes))


def text(value: str) -> dict[str, Any]:
    return node("JsonNode", "builtins.str", content=json.dumps(value), is_json=True)


def an_operator_that_calls(path: str, argument: str) -> dict[str, Any]:
    return node("OperatorFuncNode", "operator.call", attrs=all_of(node("FunctionNode", path), text(argument)))


def a_loss_that_calls(path: str, argument: str) -> dict[str, Any]:
    return node("LossNode", path, __reduce__={"args": all_of(text(argument))}, content=text(""))


def a_function(path: str, argument: str) -> dict[str, Any]:
    return node("FunctionNode", path)


def as_the_weights(content: dict[str, Any]) -> Callable[[dict[str, bytes]], Any]:
    def change(schema: dict[str, Any]) -> None:
        schema["content"]["content"]["coef_"] = content

    return with_schema(change)


@pytest.mark.parametrize("attack", [an_operator_that_calls, a_loss_that_calls])
def test_these_attacks_are_real_ones(estimator, tmp_path, attack):
    folder = tmp_path / "made by whom we trust"
    rezipped(estimator, as_the_weights(attack("os.mkdir", str(folder))))

    with suppress(MLException):
        load_checkpoint(estimator, trust=True)

    assert folder.is_dir()


@pytest.mark.parametrize("attack", [an_operator_that_calls, a_loss_that_calls, a_function])
@pytest.mark.parametrize(
    "path",
    [
        "os.mkdir",
        "builtins.eval",
        "builtins.exec",
        "subprocess.Popen",
        "sklearn.utils.os.mkdir",
        "sklearn.datasets.load_svmlight_file",
        "numpy.fromfile",
        "numpy.lib.npyio.load",
        "scipy.io.loadmat",
        "sklearn.externals.array_api_compat.common._helpers.sys.modules",
        "sklearn.linear_model.__init__.os",
    ],
)
def test_a_skops_file_that_brings_in_something_foreign_is_refused(estimator, marker, path, attack):
    rezipped(estimator, as_the_weights(attack(path, str(marker))))

    refused(estimator, UnsafeCheckpoint, match=re.escape(path))


def test_an_array_of_objects_inside_a_skops_file_is_never_unpickled(estimator, marker):
    file = io.BytesIO()
    np.save(file, np.array([Evil(marker)], dtype=object), allow_pickle=True)

    def change(members: dict[str, bytes]) -> None:
        for name in members:
            if name.endswith(".npy"):
                members[name] = file.getvalue()

    rezipped(estimator, change)

    refused(estimator, UnsafeCheckpoint, VersionSkew, CheckpointCorrupt)


@pytest.mark.parametrize("name", ["../outside/new", "/tmp/groundwork-zip-slip", "..\\outside\\new", "outside/../../x"])
def test_members_of_a_skops_file_with_evil_names_are_written_nowhere(estimator, outside, tmp_path, name):
    before = sorted(tmp_path.rglob("*"))

    def change(members: dict[str, bytes]) -> None:
        members[name] = b"evil"

    rezipped(estimator, change)

    with suppress(UnsafeCheckpoint, VersionSkew, CheckpointCorrupt):  # the member is nobody's
        assert load_checkpoint(estimator).model.n_features_in_ == 4
    assert before == sorted(tmp_path.rglob("*"))
    assert not Path("/tmp/groundwork-zip-slip").exists()


@pytest.mark.parametrize("file", ["../../outside/secret.npy", "../outside/secret.npy", "missing.npy"])
def test_a_skops_file_cannot_take_arrays_from_outside(estimator, outside, file):
    def change(schema: dict[str, Any]) -> None:
        schema["content"]["content"]["coef_"]["file"] = file

    rezipped(estimator, with_schema(change))

    refused(estimator, UnsafeCheckpoint, VersionSkew, CheckpointCorrupt)


def an_array(members: dict[str, bytes]) -> str:
    return next(name for name in members if name.endswith(".npy"))


def of_zeros(members: dict[str, bytes]) -> None:
    file = io.BytesIO()
    np.save(file, np.zeros(BOMB_BYTES // 8))
    members[an_array(members)] = file.getvalue()


def says_less(folder: Path) -> None:
    """Let the archive's directory say that its largest member has a few bytes."""
    path = folder / "model.skops"
    with zipfile.ZipFile(path) as archive:
        size = max(member.file_size for member in archive.infolist())
    replace_payload(folder, path.read_bytes().replace(struct.pack("<I", size), struct.pack("<I", 200)))


def says_it_again(folder: Path) -> None:
    """Let two members of the archive's directory be the same bytes."""
    path = folder / "model.skops"
    file = io.BytesIO(path.read_bytes())
    with zipfile.ZipFile(file, "a") as archive:
        first, *_, last = archive.infolist()
        again = copy.copy(last)
        again.filename = again.orig_filename = first.filename + ".again"
        archive.filelist.append(again)
        archive.NameToInfo[again.filename] = again
        archive._didModify = True
    replace_payload(folder, file.getvalue())


@pytest.mark.parametrize(
    ("compression", "lie"),
    [(zipfile.ZIP_DEFLATED, None), (zipfile.ZIP_DEFLATED, says_less), (zipfile.ZIP_BZIP2, None)],
    ids=["admitted", "not admitted", "packed otherwise"],
)
def test_a_bomb_inside_a_skops_file_is_refused_without_unpacking_it(estimator, compression, lie):
    rezipped(estimator, of_zeros, compression)
    if lie is not None:
        lie(estimator)

    tracemalloc.start()
    try:
        refused(estimator, CheckpointCorrupt, match="compressed")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < BOMB_BYTES / 4


def test_a_skops_file_that_would_unpack_the_same_bytes_twice_is_refused(estimator):
    says_it_again(estimator)

    refused(estimator, CheckpointCorrupt, match="would unpack to")
