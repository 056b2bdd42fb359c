"""The checkpoint of a run says what the model came from."""

import json

import pytest

from groundwork.storage import CheckpointStore


@pytest.mark.integration
def test_the_checkpoint_carries_the_fingerprints_of_its_run(good_run):
    prints = json.loads((good_run / "fingerprints.json").read_text(encoding="utf-8"))

    info = CheckpointStore(good_run / "checkpoints").info()

    assert prints == info.fingerprints
    assert {"configuration", "data", "code", "environment"} == prints.keys()
