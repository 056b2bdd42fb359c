"""Estimators and arrays as bytes: equal predictions, and no foreign code."""

import json
import sys
from importlib.metadata import version

import numpy as np
import polars as pl
import pytest
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OrdinalEncoder, StandardScaler

from groundwork.errors import CheckpointCorrupt, ConfigurationError, UnsafeCheckpoint, UsageError, VersionSkew
from groundwork.storage import CheckpointStore, sha256


class Foreign(BaseEstimator):
    """An estimator that no allowlist knows."""


@pytest.fixture
def store(tmp_path) -> CheckpointStore:
    return CheckpointStore(tmp_path)


def table(rows: int = 300) -> tuple[pl.DataFrame, np.ndarray]:
    random = np.random.default_rng(0)
    frame = pl.DataFrame(
        {"x": random.normal(size=rows), "kind": random.choice(["a", "b", None], rows)},
        schema={"x": pl.Float64, "kind": pl.String},
        strict=False,
    )
    return frame, (frame["x"].to_numpy() + random.normal(size=rows) > 0).astype(int)


def test_a_pipeline_with_encoder_and_boosting_predicts_the_same_bytes(store):
    frame, outcome = table()
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    columns = ColumnTransformer([("kind", encoder, ["kind"])], remainder="passthrough")
    model = make_pipeline(columns, HistGradientBoostingClassifier(max_iter=10, random_state=0)).fit(frame, outcome)

    store.save(model, step=1)

    assert model.predict_proba(frame).tobytes() == store.load().model.predict_proba(frame).tobytes()


@pytest.mark.parametrize(
    "model",
    [
        RandomForestClassifier(5, random_state=0),
        KNeighborsClassifier(),
        make_pipeline(StandardScaler(), LogisticRegression()),
        make_pipeline(FunctionTransformer(np.arctan), LogisticRegression()),
    ],
    ids=["forest", "neighbours", "linear", "ufunc"],
)
def test_common_estimators_load_without_trust(store, model):
    frame, outcome = table()
    features = frame.select("x").to_numpy()
    model.fit(features, outcome)

    store.save(model, step=1)

    assert model.predict_proba(features).tobytes() == store.load().model.predict_proba(features).tobytes()


def test_a_foreign_type_is_refused_by_name_and_loads_when_trusted(store, monkeypatch):
    import types

    module = types.ModuleType("foreign_module")
    monkeypatch.setitem(sys.modules, "foreign_module", module)
    monkeypatch.setattr(Foreign, "__module__", "foreign_module")
    module.Foreign = Foreign
    store.save(make_pipeline(Foreign()), step=1)

    with pytest.raises(UnsafeCheckpoint, match=r"foreign_module\.Foreign") as caught:
        store.load()

    assert caught.value.context["types"] == ["foreign_module.Foreign"]
    assert isinstance(store.load(trust=True).model[0], Foreign)


def with_version(info, **versions):
    with_manifest(info, versions=info.versions | versions)


def with_manifest(info, **changes):
    from groundwork.storage._manifest import _digest

    path = info.path / "manifest.json"
    content = json.loads(path.read_text()) | changes
    del content["sha256"]
    content["sha256"] = _digest(content)
    path.write_text(json.dumps(content))


def test_another_minor_version_of_scikit_learn_is_refused_unless_accepted(store):
    with_version(store.save(LogisticRegression(), step=1), **{"scikit-learn": "1.2.0"})

    with pytest.raises(VersionSkew, match=rf"1\.2\.0.*{version('scikit-learn')}") as caught:
        store.load(trust=True)

    assert "allow_version_skew=True" in (caught.value.hint or "")
    assert isinstance(store.load(allow_version_skew=True).model, LogisticRegression)


def test_another_patch_version_is_no_skew(store):
    minor = ".".join(version("scikit-learn").split(".")[:2])
    with_version(store.save(LogisticRegression(), step=1), **{"scikit-learn": f"{minor}.999"})

    assert isinstance(store.load().model, LogisticRegression)


