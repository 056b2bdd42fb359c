"""Loading one checkpoint: compared in one pass, or mapped and compared when asked."""

import json
import shutil
import struct
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from groundwork.errors import CheckpointCorrupt, CheckpointNotFoundError, UsageError, VersionSkew
from groundwork.storage import CheckpointInfo, CheckpointStore, load_checkpoint, sha256


@pytest.fixture
def store(tmp_path: Path) -> CheckpointStore:
    return CheckpointStore(tmp_path / "checkpoints")


def saved(store: CheckpointStore, value: float = 1.0, step: int = 1) -> CheckpointInfo:
    return store.save({"w": np.full((500, 700), value), "b": np.array(value)}, step=step, files={"a/b": b"attached"})


def flip(path: Path, place: int = -1) -> None:
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)


def forge(info: CheckpointInfo, payload: bytes, **changes: object) -> None:
    """Put other bytes in, with a manifest that vouches for them."""
    from groundwork.storage._manifest import _digest

    model, manifest = info.path / info.payload, info.path / "manifest.json"
    model.write_bytes(payload)
    content = json.loads(manifest.read_text()) | {"model": {"sha256": sha256(model), "size": len(payload)}} | changes
    del content["sha256"]
    content["sha256"] = _digest(content)
    manifest.write_text(json.dumps(content))


@pytest.mark.parametrize("verify", ["full", "lazy"])
def test_arrays_are_equal_writable_and_the_file_stays_as_it_was(store, verify):
    info = saved(store)

    loaded = load_checkpoint(info.path, verify=verify)
    equal = np.array_equal(np.full((500, 700), 1.0), loaded.model["w"])
    loaded.model["w"][:] = 9
    loaded.verify()

    assert equal
    assert (9, 1) == (loaded.model["w"][3, 3], load_checkpoint(info.path).model["w"][3, 3])


@pytest.mark.parametrize(
    ("name", "words"), [("model.safetensors", "sha256 of model"), ("files/a/b", "sha256 of files/a/b")]
)
def test_a_flipped_bit_is_found_at_once_or_when_a_mapped_checkpoint_is_verified(store, name, words):
    info = saved(store)
    flip(info.path / name)

    mapped = load_checkpoint(info.path, verify="lazy")

    with pytest.raises(CheckpointCorrupt, match=words):
        mapped.verify()
    with pytest.raises(CheckpointCorrupt, match=words):
        load_checkpoint(info.path)


def test_a_mapped_checkpoint_outlives_its_replacement_and_is_verified_as_it_was(store):
    info = saved(store, 1.0)
    mapped = load_checkpoint(info.path, verify="lazy")

    saved(store, 2.0)
    mapped.verify()

    assert (1, 2) == (mapped.model["b"], load_checkpoint(info.path, verify="lazy").model["b"])


def test_nothing_is_hashed_when_it_is_mapped(store, monkeypatch):
    from groundwork.storage import _loading, _manifest

    info = saved(store)

    def refuse(*args):
        raise AssertionError("it was hashed")

    for module, name in ((_manifest, "hash_of"), (_manifest, "read_hashed"), (_loading, "hash_of")):
        monkeypatch.setattr(module, name, refuse)

    assert load_checkpoint(info.path, verify="lazy").model["b"] == 1


@pytest.mark.parametrize("name", ["model.safetensors", "files/a/b"])
def test_a_mapped_file_of_another_size_is_refused(store, name):
    info = saved(store)
    (info.path / name).write_bytes((info.path / name).read_bytes()[:-1])

    with pytest.raises(CheckpointCorrupt, match="bytes, not"):
        load_checkpoint(info.path, verify="lazy")


def test_an_estimator_cannot_be_mapped(store):
    info = store.save(LogisticRegression(), step=1)

    with pytest.raises(UsageError, match="skops model has to be read whole") as caught:
        load_checkpoint(info.path, verify="lazy")

    assert "verify='full'" in (caught.value.hint or "")
    load_checkpoint(info.path).verify()


def test_another_word_for_verify_is_refused(store):
    with pytest.raises(UsageError, match="verify is 'no'"):
        load_checkpoint(saved(store).path, verify="no")


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(CheckpointNotFoundError, match="elsewhere"):
        load_checkpoint(tmp_path / "elsewhere", verify="lazy")


