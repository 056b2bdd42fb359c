"""Exports: whole and verified, or nothing; never over something else."""

import errno
import os
import shutil
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from groundwork.errors import (
    CheckpointCorrupt,
    CheckpointNotFoundError,
    DurabilityUnknownError,
    StorageError,
    UsageError,
)
from groundwork.storage import (
    CheckpointSkippedWarning,
    CheckpointStore,
    FileLock,
    Keep,
    export_checkpoint,
    load_checkpoint,
    verify_checkpoint,
)


@pytest.fixture
def store(tmp_path: Path) -> CheckpointStore:
    store = CheckpointStore(tmp_path / "store", keep=Keep(last=5, best=("auc", 1)))
    for step in (1, 2, 3):
        store.save(
            {"w": np.full(1000, float(step))},
            step=step,
            metrics={"auc": -step},
            files={"spec.json": b"{}", "tables/big": bytes(3_000_000)},
        )
    return store


def damage(store: CheckpointStore, step: int, name: str = "model.safetensors") -> None:
    path = store.root / f"step-{step:08d}" / name
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def beside(store: CheckpointStore) -> list[str]:
    """What lies beside the store."""
    return sorted(set(os.listdir(store.root.parent)) - {"store"})


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_an_exported_folder_is_the_checkpoint_byte_by_byte(store, tmp_path):
    assert tmp_path / "out" == store.export("latest", tmp_path / "out")

    assert files(store.root / "step-00000003") == files(tmp_path / "out")
    assert 3.0 == load_checkpoint(tmp_path / "out").model["w"][0]
    assert ["out"] == beside(store)


def test_an_exported_zip_loads_once_it_is_unpacked(store, tmp_path):
    store.export(2, str(tmp_path / "out.zip"))

    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        archive.extractall(tmp_path / "unpacked")

    assert 2.0 == load_checkpoint(tmp_path / "unpacked" / "step-00000002").model["w"][0]
    assert ["out.zip", "unpacked"] == beside(store)


def test_the_same_checkpoint_gives_the_same_zip_with_the_manifest_last(store, tmp_path):
    store.export("best", tmp_path / "a.zip")
    os.utime(store.root / "step-00000001" / "manifest.json", (1, 1))
    store.export("best", tmp_path / "b.zip")

    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    assert [
        "step-00000001/files/spec.json",
        "step-00000001/files/tables/big",
        "step-00000001/model.safetensors",
        "step-00000001/manifest.json",
    ] == zipfile.ZipFile(tmp_path / "a.zip").namelist()


def test_missing_folders_above_the_target_are_made(store, tmp_path):
    store.export(1, tmp_path / "a" / "b" / "out")
    store.export(1, tmp_path / "c" / "d" / "out.ZIP")

    assert verify_checkpoint(tmp_path / "a" / "b" / "out") is None
    assert zipfile.is_zipfile(tmp_path / "c" / "d" / "out.ZIP")


def test_what_the_manifest_does_not_name_is_left_behind(store, tmp_path):
    (store.root / "step-00000003" / "notes").write_text("mine")

    store.export("latest", tmp_path / "out")

    assert {"manifest.json", "model.safetensors", "files/spec.json", "files/tables/big"} == set(files(tmp_path / "out"))


@pytest.mark.parametrize("name", ["out", "out.zip"])
@pytest.mark.parametrize("harm", ["model.safetensors", "files/spec.json", "manifest.json"])
def test_a_damaged_checkpoint_is_not_exported(store, tmp_path, name, harm):
    damage(store, 2, harm)

    with pytest.raises(CheckpointCorrupt) as caught:
        store.export(2, tmp_path / name)

    assert "load step 3, the newest that verifies" == caught.value.hint
    assert [] == beside(store)


@pytest.mark.parametrize("change", [b"", b"{}longer", None])
def test_a_file_of_another_size_or_none_is_not_exported(store, tmp_path, change):
    path = store.root / "step-00000003" / "files" / "spec.json"
    path.unlink()
    if change is not None:
        path.write_bytes(change)

    with pytest.raises(CheckpointCorrupt, match=r"files/spec\.json"):
        export_checkpoint(store.root / "step-00000003", tmp_path / "out")

    assert [] == beside(store)


@pytest.mark.skipif(sys.platform == "win32", reason="links need a right of their own there")
@pytest.mark.parametrize("inner", ["model.safetensors", "files"])
def test_a_link_that_leads_out_of_the_checkpoint_is_not_followed(store, tmp_path, inner):
    moved = tmp_path / "elsewhere"
    (store.root / "step-00000003" / inner).rename(moved)
    (store.root / "step-00000003" / inner).symlink_to(moved)

    with pytest.raises(CheckpointCorrupt):
        export_checkpoint(store.root / "step-00000003", tmp_path / "out")

    assert ["elsewhere"] == beside(store)


def test_a_damaged_latest_is_passed_over_and_set_aside(store, tmp_path):
    damage(store, 3)

    with pytest.warns(CheckpointSkippedWarning, match="step 3 is passed over"):
        store.export("latest", tmp_path / "out")

    assert 2 == load_checkpoint(tmp_path / "out").info.step
    assert (store.root / "corrupt-step-00000003").is_dir()


