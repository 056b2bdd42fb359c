"""CheckpointStore: what was saved, or an error; never half, never the newest lost."""

import errno
import json
import shutil
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

from groundwork.errors import (
    CheckpointCorrupt,
    CheckpointNotFoundError,
    DurabilityUnknownError,
    PathEscapeError,
    StorageError,
    UnsafeCheckpoint,
    UsageError,
    VersionSkew,
)
from groundwork.storage import CheckpointSkippedWarning, CheckpointStore, Keep, load_checkpoint, verify_checkpoint
from groundwork.testing import failing, system_calls


def weights(value: float) -> dict[str, np.ndarray]:
    return {"w": np.full((2, 3), value), "b": np.array(value)}


@pytest.fixture
def store(tmp_path: Path) -> CheckpointStore:
    return CheckpointStore(tmp_path / "checkpoints", keep=Keep(last=3))


def saved(store: CheckpointStore, *steps: int) -> CheckpointStore:
    for step in steps:
        store.save(weights(step), step=step, metrics={"auc": step / 10})
    return store


def damage(store: CheckpointStore, step: int) -> None:
    path = store.root / f"step-{step:08d}" / "model.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def names(store: CheckpointStore) -> list[str]:
    return sorted(path.name for path in store.root.iterdir() if path.name != ".lock")


def steps(store: CheckpointStore) -> list[int]:
    return [info.step for info in store.list()]


def test_what_was_saved_is_loaded(store, tmp_path):
    (tmp_path / "table").write_bytes(b"x" * 3_000_000)
    info = store.save(
        {
            "w": np.arange(6.0).reshape(2, 3).T,
            "e": np.zeros((0, 2), np.int8),
            "s": np.array(True),
            "be": np.ones(2, ">f4"),
        },
        step=400,
        metrics={"auc": np.float32(0.5), "nan": float("nan")},
        metadata={"classes": ["a", "é"]},
        files={"spec.json": b"{}", "tables/t": tmp_path / "table", "empty": b""},
    )

    loaded = store.load()

    assert np.array_equal([[0, 3], [1, 4], [2, 5]], loaded.model["w"])
    assert (loaded.model["e"].shape, loaded.model["s"].shape, loaded.model["be"].tolist()) == ((0, 2), (), [1, 1])
    assert (info.step, loaded.info.metrics["auc"], loaded.info.metadata) == (400, 0.5, {"classes": ["a", "é"]})
    assert (loaded.info.path / "files" / "spec.json").read_bytes() == b"{}"
    assert 3_000_000 == loaded.info.files["tables/t"].size == (info.path / "files" / "tables" / "t").stat().st_size
    assert json.dumps(info.to_dict(), sort_keys=True) == json.dumps(loaded.info.to_dict(), sort_keys=True)
    assert info.versions["numpy"] == np.__version__


def test_one_folder_loads_by_itself(store):
    info = store.save(weights(1), step=1)

    assert np.array_equal(load_checkpoint(str(info.path)).model["w"], weights(1)["w"])


def test_latest_is_the_greatest_step_and_a_number_is_that_step(store):
    saved(store, 20, 30, 10)

    assert [store.load().info.step, store.load(10).info.step] == [30, 10]


def test_a_store_keeps_the_last_so_many(store):
    saved(store, 1, 2, 3, 4, 5)

    assert steps(store) == [3, 4, 5]


def test_best_is_by_the_metric_that_the_store_keeps(tmp_path):
    store = saved(CheckpointStore(tmp_path, keep=Keep(best=("-auc", 1))), 1, 2, 3)

    assert [1, 3] == [store.load("best").info.step, store.load().info.step]


def test_best_is_known_to_a_store_that_was_opened_without_the_rule(tmp_path):
    saved(CheckpointStore(tmp_path, keep=Keep(best=("-auc", 1))), 1, 2)

    assert CheckpointStore(tmp_path).load("best").info.step == 1


def test_best_without_a_metric_says_what_to_do(store):
    saved(store, 1)

    with pytest.raises(UsageError, match="no metric") as caught:
        store.load("best")

    assert "Keep" in (caught.value.hint or "")