@pytest.mark.parametrize("verify", ["full", "lazy"])
@pytest.mark.parametrize(
    "header",
    [
        {"w": {"dtype": "F64", "shape": [1000], "data_offsets": [0, 8000]}},
        {"w": {"dtype": "O", "shape": [1], "data_offsets": [0, 8]}},
        {"w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}, "v": {"dtype": "F64", "shape": [1]}},
    ],
)
def test_a_hostile_header_with_a_forged_manifest_is_corrupt(store, verify, header):
    info = saved(store)
    text = json.dumps(header).encode()
    forge(info, struct.pack("<Q", len(text)) + text + bytes(8))

    with pytest.raises(CheckpointCorrupt, match=r"model\.safetensors cannot be read"):
        load_checkpoint(info.path, verify=verify)


@pytest.mark.parametrize("verify", ["full", "lazy"])
@pytest.mark.parametrize("name", ["model.safetensors", "files/a/b", "files/a", "manifest.json"])
def test_a_symbolic_link_is_refused_wherever_it_leads(store, tmp_path, verify, name):
    info = saved(store)
    (info.path / name).rename(tmp_path / "moved")
    (info.path / name).symlink_to(tmp_path / "moved")

    with pytest.raises(CheckpointCorrupt, match=f"{name} is a symbolic link"):
        load_checkpoint(info.path, verify=verify)


def test_a_checkpoint_behind_a_link_is_loaded(store, tmp_path):
    info = saved(store)
    (tmp_path / "latest").symlink_to(info.path)

    assert load_checkpoint(tmp_path / "latest", verify="lazy").model["b"] == 1


@pytest.mark.parametrize("verify", ["full", "lazy"])
@pytest.mark.parametrize("name", ["model.safetensors", "files/a/b"])
def test_what_is_missing_or_no_file_is_refused(store, verify, name):
    info = saved(store)
    (info.path / name).unlink()

    with pytest.raises(CheckpointCorrupt, match=f"{name} is missing"):
        load_checkpoint(info.path, verify=verify)
    (info.path / name).mkdir()
    with pytest.raises(CheckpointCorrupt, match=f"{name} is no plain file"):
        load_checkpoint(info.path, verify=verify)


def test_a_checkpoint_of_the_first_format_still_loads(store):
    from groundwork.storage._manifest import _digest

    for model, step in (({"w": np.ones(2)}, 1), (LogisticRegression(), 2)):
        info = store.save(model, step=step)
        content = json.loads((info.path / "manifest.json").read_text())
        for name in ("framework", "fingerprints", "sha256"):
            del content[name]
        content["format_number"] = 1
        content["sha256"] = _digest(content)
        (info.path / "manifest.json").write_text(json.dumps(content))

    assert [1, 1] == store.load(1).model["w"].tolist()
    assert isinstance(store.load(2).model, LogisticRegression)
    assert (None, {}) == (store.load(2).info.framework, store.load(2).info.fingerprints)


def test_an_unknown_format_is_a_version_skew_before_the_files_are_read(store):
    info = saved(store)
    forge(info, b"", format="onnx")
    shutil.rmtree(info.path / "files")

    with pytest.raises(VersionSkew, match="'onnx' is not known here"):
        load_checkpoint(info.path)


def test_a_packed_archive_is_refused_whatever_it_says_of_its_size(store):
    import io
    import zipfile

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("schema.json", " " * 10_000_000)
    info = store.save(LogisticRegression(), step=1)
    forge(info, buffer.getvalue())

    with pytest.raises(CheckpointCorrupt, match="compressed"):
        load_checkpoint(info.path, trust=True)


def test_a_pickle_in_the_place_of_an_estimator_never_runs(store):
    import pickle

    info = store.save(LogisticRegression(), step=1)
    forge(info, pickle.dumps([1]))

    with pytest.raises(CheckpointCorrupt, match="no skops file"):
        load_checkpoint(info.path, trust=True)


def test_torch_state_comes_back_as_tensors(store):
    torch = pytest.importorskip("torch")
    model = torch.nn.Linear(3, 2)
    info = store.save(model.state_dict(), step=1)

    for verify in ("full", "lazy"):
        again = torch.nn.Linear(3, 2)
        again.load_state_dict(load_checkpoint(info.path, verify=verify).model)

        assert torch.equal(model.weight, again.weight)
    assert info.framework == "torch"


def test_one_that_is_replaced_between_the_looks_is_found_under_its_name_again(store, monkeypatch):
    from groundwork.storage import _loading

    info = saved(store)
    real, looks = _loading.verified, []

    def absent_twice(folder, **how):
        looks.append(folder.name)
        if len(looks) < 3:
            raise CheckpointNotFoundError("it is just being renamed")
        return real(folder, **how)

    monkeypatch.setattr(_loading, "verified", absent_twice)

    assert load_checkpoint(info.path).model["b"] == 1
    assert ["step-00000001", ".step-00000001.old", "step-00000001"] == looks