@pytest.mark.parametrize("name", ["file", "file.zip", "folder", "folder.zip"])
def test_what_exists_is_never_replaced(store, tmp_path, name):
    target = tmp_path / name
    if name.startswith("file"):
        target.write_text("mine")
    else:
        target.mkdir()

    with pytest.raises(UsageError, match=f"{name} exists already"):
        store.export("latest", target)

    assert ([name], target.is_dir()) == (beside(store), name.startswith("folder"))


def test_a_target_that_appears_meanwhile_is_not_replaced(store, tmp_path, arm):
    arm("storage.export.before_rename", (tmp_path / "out").mkdir)

    with pytest.raises(UsageError, match="exists already"):
        store.export("latest", tmp_path / "out")

    assert (["out"], []) == (beside(store), os.listdir(tmp_path / "out"))


@pytest.mark.parametrize("inner", ["out", "step-00000009", "step-00000001/out.zip", "../store/out"])
def test_a_store_is_not_exported_into_itself(store, inner):
    with pytest.raises(UsageError, match="lies inside"):
        store.export("latest", store.root / inner)


@pytest.mark.parametrize("name", ["out.tar.gz", "out.tar", "out.tgz", "out.zst"])
def test_another_archive_is_refused_instead_of_made_as_a_folder(store, tmp_path, name):
    with pytest.raises(UsageError, match=r"folder or a \.zip"):
        store.export("latest", tmp_path / name)


def test_what_is_not_there_cannot_be_exported(store, tmp_path):
    with pytest.raises(CheckpointNotFoundError):
        store.export(9, tmp_path / "out")
    with pytest.raises(CheckpointNotFoundError):
        export_checkpoint(tmp_path / "nothing", tmp_path / "out")


@pytest.mark.parametrize(
    ("name", "point"),
    [
        ("out", "storage.export.before_rename"),
        ("out", "storage.atomic_write.write"),
        ("out.zip", "storage.atomic_write.write"),
        ("out.zip", "storage.atomic_write.before_replace"),
    ],
)
def test_a_refused_export_leaves_nothing(store, tmp_path, arm, name, point):
    arm(point, errno.ENOSPC)

    with pytest.raises(StorageError) as caught:
        store.export("latest", tmp_path / name)

    assert ([], "free some space") == (beside(store), (caught.value.hint or "")[:15])


def test_a_refusal_after_the_rename_says_that_durability_is_unknown(store, tmp_path, arm):
    arm("storage.export.after_rename", errno.EIO)

    with pytest.raises(DurabilityUnknownError, match="in place"):
        store.export("latest", tmp_path / "out")

    assert verify_checkpoint(tmp_path / "out") is None


def test_what_a_killed_export_left_goes_with_the_next_one_and_a_living_one_stays(store, tmp_path):
    (tmp_path / ".out.dead.gw-tmp" / "content").mkdir(parents=True)
    with FileLock(tmp_path / ".out.living.gw-tmp" / ".writer"):
        store.export("latest", tmp_path / "out")

        assert [".out.living.gw-tmp", "out"] == beside(store)


def test_a_checkpoint_that_is_replaced_meanwhile_is_exported_anew(store, tmp_path, arm):
    replaced = []

    def replace():
        if not replaced:
            replaced.append(True)
            store.save({"w": np.full(1000, 9.0)}, step=3, metrics={"auc": 0.5})

    arm("storage.atomic_write.before_write", replace)

    store.export(3, tmp_path / "out")

    assert 9.0 == load_checkpoint(tmp_path / "out").model["w"][0]
    assert ["out"] == beside(store)


@pytest.mark.parametrize("name", ["out", "out.zip"])
def test_an_export_never_mixes_the_files_of_one_with_the_manifest_of_another(store, tmp_path, arm, name):
    writes, saves = iter(range(100)), []

    def replace():
        # The old manifest's files are the new one's too, and it is being written: only a look at the end can tell.
        last = 3 if name == "out" else 0
        if not saves and next(writes) == last:
            saves.append(True)
            files = {"spec.json": b"{}", "tables/big": bytes(3_000_000)}
            store.save({"w": np.full(1000, 3.0)}, step=3, metrics={"auc": 0.5}, files=files)

    arm("storage.atomic_write.before_write", replace)
    store.export(3, tmp_path / name)
    if name == "out.zip":
        shutil.unpack_archive(tmp_path / name, tmp_path)
        (tmp_path / "step-00000003").rename(tmp_path / "out")

    assert ([True], 0.5) == (saves, load_checkpoint(tmp_path / "out").info.metrics["auc"])


def test_a_checkpoint_that_is_pruned_meanwhile_is_not_found(store, tmp_path, arm):
    arm("storage.atomic_write.before_write", lambda: shutil.rmtree(store.root / "step-00000003", ignore_errors=True))

    with pytest.raises(CheckpointNotFoundError, match="no step 3"):
        store.export(3, tmp_path / "out")

    assert [] == beside(store)