@pytest.mark.parametrize("best", ["roc_auc", "-roc_auc"])
@pytest.mark.parametrize("metrics", [None, {"rocauc": 0.5}, {"-roc_auc": 0.5}])
def test_a_save_without_the_metric_that_the_best_are_kept_by_writes_nothing(tmp_path, best, metrics):
    store = CheckpointStore(tmp_path / "store", keep=Keep(best=(best, 1)))

    with pytest.raises(UsageError, match="step 1 is saved without the metric 'roc_auc'") as caught:
        store.save(weights(1), step=1, metrics=metrics)

    assert ("there are: none" if metrics is None else f"did you mean {next(iter(metrics))}?") == caught.value.hint
    assert not store.root.exists()


def test_a_metric_that_is_not_a_number_is_there_all_the_same(tmp_path):
    store = CheckpointStore(tmp_path, keep=Keep(last=1, best=("-loss", 1)))

    store.save(weights(1), step=1, metrics={"loss": 0.5})
    store.save(weights(2), step=2, metrics={"loss": float("nan")})
    store.save(weights(3), step=3, metrics={"loss": float("nan")})

    assert [1, 3] == steps(store)


@pytest.mark.parametrize("last", [1, 9])
@pytest.mark.parametrize("dry_run", [True, False])
@pytest.mark.parametrize(("metric", "hint"), [("-acu", "did you mean auc?"), ("zzz", "there are: auc")])
def test_a_prune_by_a_metric_that_none_has_deletes_nothing(tmp_path, last, dry_run, metric, hint):
    saved(CheckpointStore(tmp_path, keep=Keep(last=9)), 1, 2, 3)
    store = CheckpointStore(tmp_path, keep=Keep(last=last, best=(metric, 1)))

    with pytest.raises(UsageError, match=f"no checkpoint has the metric '{metric.removeprefix('-')}'") as caught:
        store.prune(dry_run=dry_run)

    assert (hint, [1, 2, 3]) == (caught.value.hint, steps(store))


def test_an_empty_store_has_nothing_to_prune(tmp_path):
    assert [] == CheckpointStore(tmp_path / "none", keep=Keep(best=("auc", 1))).prune()


def test_best_by_a_metric_that_none_has_is_not_found(tmp_path):
    saved(CheckpointStore(tmp_path), 1)

    with pytest.raises(CheckpointNotFoundError, match="loss"):
        CheckpointStore(tmp_path, keep=Keep(best=("loss", 1))).load("best")


def test_a_step_saved_just_now_stays_even_if_it_is_old(store):
    saved(store, 5, 6, 7, 1)

    assert steps(store) == [1, 5, 6, 7]


def test_the_newest_that_verifies_is_never_pruned(store):
    saved(store, 1, 2, 3)
    for step in (2, 3):
        damage(store, step)
    store.keep = Keep(last=2)

    removed = store.prune()

    assert (removed, {step: wrong for step, wrong in store.verify().items() if wrong is None}) == ([], {1: None})


def test_each_nth_stays_for_good(tmp_path):
    store = saved(CheckpointStore(tmp_path, keep=Keep(last=1, every=4)), 1, 4, 5, 8, 9)

    assert [4, 8, 9] == steps(store)


def test_a_dry_run_says_what_prune_would_delete_and_deletes_nothing(store):
    saved(store, 1, 2, 3)
    store.keep = Keep(last=1)

    told = store.prune(dry_run=True)

    assert ([1, 2], [1, 2, 3]) == (told, steps(store))
    assert told == store.prune()


def test_prune_names_what_it_deleted(store):
    saved(store, 1, 2, 3)
    store.keep = Keep(last=1)

    assert store.prune() == [1, 2]
    assert names(store) == ["step-00000003"]


def test_prune_of_a_store_with_only_damaged_ones_deletes_none_that_keep_asks_for(store):
    saved(store, 1, 2)
    damage(store, 1)
    damage(store, 2)
    store.keep = Keep(last=1)

    store.prune()

    assert steps(store) == [2]


def test_a_checkpoint_whose_manifest_is_damaged_neither_stops_a_prune_nor_goes_with_it(store):
    saved(store, 1, 2, 3)
    lose_manifest(store.root / "step-00000001")
    store.keep = Keep(last=1)

    removed = store.prune()

    assert ([2], ["step-00000001", "step-00000003"]) == (removed, names(store))


