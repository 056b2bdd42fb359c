"""The manifest: what the checkpoint came from, and proof of it."""

import json
from pathlib import Path

import numpy as np
import pytest

from groundwork import environment
from groundwork.errors import CheckpointCorrupt, UsageError
from groundwork.storage._building import Building
from groundwork.storage._manifest import CheckpointInfo, read_manifest
from groundwork.testing import failpoints


def save(root: Path, **how: object) -> CheckpointInfo:
    building = Building(root, 1)
    try:
        info = building.fill({"w": np.ones(2)}, {}, {}, {}, best_metric=None, **how)
        building.publish()
    finally:
        building.close()
    return info


def test_it_holds_the_fingerprints_given_and_the_environment_to_compare_with(tmp_path):
    info = save(tmp_path, fingerprints={"data": "sha256:12", "code": {"commit": "ab"}})

    read = read_manifest(info.path)

    assert ("sha256:12", {"commit": "ab"}) == (read.fingerprints["data"], read.fingerprints["code"])
    assert environment.diff(read.fingerprints["environment"], environment.fingerprint()) == []
    assert read == info


def test_a_fingerprint_of_the_environment_that_is_given_is_kept(tmp_path):
    assert {"environment": "mine"} == save(tmp_path, fingerprints={"environment": "mine"}).fingerprints


def test_what_json_cannot_hold_is_refused_before_the_model_is_written(tmp_path):
    with (
        failpoints({"storage.checkpoint.before_write": AssertionError("it began to write")}) as reached,
        pytest.raises(UsageError, match="fingerprints must be JSON-able"),
    ):
        save(tmp_path, fingerprints={"data": object()})

    assert {"storage.checkpoint.before_write": 0} == reached


@pytest.mark.parametrize("change", [b"[]", b"{}", b'{"format_number": 1}', b"\xff", b"[" * 100_000])
def test_anything_else_is_corrupt(tmp_path, change):
    info = save(tmp_path)
    (info.path / "manifest.json").write_bytes(change)

    with pytest.raises(CheckpointCorrupt, match=r"manifest\.json cannot be read"):
        read_manifest(info.path)


def test_every_changed_value_is_found(tmp_path):
    info = save(tmp_path)
    path = info.path / "manifest.json"
    content = json.loads(path.read_text())
    path.write_text(json.dumps(content | {"step": 2}))

    with pytest.raises(CheckpointCorrupt, match="differs from its own sha256"):
        read_manifest(info.path)