@pytest.mark.parametrize("step", ["get_untrusted_types", "loads"])
def test_sound_bytes_that_cannot_be_loaded_are_a_version_skew_that_names_the_versions(store, monkeypatch, step):
    import skops.io

    with_version(store.save(LogisticRegression(), step=1), skops="0.1")

    def fail(**kwargs):
        raise AttributeError("no such node")

    def fail_loads(data, trusted):
        raise AttributeError("no such node")

    monkeypatch.setattr(skops.io, step, fail_loads if step == "loads" else fail)

    with pytest.raises(VersionSkew, match=r"no such node; versions that differ: skops 0\.1"):
        store.load()


@pytest.mark.parametrize("step", ["get_untrusted_types", "loads", "dumps"])
def test_memory_that_runs_out_is_not_called_something_else(store, monkeypatch, step):
    import skops.io

    store.save(LogisticRegression(), step=1)

    def fail(*args, **kwargs):
        raise MemoryError

    monkeypatch.setattr(skops.io, step, fail)

    with pytest.raises(MemoryError):
        store.save(LogisticRegression(), step=2) if step == "dumps" else store.load()


def test_an_estimator_that_skops_cannot_store_is_refused(store):
    model = LogisticRegression()
    model.extra_ = (value for value in ())

    with pytest.raises(UsageError, match="skops cannot store this LogisticRegression"):
        store.save(model, step=1)


@pytest.mark.parametrize(
    "model",
    [
        object(),
        LogisticRegression,
        {"w": [1, 2]},
        {1: np.ones(2)},
        {"w": np.array(["text"])},
        {"w": np.array([object()])},
        {"w": np.ones(2, np.longdouble)},
    ],
)
def test_what_is_neither_estimator_nor_arrays_of_numbers_is_refused(store, model):
    with pytest.raises(UsageError):
        store.save(model, step=1)


def test_versions_leave_out_what_is_not_installed(monkeypatch):
    from groundwork.storage import _payload

    monkeypatch.setattr(_payload, "_RECORDED", ("numpy", "no-such-package"))

    assert {"python", "numpy"} == _payload.library_versions().keys()


@pytest.mark.parametrize(
    ("model", "wanted", "words", "hint"),
    [
        ({"w": np.ones(1)}, "npz", "'npz' is not known", "safetensors, skops, joblib, pickle"),
        ({"w": np.ones(1)}, "skops", "not dict as skops", "leave out format="),
        (LogisticRegression(), "safetensors", "not LogisticRegression as safetensors", "leave out format="),
        (object(), None, "not object", "format='pickle'"),
    ],
)
def test_a_model_that_does_not_go_with_its_format_is_refused_with_what_does(store, model, wanted, words, hint):
    with pytest.raises(UsageError, match=words) as caught:
        store.save(model, step=1, format=wanted)

    assert hint in (caught.value.hint or "")


def test_torch_tensors_where_torch_is_missing_are_told_as_that(store, monkeypatch):
    with_manifest(store.save({"w": np.ones(2)}, step=1), framework="torch")
    monkeypatch.setitem(sys.modules, "torch", None)

    with pytest.raises(ConfigurationError, match="torch is not installed"):
        store.load()


def test_an_archive_that_would_unpack_to_more_than_itself_is_refused(store):
    info = store.save(LogisticRegression(), step=1)
    content = bytearray((info.path / info.payload).read_bytes())
    entry = content.rindex(b"PK\x01\x02")  # the archive's list of members; 24 bytes on stands the unpacked size
    content[entry + 24 : entry + 28] = (1 << 30).to_bytes(4, "little")
    (info.path / info.payload).write_bytes(content)
    with_manifest(info, model={"sha256": sha256(info.path / info.payload), "size": len(content)})

    with pytest.raises(CheckpointCorrupt, match=rf"has {len(content)} bytes and would unpack to 1\d{{9}}"):
        store.load(1, trust=True)