def test_latest_passes_over_a_damaged_one_and_sets_it_aside(store):
    saved(store, 1, 2)
    damage(store, 2)

    with pytest.warns(CheckpointSkippedWarning, match="step 2 is passed over.*sha256 of model.safetensors differs"):
        loaded = store.load()

    assert (loaded.info.step, names(store)) == (1, ["corrupt-step-00000002", "step-00000001"])


def test_a_second_damaged_one_of_a_step_is_set_aside_under_another_name(store):
    for _ in range(2):
        saved(store, 1, 2)
        damage(store, 2)
        with pytest.warns(CheckpointSkippedWarning):
            store.load()

    assert names(store) == ["corrupt-step-00000002", "corrupt-step-00000002-1", "step-00000001"]


def test_a_store_that_cannot_be_changed_still_loads_the_previous_one(store, monkeypatch):
    saved(store, 1, 2)
    damage(store, 2)

    def refuse(self, target):
        raise OSError(errno.EROFS, "read-only")

    monkeypatch.setattr(Path, "rename", refuse)

    with pytest.warns(CheckpointSkippedWarning):
        assert store.load().info.step == 1
    assert names(store) == ["step-00000001", "step-00000002"]


def test_best_passes_over_a_damaged_one_too(tmp_path):
    store = saved(CheckpointStore(tmp_path, keep=Keep(best=("auc", 1))), 1, 2)
    damage(store, 2)

    with pytest.warns(CheckpointSkippedWarning):
        assert store.load("best").info.step == 1


def test_when_all_are_damaged_that_is_said(store):
    saved(store, 1)
    damage(store, 1)

    with pytest.warns(CheckpointSkippedWarning), pytest.raises(CheckpointCorrupt, match="no checkpoint verifies"):
        store.load()


def test_a_damaged_step_that_was_asked_for_is_an_error_that_names_a_whole_one(store):
    saved(store, 1, 2)
    damage(store, 2)

    with pytest.raises(CheckpointCorrupt) as caught:
        store.load(2)

    assert caught.value.hint == "load step 1, the newest that verifies"
    assert 2 in store.verify()


@pytest.mark.parametrize("which", ["latest", "best", 7])
def test_an_empty_store_has_nothing_to_load(store, which):
    with pytest.raises(CheckpointNotFoundError):
        store.load(which)

    assert (store.list(), store.verify(), store.prune()) == ([], {}, [])
    assert not store.root.exists()


def test_an_unknown_word_is_refused(store):
    with pytest.raises(UsageError, match="newest"):
        store.load("newest")


def test_loading_a_folder_that_is_not_there_is_not_found(tmp_path):
    with pytest.raises(CheckpointNotFoundError, match="step-1"):
        load_checkpoint(tmp_path / "step-1")


def truncate(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"")


def lose_attachment(folder: Path) -> None:
    (folder / "files" / "a").unlink()


def change_attachment(folder: Path) -> None:
    (folder / "files" / "a").write_bytes(b"2")


def lose_manifest(folder: Path) -> None:
    (folder / "manifest.json").unlink()


def cut_manifest(folder: Path) -> None:
    path = folder / "manifest.json"
    path.write_bytes(path.read_bytes()[:50])


def change_metric(folder: Path) -> None:
    path = folder / "manifest.json"
    path.write_text(path.read_text().replace("0.25", "0.75"))


def empty_manifest(folder: Path) -> None:
    (folder / "manifest.json").write_text("[]")


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (truncate, "model.safetensors has 0 bytes, not"),
        (lose_attachment, "files/a is missing"),
        (change_attachment, "sha256 of files/a differs"),
        (lose_manifest, "has no manifest.json"),
        (cut_manifest, "manifest.json cannot be read"),
        (change_metric, "manifest.json differs"),
        (empty_manifest, "manifest.json cannot be read"),
    ],
)
def test_every_harm_is_found(store, harm, words):
    info = store.save(weights(1), step=1, metrics={"auc": 0.25}, files={"a": b"1"})
    harm(info.path)

    with pytest.raises(CheckpointCorrupt, match=words) as caught:
        load_checkpoint(info.path)

    assert words in (store.verify()[1] or "")
    assert caught.value.hint


