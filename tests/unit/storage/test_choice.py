"""Which checkpoints a store has, while another process prunes it."""

import shutil

import numpy as np
import pytest

from groundwork.storage import CheckpointStore, _choice


@pytest.fixture
def pruned(tmp_path, monkeypatch):
    """Give a store of three steps whose first goes as soon as one of them is looked at."""
    store = CheckpointStore(tmp_path / "checkpoints")
    for step in (1, 2, 3):
        store.save({"w": np.zeros(1)}, step=step)

    def meanwhile(real):
        def look(folder):
            shutil.rmtree(store.root / "step-00000001", ignore_errors=True)
            return real(folder)

        return look

    for name in ("read_manifest", "verify_checkpoint"):
        monkeypatch.setattr(_choice, name, meanwhile(getattr(_choice, name)))
    return store


def test_a_step_that_is_pruned_while_the_store_is_listed_is_left_out(pruned):
    assert [2, 3] == [info.step for info in pruned.list()]


def test_what_follows_a_step_that_is_pruned_meanwhile_is_verified_all_the_same(pruned):
    assert {2: None, 3: None} == pruned.verify()
