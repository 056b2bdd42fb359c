"""joblib and pickle: only by name, run only by trust."""

import pickle
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from groundwork.errors import UnsafeCheckpoint, UsageError, VersionSkew
from groundwork.storage import CheckpointInfo, load_checkpoint
from groundwork.storage._building import Building


class Program:
    """What a hostile pickle does: something, when it is loaded."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self):
        return Path.touch, (self.marker,)


class Refusing:
    """Cannot be pickled."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def __reduce__(self):
        raise self.error


def save(root: Path, model: object, how: str | None) -> CheckpointInfo:
    building = Building(root, 1)
    try:
        info = building.fill(model, {}, {}, {}, best_metric=None, format=how)
        building.publish()
    finally:
        building.close()
    return info


@pytest.mark.parametrize("how", ["joblib", "pickle"])
def test_any_object_comes_back_by_trust(tmp_path, how):
    model = {"steps": [1, "two"], "w": np.arange(1_000_000.0), "nested": {"w": np.arange(60_000).reshape(200, 300).T}}

    info = save(tmp_path, model, how)
    loaded = load_checkpoint(info.path, trust=True).model

    assert (info.format, info.payload, loaded["steps"]) == (how, f"model.{how}", model["steps"])
    assert np.array_equal(model["w"], loaded["w"])
    assert np.array_equal(model["nested"]["w"], loaded["nested"]["w"])


@pytest.mark.parametrize("how", ["joblib", "pickle"])
def test_without_trust_nothing_of_it_runs(tmp_path, how):
    marker = tmp_path / "it ran"
    info = save(tmp_path / "store", Program(marker), how)

    with pytest.raises(UnsafeCheckpoint, match=rf"model\.{how}: it was saved with {how}") as caught:
        load_checkpoint(info.path)
    ran_without_trust = marker.exists()
    load_checkpoint(info.path, trust=True)

    assert "trust=True" in (caught.value.hint or "")
    assert {"file": str(info.path / f"model.{how}"), "types": [how]} == caught.value.context
    assert (False, True) == (ran_without_trust, marker.exists())


@pytest.mark.parametrize("how", ["joblib", "pickle"])
def test_an_object_that_cannot_be_pickled_leaves_nothing(tmp_path, how):
    with pytest.raises(UsageError, match=f"{how} cannot store this Refusing: not me") as caught:
        save(tmp_path, Refusing(TypeError("not me")), how)

    assert "leave out" in (caught.value.hint or "")
    assert [".lock"] == [path.name for path in tmp_path.iterdir()]


def test_memory_that_runs_out_is_not_called_something_else(tmp_path, monkeypatch):
    with pytest.raises(MemoryError):
        save(tmp_path, Refusing(MemoryError()), "pickle")

    def fail(data):
        raise MemoryError

    info = save(tmp_path, [1], "pickle")
    monkeypatch.setattr(pickle, "loads", fail)

    with pytest.raises(MemoryError):
        load_checkpoint(info.path, trust=True)


def test_a_pickle_that_cannot_be_loaded_here_names_the_versions(tmp_path, monkeypatch):
    info = save(tmp_path, [1], "pickle")

    def fail(data):
        raise ModuleNotFoundError("No module named 'gone'")

    monkeypatch.setattr(pickle, "loads", fail)

    with pytest.raises(VersionSkew, match="No module named 'gone'; versions that differ: none"):
        load_checkpoint(info.path, trust=True)


def test_an_estimator_keeps_its_framework_and_so_its_version_check(tmp_path, monkeypatch):
    from groundwork.storage import _payload

    info = save(tmp_path, LogisticRegression(), "joblib")
    monkeypatch.setattr(_payload, "library_versions", lambda: {"scikit-learn": "99.1"})

    with pytest.raises(VersionSkew, match=r"saved by scikit-learn .*, installed is 99\.1"):
        load_checkpoint(info.path, trust=True)
    assert isinstance(load_checkpoint(info.path, trust=True, allow_version_skew=True).model, LogisticRegression)


def test_what_is_no_estimator_is_bound_to_no_version_of_scikit_learn(tmp_path, monkeypatch):
    from groundwork.storage import _payload

    info = save(tmp_path, {"words": ["a", "b"]}, "pickle")
    monkeypatch.setattr(_payload, "library_versions", lambda: {"scikit-learn": "99.1"})

    assert {"words": ["a", "b"]} == load_checkpoint(info.path, trust=True).model


@pytest.mark.parametrize("model", [{"w": np.ones(2)}, LogisticRegression()])
def test_without_a_format_nothing_is_pickled(tmp_path, model):
    assert save(tmp_path, model, None).format in ("safetensors", "skops")


def test_a_torch_module_is_pickled_by_name_alone_and_bound_to_its_major_version(tmp_path, monkeypatch):
    torch = pytest.importorskip("torch")
    from groundwork.storage import _payload

    with pytest.raises(UsageError) as caught:
        save(tmp_path, torch.nn.Linear(2, 1), None)
    info = save(tmp_path, torch.nn.Linear(2, 1), "pickle")
    monkeypatch.setattr(_payload, "library_versions", lambda: {"torch": "99.0"})

    assert "state_dict()" in (caught.value.hint or "")
    with pytest.raises(VersionSkew, match=r"installed is 99\.0"):
        load_checkpoint(info.path, trust=True)