def rewrite_manifest(folder: Path, **changes: object) -> None:
    from groundwork.storage._manifest import _digest

    path = folder / "manifest.json"
    content = {**json.loads(path.read_text()), **changes}
    del content["sha256"]
    content["sha256"] = _digest(content)
    path.write_text(json.dumps(content))


def test_a_manifest_of_a_newer_format_is_a_version_skew(store):
    info = store.save(weights(1), step=1)
    rewrite_manifest(info.path, format_number=99)

    for attempt in (store.load, store.list, store.verify):
        with pytest.raises(VersionSkew, match="has format 99; this groundwork reads up to 2"):
            attempt()


def test_a_newer_checkpoint_does_not_make_a_save_fail(store):
    rewrite_manifest(store.save(weights(9), step=9).path, format_number=99)

    store.keep = Keep(last=1)
    store.save(weights(1), step=1)

    assert names(store) == ["step-00000001", "step-00000009"]


def test_an_unknown_way_of_storing_is_a_version_skew(store):
    info = store.save(weights(1), step=1)
    rewrite_manifest(info.path, format="onnx")

    with pytest.raises(VersionSkew, match="onnx"):
        store.load()


def test_a_manifest_that_leads_out_of_its_folder_is_refused(store):
    info = store.save(weights(1), step=1)
    rewrite_manifest(info.path, files={"../../secret": {"sha256": "0", "size": 1}})

    with pytest.raises(CheckpointCorrupt, match="leads elsewhere"):
        load_checkpoint(info.path)


@pytest.mark.parametrize("name", ["", "/etc/passwd", "../up", "a/../../b", "a//b", "c:\\x", "a\\b", "."])
def test_an_attachment_cannot_be_named_out_of_its_folder(store, name):
    with pytest.raises(PathEscapeError):
        store.save(weights(1), step=1, files={name: b""})

    assert names(store) == []


def test_a_missing_attachment_is_named_and_nothing_saved(store, tmp_path):
    with pytest.raises(StorageError, match="gone: cannot read the attachment"):
        store.save(weights(1), step=1, files={"a": tmp_path / "gone"})

    assert names(store) == []


@pytest.mark.parametrize("step", [-1, True, 1.0, "1"])
def test_a_step_is_a_whole_number(store, step):
    with pytest.raises(UsageError, match="whole number"):
        store.save(weights(1), step=step)


@pytest.mark.parametrize("how", [{"metrics": {"auc": "high"}}, {"metadata": {"x": object()}}])
def test_what_cannot_be_written_down_is_refused_and_nothing_saved(store, how):
    with pytest.raises(UsageError):
        store.save(weights(1), step=1, **how)

    assert names(store) == []


def test_saving_a_step_again_replaces_it(store):
    store.save(weights(1), step=1, files={"old": b""})
    store.save(weights(2), step=1)

    loaded = store.load(1)

    assert (loaded.model["b"], loaded.info.files, names(store)) == (2, {}, ["step-00000001"])


@pytest.mark.parametrize("point", ["before_write", "before_manifest", "before_rename", "between_renames"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
def test_a_refused_save_leaves_the_old_checkpoint_and_nothing_else(store, arm, point, number):
    saved(store, 1)
    arm(f"storage.checkpoint.{point}", number)

    with pytest.raises(StorageError, match="earlier ones are untouched") as caught:
        store.save(weights(2), step=1)

    assert not isinstance(caught.value, DurabilityUnknownError)
    assert (store.load().model["b"], names(store)) == (1, ["step-00000001"])


def test_a_refusal_after_the_rename_says_that_durability_is_unknown(store, arm):
    arm("storage.checkpoint.after_rename", errno.EIO)

    with pytest.raises(DurabilityUnknownError, match="in place"):
        saved(store, 1)

    assert store.load().info.step == 1


def test_an_old_copy_is_read_while_it_is_being_replaced(store, arm):
    seen = []
    saved(store, 1)
    arm("storage.checkpoint.between_renames", lambda: seen.append(store.load().model["b"].item()))

    store.save(weights(2), step=1)

    assert seen == [1.0]


def test_opening_puts_back_the_only_copy_of_a_step(store):
    saved(store, 1)
    (store.root / "step-00000001").rename(store.root / ".step-00000001.old")

    before = store.load().info.step
    CheckpointStore(store.root)

    assert (before, names(store)) == (1, ["step-00000001"])


def test_opening_removes_what_dead_writers_left_and_not_what_living_ones_write(store, arm):
    saved(store, 1)
    shutil.copytree(store.root / "step-00000001", store.root / ".step-00000001.old")
    (store.root / ".step-00000002.dead.gw-tmp").mkdir()
    seen = []

    def look():
        CheckpointStore(store.root)
        seen.extend(names(store))

    arm("storage.checkpoint.before_manifest", look)
    saved(store, 3)

    assert [name.split(".gw-tmp")[0][:14] for name in seen] == [".step-00000003", "step-00000001"]
    assert names(store) == ["step-00000001", "step-00000003"]


def test_a_left_over_old_copy_does_not_stop_a_replacement(store):
    saved(store, 1)
    shutil.copytree(store.root / "step-00000001", store.root / ".step-00000001.old")

    store.save(weights(2), step=1)

    assert (store.load().model["b"], names(store)) == (2, ["step-00000001"])


def test_a_checkpoint_replaced_while_it_is_read_is_read_again(store, monkeypatch):
    from groundwork.storage import _manifest

    info = store.save(weights(1), step=1)
    real, calls = _manifest._compare, []

    def replaced_meanwhile(seen, *, with_model):
        calls.append(seen)
        if len(calls) == 1:
            store.save(weights(2), step=1)
        return real(seen, with_model=with_model)

    monkeypatch.setattr(_manifest, "_compare", replaced_meanwhile)

    assert (load_checkpoint(info.path).model["b"], len(calls)) == (2, 2)


def test_a_checkpoint_pruned_while_it_is_looked_for_is_passed_over_in_silence(store, monkeypatch):
    from groundwork.storage import _store_folder

    saved(store, 1, 2)
    real, calls = _store_folder.step_folders, []

    def gone_at_the_second_look(root):
        calls.append(1)
        if len(calls) == 1:
            shutil.rmtree(store.root / "step-00000002")
        return real(root)

    monkeypatch.setattr(_store_folder, "step_folders", gone_at_the_second_look)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert store.load().info.step == 1


@pytest.mark.skipif(sys.platform == "win32", reason="modes of POSIX")
def test_files_get_the_mode_that_the_umask_leaves(store):
    info = store.save(weights(1), step=1)

    assert {0o644} == {(info.path / name).stat().st_mode & 0o777 for name in ("manifest.json", "model.safetensors")}


def test_what_looks_damaged_only_while_it_is_being_replaced_is_loaded(store, monkeypatch):
    from groundwork.errors import CheckpointCorrupt as Corrupt
    from groundwork.storage import _checkpoints

    saved(store, 1)
    real, calls = _checkpoints.load_checkpoint, []

    def torn_at_first(folder, **how):
        calls.append(folder)
        if len(calls) == 1:
            raise Corrupt("torn", context={"checkpoint": str(folder), "why": "torn"})
        return real(folder, **how)

    monkeypatch.setattr(_checkpoints, "load_checkpoint", torn_at_first)

    assert (store.load().info.step, len(calls)) == (1, 2)


def test_a_manifest_that_comes_back_at_the_second_look_is_read(store, monkeypatch):
    info = saved(store, 1).list()[0]
    real, calls = Path.read_bytes, []

    def gone_at_first(self):
        calls.append(self)
        if len(calls) == 1:
            raise FileNotFoundError(errno.ENOENT, "gone")
        return real(self)

    monkeypatch.setattr(Path, "read_bytes", gone_at_first)

    assert load_checkpoint(info.path).info.step == 1


def test_a_damaged_checkpoint_in_a_store_that_cannot_be_locked_is_still_passed_over(store, monkeypatch):
    from groundwork.storage import _store_folder

    saved(store, 1, 2)
    damage(store, 2)

    def refuse(path):
        raise StorageError("read-only")

    monkeypatch.setattr(_store_folder, "exclusive", refuse)

    with pytest.warns(CheckpointSkippedWarning):
        assert store.load().info.step == 1


def test_a_folder_whose_replacement_was_cut_short_still_loads_by_its_name(store):
    info = saved(store, 1).list()[0]
    info.path.rename(store.root / ".step-00000001.old")

    assert load_checkpoint(info.path).info.step == 1


def test_the_manifest_alone_is_read_for_info(tmp_path):
    store = saved(CheckpointStore(tmp_path, keep=Keep(best=("auc", 1))), 1, 3, 2)
    damage(store, 3)

    assert [3, 3, 2] == [store.info(which).step for which in ("latest", "best", 2)]


def test_info_passes_over_a_damaged_manifest(store):
    saved(store, 1, 2)
    lose_manifest(store.root / "step-00000002")

    assert 1 == store.info().step
    with pytest.raises(CheckpointCorrupt, match="has no manifest"):
        store.info(2)


@pytest.mark.parametrize("which", ["latest", "best", 7])
def test_info_of_what_is_not_there_is_not_found(store, which):
    with pytest.raises(CheckpointNotFoundError, match=store.root.name):
        store.info(which)


def test_a_step_that_is_not_there_is_refused_with_those_that_are(store):
    with pytest.raises(CheckpointNotFoundError) as empty:
        store.info(7)
    saved(store, 2, 10, 1)
    with pytest.raises(CheckpointNotFoundError) as other:
        store.info(7)

    assert ("there are: none", "there are: 1, 2, 10") == (empty.value.hint, other.value.hint)


def test_verifying_tells_how_far_it_is(store):
    saved(store, 1, 2)
    told = []

    store.verify(progress=lambda done, total: told.append((done, total)))

    assert [(1, 2), (2, 2)] == told


def test_what_is_pruned_while_it_is_verified_is_left_out(store, monkeypatch):
    from groundwork.storage import _choice

    saved(store, 1, 2)
    real = _choice.verify_checkpoint

    def pruned_meanwhile(folder):
        shutil.rmtree(store.root / "step-00000002", ignore_errors=True)
        return real(folder)

    monkeypatch.setattr(_choice, "verify_checkpoint", pruned_meanwhile)

    assert {1: None} == store.verify()


def test_a_step_that_is_renamed_while_it_is_listed_is_listed(store, monkeypatch):
    from groundwork.storage import _choice

    saved(store, 1)
    real, old = _choice.read_manifest, store.root / ".step-00000001.old"

    def renamed_meanwhile(folder):
        if folder != old:
            folder.rename(old)
        return real(folder)

    monkeypatch.setattr(_choice, "read_manifest", renamed_meanwhile)

    assert [1] == steps(store)


def test_what_is_no_sound_checkpoint_is_named(store):
    saved(store, 1, 2, 3)
    lose_manifest(store.root / "step-00000001")
    damage(store, 2)
    with pytest.raises(CheckpointCorrupt):
        store.load(2)
    store.load()
    (store.root / "notes.txt").write_text("mine")
    (store.root / "corrupt-step-00000000").mkdir()
    (store.root / ".step-00000004.0.gw-tmp").mkdir()

    told = {stray.path.name: stray.what for stray in store.strays()}

    assert {
        ".step-00000004.0.gw-tmp": "being written now, or left by a killed writer",
        "corrupt-step-00000000": "set aside as damaged",
        "notes.txt": "no part of the store",
        "step-00000001": "damaged: it has no manifest.json",
    } == told


def test_one_checkpoint_is_verified_by_itself(store):
    info = store.save(weights(1), step=1)

    whole = verify_checkpoint(str(info.path))
    damage(store, 1)

    assert (None, "the sha256 of model.safetensors differs") == (whole, verify_checkpoint(info.path))
    with pytest.raises(CheckpointNotFoundError):
        verify_checkpoint(store.root / "step-00000002")


def test_what_the_model_was_made_from_is_kept_with_it(store):
    store.save(weights(1), step=1, fingerprints={"data": "sha256:12"})

    assert "sha256:12" == store.info().fingerprints["data"]


def test_a_format_that_must_be_trusted_is_stored_only_when_asked_for_and_loaded_only_when_trusted(store):
    store.save({"any": object}, step=1, format="pickle")

    with pytest.raises(UnsafeCheckpoint):
        store.load()
    assert {"any": object} == store.load(trust=True).model


def test_a_lazy_load_leaves_the_comparing_to_later(store):
    saved(store, 1)
    damage(store, 1)

    loaded = store.load(verify="lazy")

    assert 1 == loaded.info.step
    with pytest.raises(CheckpointCorrupt, match=r"sha256 of model.safetensors differs"):
        loaded.verify()


def test_a_save_whose_lock_is_refused_leaves_nothing_behind(store):
    saved(store, 1)

    with (
        system_calls(failing("ftruncate", error=errno.ENOSPC)),
        pytest.raises(StorageError, match="No space left on device"),
    ):
        store.save(weights(2), step=2)

    assert [".lock", "step-00000001"] == sorted(path.name for path in store.root.iterdir())


@pytest.mark.parametrize("name", ["nul", "a/COM1.txt", "a?", "a ", 'x"y'])
def test_an_attachment_that_windows_could_not_hold_is_refused(store, name):
    with pytest.raises(PathEscapeError, match="Windows"):
        store.save(weights(1), step=1, files={name: b""})

    assert [] == names(store)


@pytest.mark.parametrize("source", ["text", bytearray(b"text"), None, 3])
def test_an_attachment_that_is_neither_bytes_nor_a_path_is_refused(store, source):
    with pytest.raises(UsageError, match=f"'a.txt'.*{type(source).__name__}") as caught:
        store.save(weights(1), step=1, files={"a.txt": source})

    assert "Path" in (caught.value.hint or "")
    assert [] == names(store)


def test_an_attachment_is_read_as_it_was_saved(store):
    store.save(weights(1), step=1, files={"a/b.json": b"{}", "empty": b""})

    for verify in ("full", "lazy"):
        checkpoint = store.load(1, verify=verify)
        assert [b"{}", b""] == [checkpoint.file("a/b.json"), checkpoint.file("empty")]


@pytest.mark.parametrize("content", [b"[]", b"{", None])
def test_an_attachment_that_was_changed_since_is_not_given_out(store, content):
    store.save(weights(1), step=1, files={"a.json": b"{}"})
    checkpoint = store.load(1)
    path = checkpoint.info.path / "files" / "a.json"
    path.unlink() if content is None else path.write_bytes(content)

    with pytest.raises(CheckpointCorrupt, match=r"step-00000001: .*files/a\.json") as caught:
        checkpoint.file("a.json")

    assert str(checkpoint.info.path) == caught.value.context["checkpoint"]


@pytest.mark.parametrize(
    ("files", "hint"), [({"a.json": b"", "b": b""}, "there are: a.json, b"), ({}, "there are: none")]
)
def test_an_attachment_that_is_not_there_names_those_that_are(store, files, hint):
    store.save(weights(1), step=1, files=files)

    with pytest.raises(UsageError, match=r"no file '\.\./manifest\.json'") as caught:
        store.load(1).file("../manifest.json")

    assert hint == caught.value.hint


def test_a_store_is_not_opened_with_a_number_for_a_rule(tmp_path):
    with pytest.raises(UsageError, match="keep is 3") as caught:
        CheckpointStore(tmp_path, keep=3)

    assert "Keep(last=3)" in (caught.value.hint or "")


def test_a_zip_is_to_be_unpacked_first(store, tmp_path):
    saved(store, 1).export(1, tmp_path / "b.zip")

    with pytest.raises(CheckpointNotFoundError, match=r"b\.zip is a file") as caught:
        load_checkpoint(tmp_path / "b.zip")

    assert "unpack" in (caught.value.hint or "")


def test_a_store_is_not_one_checkpoint_and_names_those_it_has(store):
    saved(store, 1, 2)

    with pytest.raises(UsageError, match="is a store") as caught:
        load_checkpoint(store.root)

    assert "step-00000001, step-00000002" in (caught.value.hint or "")


def test_a_number_of_numpy_is_named_once(store):
    with pytest.raises(UsageError, match=r"not float64$"):
        store.save({"b": np.float64(3)}, step=1)
